import { createHash } from 'node:crypto'
import type { RawEntity } from '../collect.ts'
import { PASSWORD_HASH } from '../entities/credentials.ts'
import type { CredentialKind } from '../entities/kinds.ts'
import type { Acl, BasicCredential, Credentials, Entity, HmacCredential, JwtSecret, KeyCredential, Oauth2Credential, OwnedByConsumer } from '../model.ts'
import { keyDigest } from './key-digest.ts'
import type { Owners } from './resolve.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Credentials as the gateway keeps them: keys and passwords only as digests.
 *
 * @param hashed `_transform: false`: passwords are Kong's digests already
 */
export function credentialsOf (entities: readonly RawEntity[], owners: ReadonlyMap<RawEntity, Owners>, entityOf: (entity: RawEntity) => Entity, hashed: boolean): Credentials {
  const all = <Kind> (kind: CredentialKind, make: (base: OwnedByConsumer, fields: Fields) => Kind): Kind[] => entities
    .filter(entity => entity.kind === kind)
    .map(entity => make({ ...entityOf(entity), consumer: owners.get(entity)?.consumer as string }, entity.fields))
  return {
    jwt_secrets: all('jwt_secret', jwtSecret),
    keyauth_credentials: all('keyauth_credential', keyCredential),
    basicauth_credentials: all('basicauth_credential', (base, fields) => basicCredential(base, fields, hashed)),
    hmacauth_credentials: all<HmacCredential>('hmacauth_credential', (base, fields) => ({ ...base, username: fields['username'] as string, secret: fields['secret'] as string })),
    acls: all<Acl>('acl', (base, fields) => ({ ...base, group: fields['group'] as string })),
    oauth2_credentials: all<Oauth2Credential>('oauth2_credential', (base, fields) => ({ ...base, name: fields['name'] as string, client_id: fields['client_id'] as string }))
  }
}

function jwtSecret (base: OwnedByConsumer, fields: Fields): JwtSecret {
  const { key, secret, rsa_public_key: pem, algorithm } = fields as unknown as JwtSecret
  const symmetric = algorithm.startsWith('HS')
  return { ...base, key, secret: symmetric ? secret : null, rsa_public_key: symmetric ? null : pem, algorithm }
}

function keyCredential (base: OwnedByConsumer, fields: Fields): KeyCredential {
  const { ttl, expires_at: expires, scopes, rate_limit: limits } = fields as { ttl?: number, expires_at?: string, scopes?: string[], rate_limit?: KeyCredential['rate_limit'] }
  const ends = [
    ...expires === undefined ? [] : [Date.parse(expires)],
    ...ttl === undefined || ttl === 0 ? [] : [Date.now() + ttl * 1000]
  ]
  return {
    ...base,
    digest: keyDigest(fields) as string,
    scopes: scopes ?? [],
    expires_at: ends.length === 0 ? null : Math.min(...ends),
    rate_limit: limits ?? null
  }
}

function basicCredential (base: OwnedByConsumer, fields: Fields, hashed: boolean): BasicCredential {
  const { username, password } = fields as unknown as BasicCredential
  const kept = hashed || PASSWORD_HASH.test(password)
  return { ...base, username, password: kept ? password : createHash('sha1').update(password).update(base.consumer).digest('hex') }
}
