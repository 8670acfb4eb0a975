/**
 * Passwords as a file keeps them: hashes whose cost is bounded, so that no line of a file, and no client, can hold the
 * processor for long.
 */

/** Kong's form: SHA-1 of the password followed by the consumer's id. */
export interface Sha1Hash {
  readonly kind: 'sha1'
  readonly digest: Buffer
}

/** bcrypt in the modular crypt format. */
export interface BcryptHash {
  readonly kind: 'bcrypt'
  /** With the version `2b`: `2a` and `2y` mean the same but for the faults of old programs. */
  readonly text: string
}

/** scrypt (RFC 7914) as a PHC string: `$scrypt$ln=17,r=8,p=1$salt$hash`, base64 without padding. */
export interface ScryptHash {
  readonly kind: 'scrypt'
  readonly cost: number
  readonly blockSize: number
  readonly parallelization: number
  readonly salt: Buffer
  readonly digest: Buffer
}

export type PasswordHash = Sha1Hash | BcryptHash | ScryptHash

/** What is wrong with a hash. */
export interface HashProblem {
  readonly kind: 'problem'
  readonly message: string
  readonly mend: string
}

const SHA1 = /^[0-9a-f]{40}$/i
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const SCRYPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** 14 takes about a second. */
const BCRYPT_COST = { least: 4, most: 14 }
/** `2^ln · r · p`: 128 MiB or the time for it, what OWASP asks for at most. */
const SCRYPT_WORK = 2 ** 20

/** Reads a hash. Never throws. */
export function parsePasswordHash (text: string): PasswordHash | HashProblem {
  if (SHA1.test(text)) return { kind: 'sha1', digest: Buffer.from(text, 'hex') }
  if (text.startsWith('$scrypt$')) return parseScrypt(text)
  if (text.startsWith('$2')) return parseBcrypt(text)
  return problem('this is no hash of a password', 'Write a bcrypt hash ($2b$…) or a scrypt hash ($scrypt$…).')
}

function parseBcrypt (text: string): BcryptHash | HashProblem {
  const cost = Number(BCRYPT.exec(text)?.[1] ?? NaN)
  if (Number.isNaN(cost)) return problem('this is no bcrypt hash', 'Write all 60 characters of it: `$2b$`, two digits, `$`, and 53 more.')
  if (cost < BCRYPT_COST.least || cost > BCRYPT_COST.most) {
    return problem(`a bcrypt hash of cost ${cost} is not accepted`, `Make it again with a cost from ${BCRYPT_COST.least} to ${BCRYPT_COST.most}; 12 is usual.`)
  }
  return { kind: 'bcrypt', text: `$2b${text.slice(3)}` }
}

function parseScrypt (text: string): ScryptHash | HashProblem {
  const [, ln, r, p, salt, digest] = SCRYPT.exec(text) ?? []
  if (salt === undefined || digest === undefined) {
    return problem('this is no scrypt hash', 'Write it as `$scrypt$ln=17,r=8,p=1$SALT$HASH`, with base64 without padding.')
  }
  const cost = 2 ** Number(ln)
  const [blockSize, parallelization] = [Number(r), Number(p)]
  if (cost < 2 || blockSize < 1 || parallelization < 1) return problem('ln, r and p of a scrypt hash are at least 1', 'Make it again with `ln=17,r=8,p=1`.')
  if (cost * blockSize * parallelization > SCRYPT_WORK) {
    return problem('this scrypt hash costs more than is accepted', 'Make it again with `ln=17,r=8,p=1`, or any with 2^ln × r × p up to 2^20.')
  }
  return { kind: 'scrypt', cost, blockSize, parallelization, salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') }
}

function problem (message: string, mend: string): HashProblem {
  return { kind: 'problem', message, mend }
}
