import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate and its key, both in PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** DNS names that it is good for; without any it is one of an authority. */
  readonly names?: readonly string[]
  /** Who vouches for it; itself unless told. */
  readonly issuer?: Identity & { readonly name: string }
  /** Default: an hour from now. */
  readonly notAfter?: Date
}

const HOUR = 3_600_000

/** Makes a certificate (RFC 5280) for the time of a test: authorities, and servers that they vouch for. */
export function makeCertificate (name: string, { names = [], issuer, notAfter = new Date(Date.now() + HOUR) }: CertificateOptions = {}): Identity & { readonly name: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    distinguished(issuer?.name ?? name),
    sequence(time(new Date(notAfter.getTime() - 2 * HOUR)), time(notAfter)),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(names.length === 0
      ? sequence(AUTHORITY, TRUE, tagged(0x04, sequence(TRUE)))
      : sequence(ALTERNATIVE_NAMES, tagged(0x04, sequence(...names.map(dns => tagged(0x82, Buffer.from(dns)))))))
    )
  )
  const signature = sign('sha256', body, issuer?.key ?? privateKey)
  const cert = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.from([0]), signature))
  return { name, cert: pem('CERTIFICATE', cert), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
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

const ECDSA_WITH_SHA256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
const AUTHORITY = Buffer.from('0603551d13', 'hex')
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex')
const TRUE = tagged(0x01, Buffer.from([255]))
