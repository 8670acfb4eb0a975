/** Lists of revoked certificates (RFC 5280 section 5). */
import { verify, type X509Certificate } from 'node:crypto'
import { DerError, membersOf, objectId, readDer, timeOf, type DerValue } from './der.ts'
import type { Path } from './verify-chain.ts'
import { extensionsOf, serialText } from './x509.ts'

/** Hash of a signature algorithm; null: that of the algorithm itself. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null
}

/** The number of the list, and the key that signed it. */
const UNDERSTOOD = new Set(['2.5.29.20', '2.5.29.35'])

interface List {
  readonly body: Buffer
  readonly hash: string | null
  readonly signature: Buffer
  /** NaN: it doesn't say. */
  readonly nextUpdate: number
  readonly thisUpdate: number
  readonly revoked: ReadonlySet<string>
  /** By the fingerprint of an authority: whether it has signed the list. */
  readonly signers: Map<string, boolean>
}

/** What the lists say of a path. */
export type Standing = 'good' | 'revoked' | 'unknown'

/** All lists of one file. */
export class RevocationLists {
  readonly #byIssuer = new Map<string, List[]>()

  /**
   * @param bytes PEM, any number of lists, or the DER of one
   * @throws Error with one sentence about what is wrong
   */
  constructor (bytes: Buffer) {
    for (const der of listsIn(bytes)) {
      let issuer
      let list
      try {
        [issuer, list] = read(der)
      } catch (error) {
        if (error instanceof DerError) throw new Error('a list can\'t be read', { cause: error })
        throw error
      }
      const known = this.#byIssuer.get(issuer)
      if (known === undefined) this.#byIssuer.set(issuer, [list])
      else known.push(list)
    }
  }

  /** `unknown`: for one of the path's certificates there is no list that its authority has signed and that is still good. */
  standing (path: Path, now: number): Standing {
    let standing: Standing = 'good'
    for (const [index, { details }] of path.slice(0, -1).entries()) {
      const issuer = path[index + 1]?.certificate as X509Certificate
      const lists = (this.#byIssuer.get(details.issuer.toString('base64')) ?? []).filter(list => isSignedBy(list, issuer))
      if (lists.some(({ revoked }) => revoked.has(details.serial))) return 'revoked'
      if (!lists.some(({ thisUpdate, nextUpdate }) => thisUpdate <= now && nextUpdate > now)) standing = 'unknown'
    }
    return standing
  }
}

function * listsIn (bytes: Buffer): Generator<Buffer> {
  if (bytes[0] === 0x30) {
    yield bytes
    return
  }
  let found = 0
  for (const [, base64 = ''] of bytes.toString('latin1').matchAll(/-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g)) {
    found++
    yield Buffer.from(base64, 'base64')
  }
  if (found === 0) throw new Error('it holds no list of revoked certificates, neither as PEM nor as DER')
}

function read (der: Buffer): [issuer: string, list: List] {
  const [body, algorithm, signature] = [...membersOf(readDer(der).content)]
  if (body === undefined || algorithm === undefined || signature?.tag !== 0x03) throw new DerError('it is no list')
  const id = objectId(readDer(algorithm.content).content)
  if (!Object.hasOwn(HASHES, id)) throw new Error(`a list is signed by an algorithm (${id}) that is not supported`)
  const fields = [...membersOf(body.content)]
  if (fields[0]?.tag === 0x02) fields.shift()
  const [, issuer, thisUpdate, ...rest] = fields as [DerValue, DerValue, DerValue, ...DerValue[]]
  const next = rest[0]?.tag === 0x17 || rest[0]?.tag === 0x18 ? rest.shift() : undefined
  const entries = rest[0]?.tag === 0x30 ? rest.shift() : undefined
  const extensions = rest.find(({ tag }) => tag === 0xa0)
  if (extensions !== undefined) refuseUnknown(extensions)
  return [issuer.whole.toString('base64'), {
    body: body.whole,
    hash: HASHES[id] as string | null,
    signature: signature.content.subarray(1),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next === undefined ? NaN : timeOf(next),
    revoked: entries === undefined ? new Set() : serialsOf(entries),
    signers: new Map()
  }]
}

/** A list of changes, or of some certificates only, read as a whole list would say "good" of the others. */
function refuseUnknown (extensions: DerValue): void {
  for (const [id, { critical }] of extensionsOf(readDer(extensions.content))) {
    if (critical && !UNDERSTOOD.has(id)) throw new Error(`a list is for a part of the certificates only (its critical extension ${id})`)
  }
}

function serialsOf (entries: DerValue): Set<string> {
  const serials = new Set<string>()
  for (const { content } of membersOf(entries.content)) serials.add(serialText(readDer(content)))
  return serials
}

function isSignedBy (list: List, authority: X509Certificate): boolean {
  const known = list.signers.get(authority.fingerprint256)
  if (known !== undefined) return known
  let signed = false
  try {
    signed = verify(list.hash, list.body, authority.publicKey, list.signature)
  } catch {
    // another kind of key
  }
  list.signers.set(authority.fingerprint256, signed)
  return signed
}
