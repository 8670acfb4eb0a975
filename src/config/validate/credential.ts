import { createPublicKey, type KeyObject } from 'node:crypto'
import { KEY_PREFIX, isMalformedApiKey } from '../../auth/api-key.ts'
import { parsePasswordHash } from '../../auth/password-hash.ts'
import type { RawEntity } from '../collect.ts'
import { JWT_ALGORITHMS, PASSWORD_HASH } from '../entities/credentials.ts'
import { kinds } from '../entities/kinds.ts'
import { periodFindings } from '../../limits/periods-schema.ts'
import type { JwtAlgorithm } from '../model.ts'
import type { EntityContext, Fields } from './context.ts'
import { missing } from './messages.ts'

/**
 * What a schema can't say about a credential.
 *
 * @param hashed `_transform: false`: passwords are hashes already
 */
export function checkCredential ({ kind, parent, fields }: RawEntity, context: EntityContext, hashed: boolean): void {
  if (kinds[kind].owned && parent === null && fields['consumer'] === undefined && !context.isBroken(['consumer'])) {
    context.at([], { ...missing('consumer'), mend: 'Add `consumer`, or write it inside of its consumer.' })
  }
  if (kind === 'jwt_secret') checkJwtSecret(fields, context)
  else if (kind === 'keyauth_credential') checkKey(fields, context)
  else if (kind === 'basicauth_credential') checkPassword(fields, context, hashed)
}

function checkPassword ({ password }: Fields, context: EntityContext, hashed: boolean): void {
  if (typeof password !== 'string' || password === '' || !(hashed || PASSWORD_HASH.test(password))) return
  const hash = parsePasswordHash(password)
  if (hash.kind === 'problem') context.at(['password'], { rule: 'bad-credential', cause: hash.message, mend: hash.mend })
}

function checkKey (fields: Fields, context: EntityContext): void {
  checkKeyLimits(fields['rate_limit'], context)
  const { key } = fields
  if (typeof key === 'string' && isMalformedApiKey(Buffer.from(key).toString('latin1'))) {
    context.at(['key'], {
      rule: 'bad-credential',
      cause: `keys that begin with '${KEY_PREFIX}' have a checksum, and this one's is wrong`,
      mend: 'Copy the whole key, or make one with `sallyport keys create`; a key of your own begins otherwise.'
    })
  }
  const written = ['key', 'hash'].filter(key => fields[key] !== undefined || context.isBroken([key]))
  if (written.length === 1) return
  context.at(written.length === 0 ? [] : ['key'], {
    rule: written.length === 0 ? 'required' : 'field-conflict',
    cause: 'exactly one of these fields must be non-empty: \'key\', \'hash\'',
    mend: written.length === 0 ? 'Add `hash` (SHA-256 of the key, in hex), or `key`.' : 'Keep `hash`, and remove `key`.'
  })
}

function checkKeyLimits (limits: unknown, context: EntityContext): void {
  if (typeof limits !== 'object' || limits === null || context.isBroken(['rate_limit'])) return
  if (!('tier' in limits)) {
    for (const { path, message, mend } of periodFindings(limits, '')) {
      // an empty one is the schema's
      if (path !== '') context.at(['rate_limit', path.slice(1)], { rule: 'bad-credential', cause: message, mend })
    }
    return
  }
  const [number] = Object.keys(limits).filter(key => key !== 'tier')
  if (number === undefined) return
  context.at(['rate_limit', number], { rule: 'field-conflict', cause: 'a key has the limits of its tier, or numbers of its own', mend: 'Keep `tier`, or the numbers.' }, 'key')
}

function checkJwtSecret (fields: Fields, context: EntityContext): void {
  const { algorithm, secret, rsa_public_key: pem } = fields
  if (!(JWT_ALGORITHMS as readonly unknown[]).includes(algorithm) || context.isBroken(['algorithm'])) return
  const needed = (algorithm as JwtAlgorithm).startsWith('HS') ? 'secret' : 'rsa_public_key'
  if ((needed === 'secret' ? secret : pem) === undefined) {
    if (!context.isBroken([needed])) context.at([], { ...missing(needed), mend: `Add \`${needed}\`, or another \`algorithm\`: ${algorithm as string} needs it.` })
    return
  }
  if (needed === 'rsa_public_key' && typeof pem === 'string' && pem !== '') checkPublicKey(pem, algorithm as JwtAlgorithm, context)
}

/** Curve that an algorithm of elliptic curves demands (RFC 7518 section 3.4). */
const CURVES: Readonly<Partial<Record<JwtAlgorithm, string>>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }

function checkPublicKey (pem: string, algorithm: JwtAlgorithm, context: EntityContext): void {
  let key: KeyObject
  try {
    if (pem.includes('PRIVATE KEY')) throw new TypeError('private')
    key = createPublicKey(pem)
  } catch {
    context.at(['rsa_public_key'], { rule: 'bad-public-key', cause: 'invalid key', mend: 'Write a public key as PEM, with `|` before its lines, or refer to a variable that holds it.' })
    return
  }
  const curve = CURVES[algorithm]
  const type = key.asymmetricKeyType ?? ''
  const fits = curve !== undefined
    ? key.asymmetricKeyDetails?.namedCurve === curve
    : algorithm === 'EdDSA' ? type === 'ed25519' || type === 'ed448' : type === 'rsa' || (type === 'rsa-pss' && algorithm.startsWith('PS'))
  if (!fits) context.at(['rsa_public_key'], { rule: 'bad-public-key', cause: `invalid key: it is no key for ${algorithm}`, mend: 'Correct `algorithm`, or the key.' })
  else if (type.startsWith('rsa') && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    context.at(['rsa_public_key'], { rule: 'bad-public-key', cause: 'invalid key: it has fewer than 2048 bits', mend: 'Make a new key (RFC 7518 section 3.3).' })
  }
}
