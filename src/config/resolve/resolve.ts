import type { RawEntity } from '../collect.ts'
import type { EntityKind } from '../entities/envelope.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { EntityIndex } from './entity-index.ts'

/** Ids of the entities that an entity belongs to. */
export interface Owners {
  readonly service: string | null
  readonly route: string | null
  readonly consumer: string | null
}

/** Foreign keys that an entity of a kind may have. */
const FOREIGN: Readonly<Record<EntityKind, ReadonlyArray<'service' | 'route' | 'consumer'>>> = {
  service: [],
  route: ['service'],
  plugin: ['service', 'route', 'consumer'],
  consumer: []
}

/** Gives every entity its id, and finds out what belongs to what. */
export function resolve (entities: readonly RawEntity[], source: Source, report: Report): Map<RawEntity, Owners> {
  const index = new EntityIndex(source, report)
  index.addNames(entities)
  const owners = new Map<RawEntity, Owners>()
  // what others are identified by comes first: a route's id may follow from its service's, a plugin's from all
  for (const kind of ['service', 'consumer', 'route', 'plugin'] as const) {
    for (const entity of entities) {
      if (entity.kind !== kind || typeof entity.fields !== 'object' || entity.fields === null) continue
      const found = ownersOf(entity, index, source, report)
      owners.set(entity, found)
      index.identify(entity, naturalKey(entity, found))
    }
  }
  reportDoubleEntries(entities, owners, source, report)
  return owners
}

function ownersOf (entity: RawEntity, index: EntityIndex, source: Source, report: Report): Owners {
  const owners: Record<string, string | null> = { service: null, route: null, consumer: null }
  for (const key of FOREIGN[entity.kind]) {
    const value = entity.fields[key]
    const pointer = join(entity.pointer, key)
    if (entity.parent !== null) {
      if (value !== undefined) reportImplied(entity, key, pointer, source, report)
      if (entity.parent.kind === key) owners[key] = entity.parent.id
    } else if (value !== undefined) {
      owners[key] = index.resolve(value, key, pointer)?.id ?? null
    }
  }
  return owners as unknown as Owners
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
    case 'plugin': return [fields['name'], owners.route, owners.service, owners.consumer].map(part => part ?? '').join(':')
  }
}

function text (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Marked, so that no name can equal it. */
function content (value: unknown): string {
  return `content:${JSON.stringify(value ?? null)}`
}

/** Two entries of one plugin in one scope: only one of them could run. */
function reportDoubleEntries (entities: readonly RawEntity[], owners: ReadonlyMap<RawEntity, Owners>, source: Source, report: Report): void {
  const seen = new Map<string, RawEntity>()
  for (const entity of entities) {
    const found = owners.get(entity)
    const { name } = entity.kind === 'plugin' && found !== undefined ? entity.fields : {}
    if (found === undefined || typeof name !== 'string' || !isResolved(entity, found)) continue
    const key = naturalKey(entity, found)
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, entity)
      continue
    }
    report.at(source, join(entity.pointer, 'name'), {
      rule: 'not-unique',
      cause: `uniqueness violation: 'plugins' entity with primary key set to '${first.id}' already declared`,
      mend: `Remove one of the two: '${name}' can stand once in each scope.`,
      related: [{ range: source.locate(join(first.pointer, 'name')), message: 'declared here first' }]
    })
  }
}

/** An entry whose reference is wrong has no scope that could be compared. */
function isResolved (entity: RawEntity, owners: Owners): boolean {
  return entity.parent !== null || FOREIGN.plugin.every(key => entity.fields[key] === undefined || owners[key] !== null)
}
