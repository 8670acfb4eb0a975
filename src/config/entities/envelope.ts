import { Type } from 'typebox'
import type { TObject, TProperties, TSchema } from 'typebox'
import { CaCertificate, Certificate, Sni } from './certificate.ts'
import { closed, parking, TAG_PATTERN } from './common.ts'
import { Consumer } from './consumer.ts'
import { ConsumerGroup, ConsumerGroupConsumer } from './consumer-group.ts'
import { Acl, BasicauthCredential, HmacauthCredential, JwtSecret, KeyauthCredential, Oauth2Credential } from './credentials.ts'
import { Gateway } from './gateway.ts'
import { collectionsOf, entityKinds, kinds, type EntityKind } from './kinds.ts'
import { Plugin } from './plugin.ts'
import { Route } from './route.ts'
import { Service } from './service.ts'
import { Target } from './target.ts'
import { Upstream } from './upstream.ts'

/** Fields that two entities can't share. */
export const OWN_FIELDS: readonly string[] = ['id', 'name', 'target']

/** Collections of the top level, and what they hold. */
export const collections = collectionsOf(entityKinds)

/** Collections that may be written inside an entity; the child then belongs to it. */
export const nesting = Object.fromEntries(entityKinds.map(kind => [kind, collectionsOf(kinds[kind].children)])) as Readonly<Record<EntityKind, Readonly<Record<string, EntityKind>>>>

/** Own fields of each entity, without nested collections. */
export const entitySchemas = {
  service: Service,
  route: Route,
  plugin: Plugin,
  consumer: Consumer,
  consumer_group: ConsumerGroup,
  consumer_group_consumer: ConsumerGroupConsumer,
  acl: Acl,
  jwt_secret: JwtSecret,
  keyauth_credential: KeyauthCredential,
  basicauth_credential: BasicauthCredential,
  hmacauth_credential: HmacauthCredential,
  oauth2_credential: Oauth2Credential,
  upstream: Upstream,
  target: Target,
  certificate: Certificate,
  sni: Sni,
  ca_certificate: CaCertificate
} satisfies Record<EntityKind, TObject>

/** `gateway:`. */
export const gatewaySchema = Gateway

/**
 * Schema of an entity with its nested collections.
 *
 * @param refer what stands for an item of a nested collection (the loader says "anything": it checks each child itself)
 */
export function entitySchema (kind: EntityKind, refer: (kind: EntityKind) => TSchema): TObject {
  const schema = entitySchemas[kind] as TObject
  return { ...schema, properties: { ...schema.properties, ...lists(nesting[kind], refer, `of this ${kind.replaceAll('_', ' ')}`) } }
}

/** Schema of the whole file; `refer` as for {@link entitySchema}. */
export function envelopeSchema (refer: (kind: EntityKind) => TSchema): TObject {
  return closed({
    ...parking,
    _format_version: Type.Enum(['3.0'], { description: 'Version of the format, in quotes.' }),
    _transform: Type.Optional(Type.Boolean({ default: true, description: '`false`: credentials are already hashed.' })),
    _info: Type.Optional(closed({
      select_tags: Type.Optional(Type.Array(Type.String({ pattern: TAG_PATTERN, description: 'A tag.' }), { description: 'Tags that every entity of the file gets.' })),
      defaults: Type.Optional(closed({
        service: Type.Optional(partial(Service, 'Fields that every service starts from.')),
        route: Type.Optional(partial(Route, 'Fields that every route starts from.')),
        upstream: Type.Optional(partial(Upstream, 'Fields that every upstream starts from.')),
        target: Type.Optional(partial(Target, 'Fields that every target starts from.'))
      }, { description: 'Fields that every entity of a kind starts from.' }))
    }, { description: 'decK\'s block: tags and defaults for all entities.' })),
    _plugin_configs: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Named blocks of plugin options, for `plugins[]._config`.' })),
    gateway: Type.Optional(gatewaySchema),
    ...lists(collections, refer, 'of the file')
  }, { description: 'A gateway.yaml of Sallyport.' })
}

function lists (held: Readonly<Record<string, EntityKind>>, refer: (kind: EntityKind) => TSchema, where: string): TProperties {
  return Object.fromEntries(Object.entries(held).map(([key, kind]) => [
    key,
    Type.Optional(Type.Array(refer(kind), { description: `The ${key} ${where}.` }))
  ]))
}

/** The same fields, none of them required or filled in; what is one entity's own left out. */
function partial (schema: TObject, description: string): TObject {
  const properties = Object.entries(schema.properties).filter(([key]) => !OWN_FIELDS.includes(key))
  return closed(Object.fromEntries(properties.map(([key, value]) => {
    const { default: _, ...rest } = value as TSchema & { default?: unknown }
    return [key, Type.Optional(rest)]
  })), { description })
}
