/** Puts secrets of a running configuration back: those that the file has as well, which changes nothing about who knows them. */
import type { ComparableView } from '../../admin/api/types.ts'
import { secretHash } from '../../admin/secret-hash.ts'
import type { Config, Entity, OwnedByConsumer, Pointer } from '../../config/model.ts'
import { join, split } from '../../config/pointer.ts'

export interface Restored {
  readonly config: Config
  /** Where they stand, as the file is pointed into. */
  readonly pointers: ReadonlySet<Pointer>
  /** What must not be shown. */
  readonly texts: readonly string[]
  /** How many could not be compared. */
  readonly unknown: number
}

type Fields = Record<string, unknown>

/** More than any number of a configuration, so that no two are equal by chance. */
const NO_NUMBER = 2 ** 52

/**
 * @param next the configuration to compare with
 * @param key what hashes are keyed with; null: the gateway gives none, and secrets count as unchanged where they have a counterpart
 */
export function restore (view: ComparableView, next: Config, key: Buffer | null): Restored {
  const config = structuredClone(view.config) as unknown as Config
  const known = key === null || view.secrets.length === 0 ? new Map<string, string | number>() : hashes(next, key)
  const counterpart = counterparts(config, next)
  const pointers = new Set<Pointer>()
  const texts = new Set<string>()
  let unknown = 0
  for (const [index, { pointer, hash }] of view.secrets.entries()) {
    const place = find(config as unknown as Fields, split(pointer))
    if (place === null) continue
    const { holder, name, entity, path } = place
    pointers.add(path.reduce(join, entity === null ? '' : entity.pointer))
    const isText = holder[name] !== null
    // of another kind than the one that runs: "5" is not 5
    const same = hash === null ? counterpart(entity, path) : known.get(`${isText ? 'string' : 'number'} ${hash}`)
    if (hash === null) unknown++
    const value = same ?? (isText ? `(hidden ${hash?.slice(0, 24) ?? index})` : NO_NUMBER + index)
    holder[name] = value
    // as in Source: shorter ones are found in every other word
    if (typeof value === 'string' && value.length >= 6) texts.add(value)
  }
  return { config, pointers, texts: [...texts], unknown }
}

/** Texts and numbers of a configuration by their hashes. */
function hashes (config: Config, key: Buffer): Map<string, string | number> {
  const values = new Set<string | number>()
  const collect = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number') values.add(value)
    else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) collect(item)
  }
  collect(config)
  return new Map([...values].map(value => [`${typeof value} ${secretHash(key, value)}`, value]))
}

interface Place {
  readonly holder: Fields
  readonly name: string
  /** The entity around it; null: settings of the gateway. */
  readonly entity: Entity | null
  /** From the entity to it. */
  readonly path: readonly string[]
}

function find (config: Fields, tokens: readonly string[]): Place | null {
  let holder: Fields = config
  let entity: Entity | null = null
  let start = 0
  for (const [index, token] of tokens.slice(0, -1).entries()) {
    const inner = Object.hasOwn(holder, token) ? holder[token] : undefined
    if (typeof inner !== 'object' || inner === null) return null
    holder = inner as Fields
    if (entity === null && tokens[0] !== 'gateway' && typeof holder['pointer'] === 'string') {
      entity = holder as unknown as Entity
      start = index + 1
    }
  }
  const name = tokens.at(-1)
  return name === undefined || !Object.hasOwn(holder, name) ? null : { holder, name, entity, path: tokens.slice(start) }
}

/** What stands at the same place of the other configuration: entities by their ids, credentials by their order. */
function counterparts (config: Config, next: Config): (entity: Entity | null, path: readonly string[]) => string | number | undefined {
  const entities = new Map<string, unknown>()
  const { credentials: _, gateway: settings, file: __, ...collections } = next
  for (const [collection, list] of Object.entries(collections) as Array<[string, readonly Entity[]]>) for (const entity of list) entities.set(`${collection} ${entity.id}`, entity)
  const keys = new Map<unknown, string>()
  for (const [collection, list] of Object.entries(config) as Array<[string, unknown]>) if (Array.isArray(list)) for (const entity of list as Entity[]) keys.set(entity, `${collection} ${entity.id}`)
  for (const [side, at] of [[next, (key: string, entity: unknown) => entities.set(key, entity)], [config, (key: string, entity: unknown) => keys.set(entity, key)]] as const) {
    const counts = new Map<string, number>()
    for (const [kind, list] of Object.entries(side.credentials) as Array<[string, readonly OwnedByConsumer[]]>) {
      for (const credential of list) {
        const owner = `${kind} ${credential.consumer}`
        const count = counts.get(owner) ?? 0
        counts.set(owner, count + 1)
        at(`${owner} ${count}`, credential)
      }
    }
  }
  return (entity, path) => {
    let found: unknown = entity === null ? { gateway: settings } : entities.get(keys.get(entity) ?? '')
    for (const token of path) found = typeof found === 'object' && found !== null && Object.hasOwn(found, token) ? (found as Fields)[token] : undefined
    return typeof found === 'string' || typeof found === 'number' ? found : undefined
  }
}
