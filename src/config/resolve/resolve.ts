import type { RawEntity } from '../collect.ts'
import { entityKinds, kinds, type OwnerKind } from '../entities/kinds.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { EntityIndex } from './entity-index.ts'
import { keyDigest } from './key-digest.ts'
import { tlsReferences, type TlsReferences } from './tls-references.ts'

/** Ids of the entities that an entity belongs to. */
export type Owners = Readonly<Record<OwnerKind, string | null>>

export interface Resolved {
  readonly index: EntityIndex
  readonly owners: ReadonlyMap<RawEntity, Owners>
  /** Ids of the groups of a consumer, by the consumer's id. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>
  readonly tls: ReadonlyMap<RawEntity, TlsReferences>
}

/** Gives every entity its id, and finds out what belongs to what. */
export function resolve (entities: readonly RawEntity[], source: Source, report: Report): Resolved {
  const index = new EntityIndex(source, report)
  index.addNames(entities)
  const owners = new Map<RawEntity, Owners>()
  // what others are identified by comes first: a route's id may follow from its service's, a plugin's from all
  for (const kind of entityKinds) {
    for (const entity of entities) {
      if (entity.kind !== kind || typeof entity.fields !== 'object' || entity.fields === null) continue
      const found = ownersOf(entity, index, source, report)
      owners.set(entity, found)
      index.identify(entity, naturalKey(entity, found))
    }
  }
  reportDoubles(entities, owners, source, report)
  return { index, owners, groups: memberships(entities, owners, index), tls: tlsReferences(entities, index) }
}

function ownersOf (entity: RawEntity, index: EntityIndex, source: Source, report: Report): Owners {
  const owners: Record<OwnerKind, string | null> = { service: null, route: null, consumer: null, consumer_group: null, upstream: null, certificate: null }
  for (const key of kinds[entity.kind].owners) {
    const value = entity.fields[key]
    const pointer = join(entity.pointer, key)
    if (entity.parent !== null) {
      if (value !== undefined) reportImplied(entity, key, pointer, source, report)
      if (entity.parent.kind === key) owners[key] = entity.parent.id
    } else if (value !== undefined) {
      owners[key] = index.resolve(value, key, pointer)?.id ?? null
    }
  }
  return owners
}

function reportImplied (entity: RawEntity, key: string, pointer: Pointer, source: Source, report: Report): void {
  const parent = entity.parent?.kind ?? ''
  report.at(source, pointer, {
    rule: 'implied-reference',
    cause: 'value must be null',
    mend: parent === key
      ? `Remove \`${key}\`: the ${entity.kind} stands inside its ${key}.`
      : `Move the ${entity.kind} to the top-level \`plugins\` and name ${parent} and ${key} there.`
  })
}

/** What makes an entity what it is: its name, or else its content. Not its position, which moves when others come and go. */
function naturalKey (entity: RawEntity, owners: Owners): string {
  const { kind, fields } = entity
  switch (kind) {
    case 'service': return text(fields['name']) ?? content(entity.address)
    case 'route': return text(fields['name']) ?? content([owners.service, ...['protocols', 'methods', 'hosts', 'paths', 'headers', 'snis'].map(key => fields[key])])
    case 'consumer': return text(fields['username']) ?? content(fields['custom_id'])
    case 'consumer_group': return text(fields['name']) ?? content(null)
    case 'plugin': return [fields['name'], owners.route, owners.service, owners.consumer, ...owners.consumer_group === null ? [] : [owners.consumer_group]].map(part => part ?? '').join(':')
    case 'jwt_secret': return text(fields['key']) ?? content(owners.consumer)
    // an id is seen by upstreams and logs: it must not follow from the key itself
    case 'keyauth_credential': return keyDigest(fields) ?? content(owners.consumer)
    case 'basicauth_credential':
    case 'hmacauth_credential': return text(fields['username']) ?? content(owners.consumer)
    case 'oauth2_credential': return text(fields['client_id']) ?? content(owners.consumer)
    case 'upstream': return text(fields['name']) ?? content(null)
    case 'target': return content([owners.upstream, fields['target']])
    case 'acl': return content([owners.consumer, fields['group']])
    case 'certificate':
    case 'ca_certificate': return text(fields['name']) ?? content([fields['cert'], fields['cert_file']])
    case 'sni': return text(fields['name']) ?? content(null)
    case 'consumer_group_consumer': return content([owners.consumer, owners.consumer_group])
  }
}

function text (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Marked, so that no name can equal it. */
function content (value: unknown): string {
  return `content:${JSON.stringify(value ?? null)}`
}

/** Where the second one of two equal entities points to, and why there can't be two. */
const DOUBLES: Readonly<Partial<Record<RawEntity['kind'], { readonly key: string, readonly mend: (name: string) => string }>>> = {
  plugin: { key: 'name', mend: name => `Remove one of the two: '${name}' can stand once in each scope.` },
  acl: { key: 'group', mend: () => 'Remove one of the two: the consumer is in the group already.' },
  target: { key: 'target', mend: () => 'Remove one of the two, and give the other the weight of both.' }
}

/** Two entries of one plugin in one scope, of which only one could run; a consumer twice in one group; an upstream with a target twice. */
function reportDoubles (entities: readonly RawEntity[], owners: ReadonlyMap<RawEntity, Owners>, source: Source, report: Report): void {
  const seen = new Map<string, RawEntity>()
  for (const entity of entities) {
    const double = DOUBLES[entity.kind]
    const found = owners.get(entity)
    if (double === undefined || found === undefined) continue
    const name = entity.fields[double.key]
    if (typeof name !== 'string' || !isResolved(entity, found)) continue
    const key = `${entity.kind} ${naturalKey(entity, found)}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, entity)
      continue
    }
    report.at(source, join(entity.pointer, double.key), {
      rule: 'not-unique',
      cause: `uniqueness violation: '${kinds[entity.kind].collection}' entity with primary key set to '${first.id}' already declared`,
      mend: double.mend(name),
      related: [{ range: source.locate(join(first.pointer, double.key)), message: 'declared here first' }]
    })
  }
}

/** An entry whose reference is wrong has no scope that could be compared. */
function isResolved (entity: RawEntity, owners: Owners): boolean {
  return entity.parent !== null || kinds[entity.kind].owners.every(key => entity.fields[key] === undefined || owners[key] !== null)
}

/** Who is in which consumer group: said by the consumer, by the group, or by an item of its own. */
function memberships (entities: readonly RawEntity[], owners: ReadonlyMap<RawEntity, Owners>, index: EntityIndex): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>()
  const enter = (consumer: string | undefined, group: string | undefined): void => {
    if (consumer === undefined || group === undefined) return
    groups.set(consumer, (groups.get(consumer) ?? new Set()).add(group))
  }
  for (const entity of entities) {
    if (entity.kind === 'consumer') {
      for (const group of index.resolveList(entity, 'groups', 'consumer_group')) enter(entity.id, group.id)
    } else if (entity.kind === 'consumer_group') {
      for (const consumer of index.resolveList(entity, 'consumers', 'consumer')) enter(consumer.id, entity.id)
    } else if (entity.kind === 'consumer_group_consumer') {
      const found = owners.get(entity)
      enter(found?.consumer ?? undefined, found?.consumer_group ?? undefined)
    }
  }
  return groups
}
