import type { RawEntity } from '../collect.ts'
import { entityKinds, kinds, type EntityKind } from '../entities/kinds.ts'
import { derivedId } from '../ids.ts'
import { keyDigest } from './key-digest.ts'
import { nearest } from '../nearest.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'

/** A thousand suggestions help nobody, and each one looks at all names. */
const MAX_SUGGESTIONS = 50

/** Finds entities by name or id, and sees to it that these are unique. */
export class EntityIndex {
  readonly #source: Source
  readonly #report: Report
  readonly #byName = tables()
  readonly #byId = tables()
  /** Kinds of which a name or an id isn't known: a reference may mean that one. */
  readonly #unnamed = new Set<EntityKind>()
  #suggestions = 0

  constructor (source: Source, report: Report) {
    this.#source = source
    this.#report = report
  }

  /** Names of entities and ids that the file gives: everything that a reference can hit. */
  addNames (entities: readonly RawEntity[]): void {
    const seen = new Map<string, RawEntity>()
    for (const entity of entities) {
      const { kind, fields } = entity
      if (typeof fields !== 'object' || fields === null) continue
      if (['id', ...kinds[kind].unique].some(key => fields[key] === undefined && this.#source.isBroken(join(entity.pointer, key)))) this.#unnamed.add(kind)
      kinds[kind].unique.forEach((key, index) => {
        const value = uniqueValue(kind, key, fields)
        if (value === undefined) return
        const first = seen.get(`${kind} ${key} ${value}`)
        if (first !== undefined) {
          this.#duplicate(entity, key, first, value)
          return
        }
        seen.set(`${kind} ${key} ${value}`, entity)
        if (index === 0) this.#byName[kind].set(value, entity)
      })
      const { id } = fields
      if (typeof id === 'string') this.#take(entity, id.toLowerCase(), 'id')
    }
  }

  /** Gives an entity without an id of its own the one that follows from `key`; a further one with the same key gets another. */
  identify (entity: RawEntity, key: string): void {
    if (entity.id !== '') return
    const collection = kinds[entity.kind].collection
    let id = derivedId(collection, key)
    for (let nth = 2; this.#byId[entity.kind].has(id); nth++) id = derivedId(collection, `${key}#${nth}`)
    entity.id = id
    this.#byId[entity.kind].set(id, entity)
  }

  /**
   * What a foreign key means.
   *
   * @returns null when it means nothing; that was reported then
   */
  resolve (value: unknown, kind: EntityKind, pointer: Pointer): RawEntity | null {
    const nameKey = kinds[kind].unique[0] as string
    const { text, at } = referenceText(value, nameKey, pointer)
    // the schema has reported it
    if (text === undefined) return null
    const found = this.#byId[kind].get(text.toLowerCase()) ?? this.#byName[kind].get(text)
    if (found !== undefined || this.#unnamed.has(kind)) return found ?? null
    const guess = ++this.#suggestions > MAX_SUGGESTIONS ? undefined : nearest(text, this.#byName[kind].keys())
    this.#report.at(this.#source, at, {
      rule: 'unresolved-reference',
      cause: `invalid reference '${kind}: ${text}' (no such entry in '${kinds[kind].collection}')`,
      mend: guess === undefined ? `Write the ${nameKey} or the id of one of the ${kinds[kind].collection}.` : `Did you mean '${guess}'?`
    })
    return null
  }

  /** What the items of a list of foreign keys mean; those that mean nothing are reported and left out. */
  resolveList ({ fields, pointer }: RawEntity, key: string, kind: EntityKind): RawEntity[] {
    const list = typeof fields === 'object' && fields !== null ? fields[key] : undefined
    if (!Array.isArray(list)) return []
    return list.flatMap((item, position) => this.resolve(item, kind, join(join(pointer, key), position)) ?? [])
  }

  #take (entity: RawEntity, id: string, key: string): void {
    const first = this.#byId[entity.kind].get(id)
    if (first !== undefined) this.#duplicate(entity, key, first, id)
    else {
      entity.id = id
      this.#byId[entity.kind].set(id, entity)
    }
  }

  #duplicate (entity: RawEntity, field: string, first: RawEntity, value: string): void {
    const key = written(entity, field)
    const at = join(entity.pointer, key)
    this.#report.at(this.#source, at, {
      rule: 'not-unique',
      cause: `uniqueness violation: '${kinds[entity.kind].collection}' entity with ${key === 'id' ? 'primary key' : key} ${entity.kind === 'keyauth_credential' && key !== 'id' ? '' : `set to '${value}' `}already declared`,
      mend: `Choose another ${key}, or remove one of the two.`,
      related: [{ range: this.#source.locate(join(first.pointer, written(first, field))), message: 'declared here first' }, ...this.#source.via(first.pointer)]
    })
  }
}

function tables (): Readonly<Record<EntityKind, Map<string, RawEntity>>> {
  return Object.fromEntries(entityKinds.map(kind => [kind, new Map()])) as unknown as Record<EntityKind, Map<string, RawEntity>>
}

/** What must not occur twice; of API keys their digest, which is all that some of them have. */
function uniqueValue (kind: EntityKind, key: string, fields: Readonly<Record<string, unknown>>): string | undefined {
  const value = kind === 'keyauth_credential' ? keyDigest(fields) : fields[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Where the unique value of an API key stands. */
function written ({ kind, fields }: RawEntity, field: string): string {
  return kind === 'keyauth_credential' && field === 'key' && fields['key'] === undefined ? 'hash' : field
}

/** `users`, `{ name: users }` or `{ id: … }`. */
function referenceText (value: unknown, nameKey: string, pointer: Pointer): { text: string | undefined, at: Pointer } {
  if (typeof value === 'string') return { text: value === '' ? undefined : value, at: pointer }
  if (typeof value === 'object' && value !== null) {
    for (const key of ['id', nameKey]) {
      const text = (value as Record<string, unknown>)[key]
      if (typeof text === 'string' && text !== '') return { text, at: join(pointer, key) }
    }
  }
  return { text: undefined, at: pointer }
}
