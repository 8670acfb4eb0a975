/** Credentials of consumers, resolved: a part of the configuration's model. */
import type { Entity } from './model.ts'

/** What a consumer proves itself with, or is in. */
export interface OwnedByConsumer extends Entity {
  /** Id of the consumer. */
  readonly consumer: string
}

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'EdDSA'

/** A key or secret with which a consumer signs its tokens. */
export interface JwtSecret extends OwnedByConsumer {
  readonly key: string
  /** Of HS256, HS384 and HS512; null for the others. */
  readonly secret: string | null
  /** PEM; null for HS256, HS384 and HS512. */
  readonly rsa_public_key: string | null
  readonly algorithm: JwtAlgorithm
}

/** Numbers, or a tier. */
export interface RequestLimits {
  /** Of the entry that counts. */
  readonly tier?: string
  readonly second?: number
  readonly minute?: number
  readonly hour?: number
  readonly day?: number
  readonly month?: number
  readonly year?: number
}

/** An API key. The key itself ends at the loader. */
export interface KeyCredential extends OwnedByConsumer {
  /** SHA-256 of the key, in lower-case hex. */
  readonly digest: string
  readonly scopes: readonly string[]
  /** Milliseconds since the epoch; null: never. A `ttl` counts from the load of the file. */
  readonly expires_at: number | null
  readonly rate_limit: RequestLimits | null
}

/** A user name with its password. */
export interface BasicCredential extends OwnedByConsumer {
  readonly username: string
  /** A bcrypt or scrypt hash, or Kong's form: SHA-1 of password and consumer id, in lower-case hex. */
  readonly password: string
}

/** A name with the secret that signs requests. */
export interface HmacCredential extends OwnedByConsumer {
  readonly username: string
  readonly secret: string
}

/** A group for the acl plugin. */
export interface Acl extends OwnedByConsumer {
  readonly group: string
}

/** A client of Kong's oauth2 plugin. */
export interface Oauth2Credential extends OwnedByConsumer {
  readonly name: string
  readonly client_id: string
}

/** All credentials, by Kong's names of the collections. */
export interface Credentials {
  readonly jwt_secrets: readonly JwtSecret[]
  readonly keyauth_credentials: readonly KeyCredential[]
  readonly basicauth_credentials: readonly BasicCredential[]
  readonly hmacauth_credentials: readonly HmacCredential[]
  readonly acls: readonly Acl[]
  readonly oauth2_credentials: readonly Oauth2Credential[]
}
