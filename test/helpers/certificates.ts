import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'

/** A certificate and its key, both in PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** DNS names that it is good for; without any it is one of an authority. */
  readonly names?: readonly string[]
  /** Further names, each by its context tag (RFC 5280 section 4.2.1.6): 1 e-mail, 6 URI, 7 address. */
  readonly otherNames?: ReadonlyArray<readonly [tag: 1 | 6 | 7, value: string | Buffer]>
  /** Who vouches for it; itself unless told. */
  readonly issuer?: Identity & { readonly name: string }
  /** Default: an hour from now. */
  readonly notAfter?: Date
  /** Default: an hour ago, or two hours before its end. */
  readonly notBefore?: Date
  /** Of an RSA key; default: an ECDSA key on P-256. */
  readonly bits?: number
  readonly hash?: 'sha256' | 'sha1'
  /** Positive, of nine bytes; random unless told. */
  readonly serial?: Buffer
  /** What it may be used for (RFC 5280 section 4.2.1.12); default: anything. */
  readonly usage?: 'server' | 'client'
  /** Of an authority: most intermediates below it. */
  readonly pathLength?: number
  readonly extension?: MadeExtension
}

export interface MadeExtension {
  /** Object id, as the hex of its DER content. */
  readonly id: string
  readonly critical: boolean
  readonly value: Buffer
}

const HOUR = 3_600_000

/** A certificate that was made, with its serial number. */
export interface MadeCertificate extends Identity {
  readonly name: string
  readonly serial: Buffer
}

/** Makes a certificate (RFC 5280) for the time of a test: authorities, and those that they vouch for. */
export function makeCertificate (name: string, options: CertificateOptions = {}): MadeCertificate {
  const { names = [], otherNames = [], issuer, notAfter = new Date(Date.now() + HOUR), notBefore = new Date(Math.min(notAfter.getTime() - 2 * HOUR, Date.now() - HOUR)), bits, hash = 'sha256', serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]), usage, pathLength, extension } = options
  const { privateKey, publicKey } = bits === undefined ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('rsa', { modulusLength: bits })
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const algorithm = signatureAlgorithm(signer, hash)
  const alternatives = [...names.map(dns => tagged(0x82, Buffer.from(dns))), ...otherNames.map(([tag, value]) => tagged(0x80 + tag, Buffer.from(value)))]
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    distinguished(issuer?.name ?? name),
    sequence(time(notBefore), time(notAfter)),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(
      alternatives.length === 0
        ? sequence(AUTHORITY, TRUE, tagged(0x04, sequence(TRUE, ...pathLength === undefined ? [] : [integer(Buffer.from([pathLength]))])))
        : sequence(ALTERNATIVE_NAMES, tagged(0x04, sequence(...alternatives))),
      ...usage === undefined ? [] : [sequence(EXTENDED_USAGE, tagged(0x04, sequence(usage === 'server' ? SERVER : CLIENT)))],
      ...extension === undefined ? [] : [made(extension)]
    ))
  )
  const cert = sequence(body, algorithm, tagged(0x03, Buffer.from([0]), sign(hash, body, signer)))
  return { name, serial, cert: pem('CERTIFICATE', cert), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
}

export interface CrlOptions {
  readonly thisUpdate?: Date
  /** null: it doesn't say. */
  readonly nextUpdate?: Date | null
  readonly extension?: MadeExtension
}

/** Makes a revocation list (RFC 5280 section 5) of an authority. */
export function makeCrl (issuer: Identity & { readonly name: string }, serials: readonly Buffer[], { thisUpdate = new Date(Date.now() - HOUR), nextUpdate = new Date(Date.now() + HOUR), extension }: CrlOptions = {}): { readonly pem: string, readonly der: Buffer } {
  const signer = createPrivateKey(issuer.key)
  const algorithm = signatureAlgorithm(signer, 'sha256')
  const body = sequence(
    integer(Buffer.from([1])),
    algorithm,
    distinguished(issuer.name),
    time(thisUpdate),
    ...nextUpdate === null ? [] : [time(nextUpdate)],
    ...serials.length === 0 ? [] : [sequence(...serials.map(serial => sequence(integer(serial), time(thisUpdate))))],
    ...extension === undefined ? [] : [tagged(0xa0, sequence(made(extension)))]
  )
  const der = sequence(body, algorithm, tagged(0x03, Buffer.from([0]), sign('sha256', body, signer)))
  return { pem: pem('X509 CRL', der), der }
}

