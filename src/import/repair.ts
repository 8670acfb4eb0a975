/** Takes what is refused out of a draft: what protects becomes a refusal, what can't be said is left out. */
import type { Diagnostic } from '../config/diagnostics.ts'
import { entitiesOf, isClosing, type Draft, type Item, type Place } from './draft.ts'
import { isHarmless } from './harmless.ts'
import { follow, type Path } from './paths.ts'

/** @returns whether anything changed */
export function repair (draft: Draft, path: Path, error: Diagnostic, placeOf: (item: object) => Place): boolean {
  const trail = follow(draft.file, path)
  const index = path.lastIndexOf('plugins')
  const message = error.rule === 'unknown-plugin' ? 'there is no such plugin here.' : `${error.cause}.`
  if (index !== -1 && typeof path[index + 1] === 'number') {
    const list = trail[index + 1] as Item[]
    const entry = trail[index + 2] as Item | undefined
    if (entry === undefined || isClosing(entry)) return false
    const owner = trail[index] as Item
    const name = `plugins[${String(entry['name'])}]`
    // a line says where; without one the route does
    const what = placeOf(entry).line === null && owner !== draft.file ? `${String(owner['name'] ?? owner['username'])}: ${name}` : name
    list.splice(list.indexOf(entry), 1)
    withdraw(draft, { entry, owner, what, message, place: placeOf(entry).line === null ? placeOf(owner) : placeOf(entry) })
    return true
  }
  const [kind, position, key] = path
  if (kind === 'gateway' && typeof position === 'string') return repairGateway(draft, position, key, message, placeOf)
  const list = draft.file[String(kind)]
  if (!Array.isArray(list) || typeof position !== 'number') return removeKey(draft, draft.file, String(kind), message, placeOf)
  const item = list[position] as Item | undefined
  if (item === undefined) return false
  return repairEntity(draft, { kind: String(kind), list: list as Item[], item, path: path.slice(2), key: String(key), message, place: placeOf(item) })
}

/** An entry that can't stay: its protection does, as a refusal. */
export function withdraw (draft: Draft, { entry, owner, what, message, place }: { entry: Item, owner: Item, what: string, message: string, place: Place }): void {
  if (entry['enabled'] === false) {
    draft.tell('left_out', what, `${message} It was not enabled.`, place, owner)
  } else if (isHarmless(String(entry['name']))) {
    draft.tell('left_out', what, message, place, owner)
  } else {
    draft.close(ownerOf(draft, entry, owner), what, message, place)
  }
}

/** Who an entry of the list of the whole file is for; the narrowest that can carry entries. */
function ownerOf (draft: Draft, entry: Item, owner: Item): Item {
  if (owner !== draft.file) return owner
  for (const [field, list] of [['route', 'routes'], ['service', 'services'], ['consumer', 'consumers'], ['consumer_group', 'consumer_groups']] as const) {
    const reference = entry[field]
    if (reference === undefined || reference === null) continue
    const name = typeof reference === 'object' ? Object.values(reference)[0] : reference
    const found = entitiesOf(draft, list).find(item => [item['name'], item['id'], item['username']].includes(name))
    // for somebody who isn't there: everything
    return found ?? draft.file
  }
  return draft.file
}

interface Broken {
  readonly kind: string
  readonly list: Item[]
  readonly item: Item
  readonly path: Path
  readonly key: string
  readonly message: string
  readonly place: Place
}

function repairEntity (draft: Draft, { kind, list, item, path, key, message, place }: Broken): boolean {
  if (kind === 'services' && path[0] === 'routes' && typeof path[1] === 'number') {
    const routes = item['routes'] as Item[]
    const route = routes[path[1]]
    return route !== undefined && repairEntity(draft, { kind: 'routes', list: routes, item: route, path: path.slice(2), key: String(path[2]), message, place })
  }
  const name = `${kind}[${String(item['name'] ?? item['username'] ?? list.indexOf(item))}]`
  if (kind === 'consumers' || kind === 'consumer_groups') {
    const inner = item[key]
    if (Array.isArray(inner) && typeof path[1] === 'number') {
      inner.splice(path[1], 1)
      draft.tell('left_out', `${name}.${key}`, message, place, item)
      return true
    }
  }
  if (key !== 'undefined' && Object.hasOwn(item, key) && (isSpare(kind, key) || (key === 'tls_verify' && item[key] === false))) {
    delete item[key]
    draft.tell('left_out', `${name}.${key}`, message, place, item)
    return true
  }
  if (!list.includes(item)) return false
  list.splice(list.indexOf(item), 1)
  draft.tell('left_out', name, `${message} Look what other route its requests reach now.`, place, draft.file)
  return true
}

/** Fields without which an entity means the same, or less. */
function isSpare (kind: string, key: string): boolean {
  if (kind === 'routes') return ['path_handling', 'request_buffering', 'response_buffering', 'tags', 'created_at', 'updated_at', 'id'].includes(key)
  if (kind === 'services') return !['url', 'host', 'port', 'protocol', 'path', 'name', 'tls_verify', 'ca_certificates', 'client_certificate', 'routes'].includes(key)
  return !['name', 'username', 'targets', 'target', 'cert', 'key'].includes(key)
}

function removeKey (draft: Draft, owner: Item, key: string, message: string, placeOf: (item: object) => Place): boolean {
  if (!Object.hasOwn(owner, key) || key === '_format_version') return false
  delete owner[key]
  draft.tell('left_out', key, message, placeOf(owner), draft.file)
  return true
}

/** One item of a list, or one setting. */
function repairGateway (draft: Draft, name: string, index: string | number | undefined, message: string, placeOf: (item: object) => Place): boolean {
  const gateway = draft.file['gateway'] as Item
  const value = gateway[name]
  if (Array.isArray(value) && typeof index === 'number') value.splice(index, 1)
  else if (Object.hasOwn(gateway, name)) delete gateway[name]
  else return removeKey(draft, draft.file, 'gateway', message, placeOf)
  draft.tell('left_out', `gateway.${name}`, message, placeOf(gateway), draft.file)
  return true
}
