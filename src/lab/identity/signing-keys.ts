import { generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult, sign, verify } from 'node:crypto'
import type { JwtAlgorithm } from '../../config/model.ts'

export type SignatureAlgorithm = Exclude<JwtAlgorithm, `HS${string}`>

type Kind = 'rsa' | 'p256' | 'p384' | 'p521' | 'ed25519'

const KINDS: Readonly<Record<Kind, () => KeyPairKeyObjectResult>> = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: () => generateKeyPairSync('ed25519')
}

/** RFC 7518 section 3.5: the salt is as long as the hash. */
const PSS = { padding: 6, saltLength: -1 } as const

/** One key of a provider. */
export interface SigningKey extends KeyPairKeyObjectResult {
  readonly kid: string
}

/** Keys that are made when they are needed: RSA takes a tenth of a second. Several labs may share them. */
export class SigningKeys {
  readonly #keys = new Map<string, SigningKey>()

  /** @param owner whose key it is @param generation 0: the first one, before any rotation */
  of (owner: string, generation: number, algorithm: SignatureAlgorithm): SigningKey {
    return this.#key(owner, generation, kindOf(algorithm))
  }

  /** RSA keys say no `alg`: they are good for six. */
  jwks (owners: readonly string[], generations: readonly number[]): { keys: object[] } {
    const kinds = Object.keys(KINDS) as Kind[]
    return {
      keys: owners.flatMap(owner => generations.flatMap(generation => kinds.map(kind => {
        const { kid, publicKey } = this.#key(owner, generation, kind)
        return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' }
      })))
    }
  }

  #key (owner: string, generation: number, kind: Kind): SigningKey {
    const id = JSON.stringify([owner, generation, kind])
    let key = this.#keys.get(id)
    if (key === undefined) {
      key = { ...KINDS[kind](), kid: `lab-${kind}-${this.#keys.size + 1}` }
      this.#keys.set(id, key)
    }
    return key
  }
}

/** The signature of a JWT (RFC 7518 section 3), of a key that fits its algorithm. */
export function signText (text: string, algorithm: SignatureAlgorithm, key: KeyObject): string {
  return sign(hashOf(algorithm), Buffer.from(text), { key, ...detailsOf(algorithm) }).toString('base64url')
}

export function isSignatureOf (text: string, algorithm: SignatureAlgorithm, key: KeyObject, signature: string): boolean {
  return verify(hashOf(algorithm), Buffer.from(text), { key, ...detailsOf(algorithm) }, Buffer.from(signature, 'base64url'))
}

function kindOf (algorithm: SignatureAlgorithm): Kind {
  switch (algorithm) {
    case 'ES256': return 'p256'
    case 'ES384': return 'p384'
    case 'ES512': return 'p521'
    case 'EdDSA': return 'ed25519'
    default: return 'rsa'
  }
}

function hashOf (algorithm: SignatureAlgorithm): string | null {
  return algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`
}

function detailsOf (algorithm: SignatureAlgorithm): object {
  return algorithm.startsWith('PS') ? PSS : { dsaEncoding: 'ieee-p1363' }
}
