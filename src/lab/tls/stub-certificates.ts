import { createSecureContext, type SecureContext } from 'node:tls'
import { mint, type Minted, nameOf } from './mint.ts'

/** What a stub shows. `expired`: what has ended. `untrusted`: of an authority that nobody trusts. `other-name`: for another name. */
export type CertificateKind = 'good' | 'expired' | 'untrusted' | 'other-name'

export interface Shown {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly context: SecureContext
}

/** For documentation (RFC 2606). */
const OTHER = 'other.example'

/**
 * Certificates of stubs, and the authority behind them, which the gateway trusts in the place of those that it would. Made
 * when they are needed; several labs may share them.
 */
export class StubCertificates {
  #authority: Minted | null = null
  #stranger: Minted | null = null
  readonly #shown = new Map<string, Shown>()

  /** PEM. */
  get authority (): string {
    return this.#trusted.cert
  }

  /** @param names hosts that a client may have asked for */
  show (kind: CertificateKind, names: readonly string[]): Shown {
    const id = JSON.stringify([kind, names])
    let shown = this.#shown.get(id)
    if (shown === undefined) {
      const { cert, key } = mint({
        subject: subject('stub'),
        names: kind === 'other-name' ? [OTHER] : names,
        issuer: kind === 'untrusted' ? this.#untrusted : this.#trusted,
        expired: kind === 'expired'
      })
      shown = { cert, key, context: createSecureContext({ cert, key }) }
      this.#shown.set(id, shown)
    }
    return shown
  }

  get #trusted (): Minted {
    this.#authority ??= mint({ subject: subject('authority of the stubs'), names: null })
    return this.#authority
  }

  get #untrusted (): Minted {
    this.#stranger ??= mint({ subject: subject('authority that nobody trusts'), names: null })
    return this.#stranger
  }
}

function subject (name: string): Buffer {
  return nameOf(`CN=${name},O=Sallyport lab`) as Buffer
}
