import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { integer, objectId, octets, sequence, tagged, time, TRUE, utf8 } from './der-writer.ts'

/** A certificate with its key, both in PEM, and what others need to be signed by it. */
export interface Minted {
  readonly cert: string
  readonly key: string
  /** DER of its subject. */
  readonly subject: Buffer
}

export interface MintOptions {
  /** DER of a name; see {@link nameOf}. */
  readonly subject: Buffer
  /** DNS names, addresses, e-mail addresses and URIs that it is good for; null: it is one of an authority. */
  readonly names: readonly string[] | null
  /** Who vouches for it; itself unless told. */
  readonly issuer?: Minted
  readonly expired?: boolean
}

/** It holds at whatever time the clock of a test stands, and has never held since OpenSSL, which looks at the machine's own, is here. */
const BEGIN = new Date(Date.UTC(2000, 0, 1))
const END = new Date(Date.UTC(9999, 11, 31))
const EXPIRED = new Date(Date.UTC(2001, 0, 1))

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const BASIC_CONSTRAINTS = objectId('2.5.29.19')
const ALTERNATIVE_NAMES = objectId('2.5.29.17')

const ATTRIBUTES: Readonly<Record<string, string>> = { CN: '2.5.4.3', C: '2.5.4.6', L: '2.5.4.7', ST: '2.5.4.8', O: '2.5.4.10', OU: '2.5.4.11', UID: '0.9.2342.19200300.100.1.1', DC: '0.9.2342.19200300.100.1.25' }

/** Makes a certificate (RFC 5280), with an ECDSA key on P-256. */
export function mint ({ subject, names, issuer, expired = false }: MintOptions): Minted {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    issuer?.subject ?? subject,
    sequence(time(BEGIN), time(expired ? EXPIRED : END)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...extensions(names)
  )
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const der = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.from([0]), sign('sha256', body, signer)))
  return { cert: pem(der), key, subject }
}

/**
 * DER of a name as RFC 4514 writes it, the last part first: `CN=ann,O=Partner`.
 *
 * @returns null: it has a part that is not understood
 */
export function nameOf (text: string): Buffer | null {
  const parts = text.trim() === '' ? [] : text.split(/(?<!\\),/)
  const encoded: Buffer[] = []
  for (const part of parts) {
    const [, type = '', value = ''] = /^\s*([A-Za-z]+)\s*=(.*)$/s.exec(part) ?? []
    const id = ATTRIBUTES[type.toUpperCase()]
    if (id === undefined) return null
    encoded.unshift(tagged(0x31, sequence(objectId(id), utf8(value.trim().replace(/\\(.)/g, '$1')))))
  }
  return sequence(...encoded)
}

function extensions (names: readonly string[] | null): Buffer[] {
  if (names === null) return [tagged(0xa3, sequence(sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE)))))]
  if (names.length === 0) return []
  return [tagged(0xa3, sequence(sequence(ALTERNATIVE_NAMES, octets(sequence(...names.map(alternative))))))]
}

/** By its look: RFC 5280 section 4.2.1.6. */
function alternative (name: string): Buffer {
  if (isIP(name) !== 0) return tagged(0x87, Buffer.from(ipaddr.parse(name).toByteArray()))
  if (name.includes('://')) return tagged(0x86, Buffer.from(name))
  return tagged(name.includes('@') ? 0x81 : 0x82, Buffer.from(name))
}

function pem (der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
}