export interface OcspOptions {
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly thisUpdate?: Date
  /** null: it doesn't say. */
  readonly nextUpdate?: Date | null
}

/** Makes an OCSP response (RFC 6960) of an authority about certificates with these numbers. */
export function makeOcsp (issuer: Identity & { readonly name: string }, serials: readonly Buffer[], { status = 'good', thisUpdate = new Date(Date.now() - HOUR), nextUpdate = new Date(Date.now() + HOUR) }: OcspOptions = {}): Buffer {
  const signer = createPrivateKey(issuer.key)
  const certificate = new X509Certificate(issuer.cert)
  // the key itself, without what says of which kind it is
  const key = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }).subarray(-65)
  const sha1 = (bytes: Buffer): Buffer => tagged(0x04, createHash('sha1').update(bytes).digest())
  const state = status === 'good' ? Buffer.from([0x80, 0]) : status === 'unknown' ? Buffer.from([0x82, 0]) : tagged(0xa1, time(thisUpdate))
  const data = sequence(
    tagged(0xa1, distinguished(issuer.name)),
    time(thisUpdate),
    sequence(...serials.map(serial => sequence(
      sequence(sequence(SHA1, Buffer.from([5, 0])), sha1(distinguished(issuer.name)), sha1(key), integer(serial)),
      state,
      time(thisUpdate),
      ...nextUpdate === null ? [] : [tagged(0xa0, time(nextUpdate))]
    )))
  )
  const basic = sequence(data, signatureAlgorithm(signer, 'sha256'), tagged(0x03, Buffer.from([0]), sign('sha256', data, signer)))
  return sequence(tagged(0x0a, Buffer.from([0])), tagged(0xa0, sequence(BASIC_OCSP, tagged(0x04, basic))))
}

function made ({ id, critical, value }: MadeExtension): Buffer {
  return sequence(tagged(0x06, Buffer.from(id, 'hex')), ...critical ? [TRUE] : [], tagged(0x04, value))
}

function signatureAlgorithm (key: KeyObject, hash: 'sha256' | 'sha1'): Buffer {
  if (key.asymmetricKeyType === 'ec') return hash === 'sha256' ? ECDSA_WITH_SHA256 : ECDSA_WITH_SHA1
  return hash === 'sha256' ? RSA_WITH_SHA256 : RSA_WITH_SHA1
}

function tagged (tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence (...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function integer (bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

/** `CN=name`. */
function distinguished (name: string): Buffer {
  return sequence(tagged(0x31, sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from(name)))))
}

/** GeneralizedTime. */
function time (at: Date): Buffer {
  return tagged(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}

function pem (label: string, bytes: Buffer): string {
  return `-----BEGIN ${label}-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
}

const SHA1 = Buffer.from('06052b0e03021a', 'hex')
const BASIC_OCSP = Buffer.from('06092b0601050507300101', 'hex')
const ECDSA_WITH_SHA256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
const ECDSA_WITH_SHA1 = sequence(Buffer.from('06072a8648ce3d0401', 'hex'))
const RSA_WITH_SHA256 = sequence(Buffer.from('06092a864886f70d01010b0500', 'hex'))
const RSA_WITH_SHA1 = sequence(Buffer.from('06092a864886f70d0101050500', 'hex'))
const EXTENDED_USAGE = Buffer.from('0603551d25', 'hex')
const SERVER = Buffer.from('06082b06010505070301', 'hex')
const CLIENT = Buffer.from('06082b06010505070302', 'hex')
const AUTHORITY = Buffer.from('0603551d13', 'hex')
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex')
const TRUE = tagged(0x01, Buffer.from([255]))
