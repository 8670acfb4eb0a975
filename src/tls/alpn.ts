import type { SecureContext, TLSSocket } from 'node:tls'
import type { CertificateStore } from './certificate-store.ts'

const ACME = 'acme-tls/1'

const kChallenge: unique symbol = Symbol('sallyport.challenge')

interface Door {
  [kChallenge]?: SecureContext
  setKeyCert (context: SecureContext): void
}

/** What a server with TLS is made with, so that it shows challenges to who asks for them, and certificates to all others. */
export interface AlpnOptions {
  ALPNCallback (this: unknown, asked: { readonly servername: string | false, readonly protocols: readonly string[] }): string | undefined
  SNICallback (this: unknown, servername: string, done: (error: Error | null, context?: SecureContext) => void): void
}

/**
 * Challenges of ACME (RFC 8737) are asked for by ALPN alone: such a client gets the challenge's certificate or no handshake, and
 * nobody else ever sees it.
 *
 * OpenSSL settles the protocol before the name in TLS 1.3, and after it in TLS 1.2 (measured): so both look.
 *
 * @param protocols that are spoken, the best one first
 */
export function alpnOptions (store: () => CertificateStore | null, protocols: readonly string[]): AlpnOptions {
  return {
    ALPNCallback (asked) {
      if (!asked.protocols.includes(ACME)) return protocols.find(protocol => asked.protocols.includes(protocol))
      const challenge = store()?.challengeFor(asked.servername) ?? null
      if (challenge === null) return undefined
      const door = this as Door
      door[kChallenge] = challenge
      door.setKeyCert(challenge)
      return ACME
    },
    SNICallback (servername, done) {
      const current = store()
      const challenge = (this as Door)[kChallenge]
      if (challenge !== undefined) done(null, challenge)
      else if (current === null) done(new Error('no certificates'))
      else done(null, current.contextFor(servername))
    }
  }
}

/** Whether a handshake was for a challenge: there is nothing to say on such a connection. */
export function isChallenge ({ alpnProtocol }: Pick<TLSSocket, 'alpnProtocol'>): boolean {
  return alpnProtocol === ACME
}
