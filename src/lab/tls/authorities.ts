import { X509Certificate } from 'node:crypto'
import type { Config, ListenSettings } from '../../config/model.ts'
import { membersOf, readDer } from '../../tls/der.ts'
import { LabError } from '../trial.ts'
import { mint, type Minted, nameOf } from './mint.ts'

/** How a client's certificate is made. */
export interface ClientCertificateOptions {
  /** RFC 4514. */
  readonly subject?: string
  readonly names?: readonly string[]
  /** Name or id of an item of `ca_certificates`; default: the first. */
  readonly issuer?: string
  readonly untrusted?: boolean
  readonly expired?: boolean
  readonly revoked?: boolean
}

/**
 * Authorities that stand in the places of `ca_certificates`: nobody has the keys of those, and a test needs certificates that
 * they vouch for. Each has the subject of the one that it stands for.
 */
export class Authorities {
  /** With them in it. */
  readonly config: Config
  readonly #byId = new Map<string, Minted>()
  readonly #revoked = new Set<string>()
  #stranger: Minted | null = null

  constructor (config: Config) {
    this.config = config.ca_certificates.length === 0
      ? config
      : { ...config, ca_certificates: config.ca_certificates.map(authority => ({ ...authority, cert: this.#standIn(authority).cert })) }
  }

  /** Makes a client's certificate. @throws LabError */
  issue ({ subject = '', names = [], issuer, untrusted = false, expired = false, revoked = false }: ClientCertificateOptions): X509Certificate {
    const name = nameOf(subject)
    if (name === null) throw new LabError(`'${subject}' is no subject: write it like CN=ann,O=Partner, of CN, O, OU, L, ST, C, DC and UID`)
    const { cert } = mint({ subject: name, names, issuer: untrusted ? this.#unknown : this.#named(issuer), expired })
    const certificate = new X509Certificate(cert)
    if (revoked) this.#revoked.add(certificate.fingerprint256)
    return certificate
  }

  /** Whether a list would say so. */
  revokes ({ fingerprint256 }: X509Certificate): boolean {
    return this.#revoked.has(fingerprint256)
  }

  /** As the proxy before a `header-cert-auth` entry would write it. @throws LabError where there is none for the field */
  written (certificate: X509Certificate, header: string): string {
    const entry = this.config.plugins.find(({ name, config }) => name === 'header-cert-auth' && String((config as Options).certificate_header_name).toLowerCase() === header.toLowerCase())
    if (entry === undefined) throw new LabError(`no header-cert-auth reads a certificate from '${header}'`)
    switch ((entry.config as Options).certificate_header_format) {
      case 'url_encoded': return encodeURIComponent(certificate.toString())
      case 'xfcc': return `Cert="${encodeURIComponent(certificate.toString())}"`
      default: return certificate.raw.toString('base64')
    }
  }

  #named (nameOrId: string | undefined): Minted {
    const { ca_certificates: all } = this.config
    const found = nameOrId === undefined ? all[0] : all.find(({ id, name }) => id === nameOrId || name === nameOrId)
    if (found === undefined) throw new LabError(nameOrId === undefined ? 'the file has no ca_certificates that could vouch for a client' : `the configuration has no item '${nameOrId}' in ca_certificates`)
    return this.#byId.get(found.id) as Minted
  }

  #standIn ({ id, cert }: Config['ca_certificates'][number]): Minted {
    const minted = mint({ subject: subjectOf(cert), names: null })
    this.#byId.set(id, minted)
    return minted
  }

  get #unknown (): Minted {
    this.#stranger ??= mint({ subject: nameOf('CN=authority that nobody trusts') as Buffer, names: null })
    return this.#stranger
  }
}

interface Options {
  readonly certificate_header_name?: string
  readonly certificate_header_format?: string
}

/** What a listener does about certificates before any plugin: there is no answer to look at, then. @throws LabError */
export function checkShown ({ tls, client_certificate: asks }: ListenSettings, [own]: readonly X509Certificate[], authorities: Config['ca_certificates']): void {
  const shown = own !== undefined
  if (shown && (!tls || asks === 'none')) throw new LabError(tls ? 'the listener asks clients for no certificate: write `client_certificate: request` in gateway.listen' : 'a certificate is shown over https alone: write https:// and the host')
  if (!shown && tls && asks === 'require') throw new LabError('the listener refuses the connection without a certificate (client_certificate: require): add client_certificate to the request')
  if (own !== undefined && asks === 'require' && !isVouchedFor(own, authorities)) throw new LabError('the listener refuses the connection with this certificate (client_certificate: require): no item of ca_certificates vouches for it, or it has ended; no plugin sees the request')
}

/** As OpenSSL decides in the handshake, by the machine's clock. */
function isVouchedFor (certificate: X509Certificate, authorities: Config['ca_certificates']): boolean {
  return Date.parse(certificate.validTo) > Date.now() && authorities.some(({ cert }) => certificate.verify(new X509Certificate(cert).publicKey))
}

/** DER of its subject, byte for byte. */
function subjectOf (cert: string): Buffer {
  const [body] = membersOf(readDer(new X509Certificate(cert).raw).content)
  const fields = [...membersOf((body as { readonly content: Buffer }).content)]
  return (fields[fields[0]?.tag === 0xa0 ? 5 : 4] as { readonly whole: Buffer }).whole
}
