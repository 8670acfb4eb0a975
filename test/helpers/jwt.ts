/** Tokens and keys for tests. Signing is jose's, so that verification is judged by somebody else's idea of a token. */
import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { KeyHint, KeySource, VerificationKey } from '../../src/auth/key-source.ts'

export interface SigningKey {
  readonly kid: string
  readonly alg: string
  /** Private key or secret. */
  readonly sign: KeyObject
  /** Public key or the same secret. */
  readonly verify: KeyObject
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** A new key for an algorithm. `size`: bits of an RSA key, bytes of a secret, or the name of the Edwards curve. */
export function makeKey (alg: string, { kid = 'one', size }: { kid?: string, size?: number | string } = {}): SigningKey {
  if (alg.startsWith('HS')) {
    const secret = createSecretKey(randomBytes(typeof size === 'number' ? size : Number(alg.slice(2)) / 8))
    return { kid, alg, sign: secret, verify: secret }
  }
  const pair = alg === 'EdDSA'
    ? size === 'ed448' ? generateKeyPairSync('ed448') : generateKeyPairSync('ed25519')
    : alg.startsWith('ES')
      ? generateKeyPairSync('ec', { namedCurve: CURVES[alg] as string })
      : generateKeyPairSync('rsa', { modulusLength: typeof size === 'number' ? size : 2048 })
  return { kid, alg, sign: pair.privateKey, verify: pair.publicKey }
}

/** Signs with jose. */
export async function signToken (key: SigningKey, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }).sign(key.sign)
}

/** Base64url of JSON, or of text as it stands. */
export function encode (value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** What the signature's place in a token holds, and the rest. */
export function split (token: string): { header: string, claims: string, signature: string, signed: string } {
  const [header, claims, signature] = token.split('.') as [string, string, string]
  return { header, claims, signature, signed: `${header}.${claims}` }
}

export function pem ({ verify }: SigningKey): string {
  return verify.export({ type: 'spki', format: 'pem' }).toString()
}

/** The public set of some keys. */
export function jwks (...keys: readonly SigningKey[]): { keys: object[] } {
  return { keys: keys.map(({ kid, alg, verify }) => ({ ...verify.export({ format: 'jwk' }), kid, alg, use: 'sig' })) }
}

/** A key set in memory that can be changed. */
export class FakeKeys implements KeySource {
  version = 0
  /** Thrown instead of an answer. */
  failure: Error | null = null
  /** Answers come as promises. */
  later = false
  asked = 0
  #keys: VerificationKey[] = []

  constructor (...keys: readonly SigningKey[]) {
    this.set(...keys)
  }

  set (...keys: readonly SigningKey[]): void {
    const before = this.#keys
    this.#keys = keys.map(({ kid, alg, verify }) => before.find(key => key.key === verify) ?? Object.freeze({
      kid, alg, key: verify, kty: alg.startsWith('HS') ? 'oct' as const : alg.startsWith('ES') ? 'EC' as const : alg === 'EdDSA' ? 'OKP' as const : 'RSA' as const
    }))
    this.version++
  }

  keysFor (header: KeyHint): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    this.asked++
    if (this.failure !== null) throw this.failure
    const keys = this.#keys.filter(key => header.kid === undefined || key.kid === header.kid)
    return this.later ? Promise.resolve(keys) : keys
  }

  close (): void {}
}
