import { collections, nesting } from './entities/envelope.ts'
import type { EntityKind } from './entities/kinds.ts'
import type { Pointer } from './model.ts'
import { join } from './pointer.ts'
import type { ServiceAddress } from './validate/url.ts'

/** An entity of the file on its way to the configuration. */
export interface RawEntity {
  readonly kind: EntityKind
  readonly pointer: Pointer
  /** What stands there; an object unless the file has it wrong. The schema fills its defaults in. */
  readonly fields: Record<string, unknown>
  /** The entity that it is written inside of. */
  readonly parent: RawEntity | null
  id: string
  /** What files that it names hold, by the field that could hold it as well. */
  contents?: Readonly<Record<string, string>>
  /** Of a service, once checked. */
  address: ServiceAddress | null
}

/** All entities, nested and flat alike, in the order of the file; parents before their children. */
export function collect (file: Readonly<Record<string, unknown>>): RawEntity[] {
  const found: RawEntity[] = []
  gather(file, '', null, collections, found)
  return found
}

function gather (
  holder: Readonly<Record<string, unknown>>,
  pointer: Pointer,
  parent: RawEntity | null,
  kinds: Readonly<Partial<Record<string, EntityKind>>>,
  found: RawEntity[]
): void {
  for (const [key, list] of Object.entries(holder)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (kind === undefined || !Array.isArray(list)) continue
    list.forEach((fields: unknown, index) => {
      const entity: RawEntity = { kind, pointer: join(join(pointer, key), index), fields: fields as Record<string, unknown>, parent, id: '', address: null }
      found.push(entity)
      if (typeof fields === 'object' && fields !== null) gather(entity.fields, entity.pointer, entity, nesting[kind], found)
    })
  }
}
