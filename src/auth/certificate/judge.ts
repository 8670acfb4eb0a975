import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Consumer } from '../../config/model.ts'
import type { GatewayError } from '../../errors.ts'
import type { Outside } from '../../gateway/outside.ts'
import type { PluginGateway } from '../../plugin-contract.ts'
import type { PeerChain } from '../../tls/peer-chain.ts'
import { linkOf, verifyChain, type Link, type Path } from '../../tls/verify-chain.ts'
import { alternativeNames, commonName, distinguishedName } from '../../tls/x509.ts'
import { identityOf, type Identity } from '../identity.ts'
import { refuse } from '../refuse.ts'
import { CrlFile } from './crl-file.ts'
import type { CertificateOptions } from './options.ts'

/** Certificates of different clients that are remembered, each with its identity. */
const REMEMBERED = 10_000

interface Verified {
  readonly path: Path
  /** When the first certificate of the path ends. */
  readonly until: number
  readonly identity: Identity | GatewayError
}

/** Fields in which services are told about the certificate. */
export const CERTIFICATE_FIELDS = ['X-Client-Cert-DN', 'X-Client-Cert-SAN'] as const

/** Decides who has shown a certificate. State of an entry; `close` it. */
export class CertificateJudge {
  readonly anonymous: Consumer | null
  readonly #options: CertificateOptions
  readonly #gateway: Pick<PluginGateway, 'consumers' | 'now'>
  readonly #authorities: readonly Link[]
  readonly #crl: CrlFile | null
  /** Knows what is revoked where a configuration is tried. */
  readonly #tried: Pick<Outside, 'revokes'> | null
  /** STRICT: what no list speaks of is refused. */
  readonly #strict: boolean
  readonly #known = new LRUCache<string, Verified>({ max: REMEMBERED })
  /** Why a connection's chain was refused: to look for a way costs up to 40 ms, and who has none may ask for ever. */
  readonly #refused = new WeakMap<PeerChain, string>()

  /** @throws Error about the file of revoked certificates */
  static async create (options: CertificateOptions, gateway: PluginGateway): Promise<CertificateJudge> {
    const { crl_file: file, revocation_check_mode: mode } = options
    if (file === undefined || mode === 'SKIP') return new CertificateJudge(options, gateway, null, null)
    // a configuration that is tried has authorities of its own, of which no list speaks
    if (gateway.outside !== undefined) return new CertificateJudge(options, gateway, null, gateway.outside)
    return new CertificateJudge(options, gateway, await CrlFile.open(resolve(gateway.directory, file), gateway.log), null)
  }

  private constructor (options: CertificateOptions, gateway: PluginGateway, crl: CrlFile | null, tried: Pick<Outside, 'revokes'> | null) {
    this.#options = options
    this.#gateway = gateway
    this.#authorities = options.ca_certificates.map(name => linkOf(new X509Certificate(gateway.caCertificate(name).cert)))
    this.#crl = crl
    this.#tried = tried
    this.#strict = options.revocation_check_mode !== 'IGNORE_CA_ERROR'
    this.anonymous = gateway.consumers.anonymous(options.anonymous)
  }

  /**
   * Who has shown this chain, the caller's own certificate first. What was verified is remembered by that certificate alone:
   * a session that was resumed has lost the others.
   */
  judge (chain: PeerChain): Identity | GatewayError {
    const { fingerprint } = chain
    const now = this.#gateway.now()
    let verified = this.#known.get(fingerprint)
    if (verified === undefined || verified.until <= now) {
      const path = this.#refused.get(chain) ?? this.#pathOf(chain, now)
      if (typeof path === 'string') {
        this.#refused.set(chain, path)
        return failed(path)
      }
      verified = { path, until: Math.min(...path.map(({ certificate }) => Date.parse(certificate.validTo))), identity: this.#identify(path) }
      this.#known.set(fingerprint, verified)
    }
    return this.#revocation(verified, now) ?? verified.identity
  }

  close (): void {
    this.#crl?.close()
  }

  #pathOf ({ certificates }: PeerChain, now: number): Path | string {
    try {
      return verifyChain(certificates, { authorities: this.#authorities, partial: this.#options.allow_partial_chain }, now)
    } catch {
      // an extension that is no DER, a key that OpenSSL doesn't know: whoever sends one is refused like all others
      return 'a certificate can\'t be read'
    }
  }

  /** Asked again and again: lists change, and end. */
  #revocation ({ path }: Verified, now: number): GatewayError | null {
    if (this.#tried !== null && path.some(({ certificate }) => this.#tried?.revokes(certificate))) return failed('a certificate is revoked')
    if (this.#crl === null) return null
    const standing = this.#crl.lists.standing(path, now)
    if (standing === 'revoked') return failed('a certificate is revoked')
    return standing === 'unknown' && this.#strict ? failed('for one of its certificates there is no current list of what is revoked') : null
  }

  #identify (path: Path): Identity | GatewayError {
    const { details, certificate } = path[0] as Link
    const names = alternativeNames(details)
    const common = commonName(details)
    const subject = distinguishedName(details)
    const id = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
    if (this.#options.skip_consumer_lookup) {
      const group = this.#options.authenticated_group_by === 'CN' ? common : subject
      return identityOf({
        credential: { id },
        subject,
        groups: group === null || group === '' ? [] : [group],
        headers: [[CERTIFICATE_FIELDS[0], subject], ...names.length === 0 ? [] : [[CERTIFICATE_FIELDS[1], names.join(', ')] as const]]
      })
    }
    const found = this.#consumerOf(common === null ? names : [...names, common])
    if (found === null) return refuse(401, 'Unauthorized', { cause: new Error('no consumer has a name of the certificate') })
    return identityOf({ consumer: found.consumer, credential: { id, ...found.name === null ? {} : { identifier: found.name } }, subject })
  }

  #consumerOf (names: readonly string[]): { consumer: Consumer, name: string | null } | null {
    const { consumers } = this.#gateway
    for (const name of names) {
      for (const field of this.#options.consumer_by) {
        const consumer = field === 'username' ? consumers.byUsername(name) : consumers.byCustomId(name)
        if (consumer !== undefined) return { consumer, name }
      }
    }
    const { default_consumer: fallback } = this.#options
    const consumer = fallback === undefined ? undefined : consumers.find(fallback)
    return consumer === undefined ? null : { consumer, name: null }
  }
}

/** Nothing more is said to the caller: the reason stands in the log. */
function failed (reason: string): GatewayError {
  return refuse(401, 'TLS certificate failed verification', { cause: new Error(reason) })
}
