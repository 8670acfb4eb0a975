/** RS256 tokens for the participants that verify some: one key and one list for all of them. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

/** More than `sallyport+jwt-new` remembers, so that each is a new one again when its turn comes. */
export const MANY = 6_000
export const REMEMBERED = 1_000

export const ISSUER = 'https://auth.example.com/'

let made = null

/** @returns {{ publicKey: string, tokens: string[] }} the key as PEM; made when it is first asked for */
export function rs256Tokens () {
  made ??= make()
  return made
}

function make () {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'bench' })
  const tokens = Array.from({ length: MANY }, () => {
    const signed = `${header}.${encode({ iss: ISSUER, sub: 'bench', aud: 'api', scope: 'orders:read orders:write', iat: 1_767_225_600, exp: 4_000_000_000, jti: randomUUID() })}`
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  })
  return { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(), tokens }
}
