import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Config } from '../config/model.ts'
import { defaultCertificate } from './default-certificate.ts'
import { ocspProblem, readOcsp, type OcspStanding } from './ocsp.ts'
import type { KeyPair, ServerIdentities } from './server-identities.ts'

/**
 * The certificates of one snapshot.
 *
 * Everything is made when the snapshot is built, so that a handshake looks a name up and nothing else; a certificate that
 * changes comes with the next snapshot. Handshakes under way keep the contexts they began with.
 *
 * Node takes nothing but certificate and authorities from what `SNICallback` gives, and lays it over the server's own: so that must be
 * `default`, the loader keeps their types of keys compatible (`mixed-keys`), and a server's ciphers put ECDSA before RSA.
 */
export class CertificateStore {
  /** What the server itself is made with; null: the file has no certificate, and no handshake can succeed. */
  readonly default: KeyPair | null
  /** Who may vouch for clients, in PEM. */
  readonly authorities: readonly string[]
  readonly #exact = new Map<string, SecureContext>()
  /** `.example.com` */
  readonly #suffixes = new Map<string, SecureContext>()
  /** `example.` */
  readonly #prefixes = new Map<string, SecureContext>()
  readonly #default: SecureContext | null
  readonly #ocsp = new Map<string, Staple>()

  readonly #identities: readonly ServerIdentities[]
  /** Of what plugins bring. */
  readonly #brought = new WeakMap<KeyPair, SecureContext>()

  /**
   * @param config what the loader has checked
   * @param identities what plugins bring, for names that no SNI of the file has
   */
  constructor ({ certificates, snis, ca_certificates: authorities }: Pick<Config, 'certificates' | 'snis' | 'ca_certificates'>, identities: readonly ServerIdentities[] = []) {
    this.#identities = identities
    this.authorities = authorities.map(({ cert }) => cert)
    const contexts = new Map(certificates.map(certificate => [certificate.id, this.#contextOf(certificate)]))
    const fallback = defaultCertificate({ certificates, snis })
    this.default = fallback === null ? null : { cert: fallback.cert, key: fallback.key }
    this.#default = fallback === null ? null : contexts.get(fallback.id) as SecureContext
    for (const { name, certificate } of snis) {
      const context = contexts.get(certificate) as SecureContext
      if (name.startsWith('*.')) this.#suffixes.set(name.slice(1), context)
      else if (name.endsWith('.*')) this.#prefixes.set(name.slice(0, -1), context)
      else if (name !== '*') this.#exact.set(name, context)
    }
    for (const certificate of certificates) this.#staple(certificate)
  }

  /**
   * Kong's order: the exact name, `*.suffix` (the longest), `prefix.*` (the longest), `*`; else the first certificate of the file.
   *
   * @param servername as the client sent it; undefined: it sent none
   * @throws Error where the file has no certificate
   */
  contextFor (servername: string | undefined): SecureContext {
    const context = (servername === undefined ? undefined : this.#named(servername.toLowerCase()) ?? this.#issued(servername)) ?? this.#default
    if (context === null) throw new Error('there is no certificate')
    return context
  }

  /**
   * What is shown for a name to a client that asks by ALPN for `acme-tls/1` alone (RFC 8737); null: such a handshake fails.
   *
   * For `ALPNCallback`, with `setKeyCert` of its socket.
   *
   * @param servername false: the client named none, as Node has it; an exception in that callback ends older versions of Node
   */
  challengeFor (servername: string | false): SecureContext | null {
    if (servername === false) return null
    return this.#first(identities => identities.challengeFor(servername.toLowerCase())) ?? null
  }

  /**
   * The OCSP response that the file has for a certificate; null: none, or one that clients would refuse (`check` says which).
   *
   * @param certificate DER, as the event `OCSPRequest` gives it
   */
  ocspFor (certificate: Buffer, now = Date.now()): Buffer | null {
    const staple = this.#ocsp.size === 0 ? undefined : this.#ocsp.get(fingerprint(certificate))
    return staple === undefined || ocspProblem(staple.standings, certificate, now) !== null ? null : staple.bytes
  }

  #staple ({ cert, ocsp }: Config['certificates'][number]): void {
    if (ocsp === null) return
    const bytes = Buffer.from(ocsp, 'base64')
    try {
      this.#ocsp.set(fingerprint(new X509Certificate(cert).raw), { bytes, standings: readOcsp(bytes) })
    } catch {
      // the loader has warned of it; a handshake without a staple is one that clients know
    }
  }

  /** Whether an SNI of the file names this server, the default aside. */
  names (servername: string): boolean {
    return this.#named(servername.toLowerCase()) !== undefined
  }

  #issued (servername: string): SecureContext | undefined {
    if (this.#identities.length === 0) return undefined
    const name = servername.toLowerCase().replace(/\.$/, '')
    return this.#first(identities => identities.certificateFor(name))
  }

  #first (find: (identities: ServerIdentities) => KeyPair | null): SecureContext | undefined {
    for (const identities of this.#identities) {
      const pair = find(identities)
      if (pair === null) continue
      let context = this.#brought.get(pair)
      if (context === undefined) {
        context = this.#contextOf(pair)
        this.#brought.set(pair, context)
      }
      return context
    }
    return undefined
  }

  /** Beside the certificate, Node takes whom to believe; without `ca`, that were every public authority. */
  #contextOf ({ cert, key }: KeyPair): SecureContext {
    return createSecureContext({ cert, key, ca: [...this.authorities] })
  }

  #named (servername: string): SecureContext | undefined {
    const name = servername.endsWith('.') ? servername.slice(0, -1) : servername
    const exact = this.#exact.get(name)
    if (exact !== undefined) return exact
    if (this.#suffixes.size > 0) {
      for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
        const found = this.#suffixes.get(name.slice(dot))
        if (found !== undefined) return found
      }
    }
    if (this.#prefixes.size > 0) {
      for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
        const found = this.#prefixes.get(name.slice(0, dot + 1))
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}

interface Staple {
  readonly bytes: Buffer
  readonly standings: readonly OcspStanding[]
}

function fingerprint (certificate: Buffer): string {
  return createHash('sha256').update(certificate).digest('base64')
}
