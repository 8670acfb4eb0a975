/** The kinds of entities that a file holds, and what is true of each: one table for every step of the loader. */

/** What a plugin entry may be for. */
export type PluginOwner = 'service' | 'route' | 'consumer' | 'consumer_group'

export const pluginOwners: readonly PluginOwner[] = ['service', 'route', 'consumer', 'consumer_group']

/** What one entity may belong to. */
export type OwnerKind = PluginOwner | 'upstream' | 'certificate'

export type CredentialKind = 'acl' | 'jwt_secret' | 'keyauth_credential' | 'basicauth_credential' | 'hmacauth_credential' | 'oauth2_credential'

export type EntityKind = OwnerKind | CredentialKind | 'plugin' | 'consumer_group_consumer' | 'target' | 'sni' | 'ca_certificate'

interface Kind {
  /** Its key at the top level. */
  readonly collection: string
  /** Foreign keys that it may have. */
  readonly owners: readonly OwnerKind[]
  /** Whether it means nothing without all of them. */
  readonly owned: boolean
  /** Fields that no two of the kind share; the first is what others refer to it by. */
  readonly unique: readonly string[]
  /** Kinds that may be written inside of it. */
  readonly children: readonly EntityKind[]
}

const CREDENTIALS = ['acl', 'jwt_secret', 'keyauth_credential', 'basicauth_credential', 'hmacauth_credential', 'oauth2_credential'] as const

function credential (collection: string, unique: readonly string[]): Kind {
  return { collection, owners: ['consumer'], owned: true, unique, children: [] }
}

/** In the order in which ids are given: what others are identified by comes first. */
export const kinds: Readonly<Record<EntityKind, Kind>> = {
  service: { collection: 'services', owners: [], owned: false, unique: ['name'], children: ['route', 'plugin'] },
  consumer: { collection: 'consumers', owners: [], owned: false, unique: ['username', 'custom_id'], children: ['plugin', ...CREDENTIALS] },
  consumer_group: { collection: 'consumer_groups', owners: [], owned: false, unique: ['name'], children: ['plugin'] },
  route: { collection: 'routes', owners: ['service'], owned: false, unique: ['name'], children: ['plugin'] },
  plugin: { collection: 'plugins', owners: pluginOwners, owned: false, unique: ['instance_name'], children: [] },
  acl: credential('acls', []),
  jwt_secret: credential('jwt_secrets', ['key']),
  keyauth_credential: credential('keyauth_credentials', ['key']),
  basicauth_credential: credential('basicauth_credentials', ['username']),
  hmacauth_credential: credential('hmacauth_credentials', ['username']),
  oauth2_credential: credential('oauth2_credentials', ['client_id']),
  consumer_group_consumer: { collection: 'consumer_group_consumers', owners: ['consumer', 'consumer_group'], owned: true, unique: [], children: [] },
  upstream: { collection: 'upstreams', owners: [], owned: false, unique: ['name'], children: ['target'] },
  target: { collection: 'targets', owners: ['upstream'], owned: true, unique: [], children: [] },
  certificate: { collection: 'certificates', owners: [], owned: false, unique: ['name'], children: ['sni'] },
  sni: { collection: 'snis', owners: ['certificate'], owned: true, unique: ['name'], children: [] },
  ca_certificate: { collection: 'ca_certificates', owners: [], owned: false, unique: ['name'], children: [] }
}

export const entityKinds = Object.keys(kinds) as readonly EntityKind[]

export const credentialKinds: readonly CredentialKind[] = CREDENTIALS

export function isCredential (kind: EntityKind): kind is CredentialKind {
  return (CREDENTIALS as readonly EntityKind[]).includes(kind)
}

/** Keys of collections, and what they hold. */
export function collectionsOf (held: readonly EntityKind[]): Readonly<Record<string, EntityKind>> {
  return Object.fromEntries(held.map(kind => [kinds[kind].collection, kind]))
}
