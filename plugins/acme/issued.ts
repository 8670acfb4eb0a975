import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/** A certificate of the authority, as it is kept. */
export interface Issued {
  /** PEM, with what vouches for it. */
  readonly cert: string
  readonly key: string
}

/** What is shown for one name. */
export interface Shown {
  readonly text: string
  readonly pair: Issued
  readonly notBefore: number
  readonly notAfter: number
}

/** @throws what is kept can't be used */
export function show (text: string): Shown {
  const { cert, key } = JSON.parse(text) as Issued
  const certificate = new X509Certificate(cert)
  // throws for a key that isn't the certificate's
  createSecureContext({ cert, key })
  return {
    text,
    pair: { cert, key },
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo)
  }
}

const DAY = 86_400_000

/** When it is renewed: in time, and not at once where its whole time is short. */
export function renewalOf ({ notBefore, notAfter }: Pick<Shown, 'notBefore' | 'notAfter'>, days: number): number {
  return notAfter - Math.min(days * DAY, (notAfter - notBefore) / 3)
}
