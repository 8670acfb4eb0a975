/** The last step of every import: what `check` refuses doesn't stay in the file. */
import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml'
import type { Diagnostic } from '../config/diagnostics.ts'
import { loadConfig } from '../config/load.ts'
import { join } from '../config/pointer.ts'
import { isClosing, type Draft, type Item, type Place } from './draft.ts'
import { isHarmless } from './harmless.ts'
import { ImportError } from './import-error.ts'
import { render } from './render.ts'

export interface SettleOptions {
  readonly draft: Draft
  readonly head: readonly string[]
  /** gateway.yaml as it will be called: relative names in it start at its folder. */
  readonly file: string
  /** Where an item came from. */
  readonly placeOf: (item: object) => Place
}

export interface Settled {
  readonly text: string
  /** Warnings that are left. */
  readonly diagnostics: readonly Diagnostic[]
}

/** A file has few kinds of mistakes that hide behind others. */
const ROUNDS = 12

/** Whoever looks at the result sets the variables; what is wrong with a value that nobody knows yet is not looked at. */
const ENV = new Proxy<Record<string, string>>({}, { get: () => '1', has: () => true })

/**
 * Writes the draft, checks it, and takes out what is refused, until nothing is. A refused entry that protects is
 * replaced by one that answers 503; a route that can't be said is left out.
 *
 * @throws {ImportError} when that doesn't end: a bug of the importer
 */
export async function settle ({ draft, head, file, placeOf }: SettleOptions): Promise<Settled> {
  for (let round = 0; ; round++) {
    keepClosed(draft, placeOf)
    const text = render(draft, head)
    const { diagnostics, source } = await loadConfig({ file, text, env: ENV })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const paths = new PathFinder(text)
    const targets = errors.map(error => ({ error, path: paths.at(error) })).filter(({ path }) => !source.isSecret(path.reduce<string>((pointer, step) => join(pointer, step), '')))
    if (targets.length === 0) return { text, diagnostics: diagnostics.filter(({ severity }) => severity === 'warning') }
    // from the end of each list: what stands before keeps its place
    const found = targets.sort((a, b) => comparePaths(b.path, a.path)).map(target => ({ ...target, trail: follow(draft.file, target.path) }))
    const changed = found.map(({ error, path, trail }) => isThere(draft, path, trail) && repair(draft, path, error, placeOf)).includes(true)
    if (!changed || round === ROUNDS) throw new ImportError(`The result does not pass check, which is a mistake of the import; report it, please: ${targets.map(({ error }) => `${error.path}: ${error.cause}`).join('; ')}`)
  }
}

/** A narrower entry takes the place of a wider one: none that lets some requests through may do so where a wider one closes. */
function keepClosed (draft: Draft, placeOf: SettleOptions['placeOf']): void {
  const owners = [draft.file, ...['services', 'routes', 'consumers', 'consumer_groups'].flatMap(kind => entitiesOf(draft, kind))]
  const entries = owners.flatMap(owner => ((owner['plugins'] as Item[] | undefined) ?? []).filter(entry => entry['name'] === 'request-termination'))
  if (!entries.some(isClosing)) return
  for (const entry of entries) {
    const config = entry['config'] as Item | undefined | null
    for (const key of ['trigger', 'except_ips']) {
      if (config?.[key] === undefined) continue
      delete config[key]
      draft.tell('changed', 'plugins[request-termination]', `without \`${key}\`, while a wider entry is closed: it would let requests through.`, placeOf(entry), entry)
    }
  }
}

type Path = ReadonlyArray<string | number>

function comparePaths (a: Path, b: Path): number {
  for (const [index, step] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (step === other) continue
    return typeof step === 'number' && typeof other === 'number' ? step - other : String(step) < String(other) ? -1 : 1
  }
  return a.length - b.length
}

/** Whether a path still leads where it did: of several mistakes in one item, the first may have taken it out, and another one has its place. */
function isThere (draft: Draft, path: Path, trail: readonly unknown[]): boolean {
  const now = follow(draft.file, path)
  return now.length === trail.length && trail.every((item, index) => now[index] === item)
}

/** @returns whether anything changed */
function repair (draft: Draft, path: Path, error: Diagnostic, placeOf: (item: object) => Place): boolean {
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

/** Entities of a kind, wherever they are nested. */
export function entitiesOf (draft: Draft, kind: string): Item[] {
  const top = (draft.file[kind] as Item[] | undefined) ?? []
  if (kind !== 'routes') return top
  return [...top, ...((draft.file['services'] as Item[] | undefined) ?? []).flatMap(service => (service['routes'] as Item[] | undefined) ?? [])]
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

function follow (root: unknown, path: Path): unknown[] {
  const trail = [root]
  let value = root
  for (const step of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[step]
    trail.push(value)
  }
  return trail
}

/** From places in the text to paths in the draft. */
class PathFinder {
  readonly #root: Node | null
  readonly #starts: number[] = [0]

  constructor (text: string) {
    this.#root = parseDocument(text).contents
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) this.#starts.push(index + 1)
  }

  at ({ range }: Diagnostic): Path {
    const offset = (this.#starts[range.line - 1] ?? 0) + range.column - 1
    const path: Array<string | number> = []
    let node: unknown = this.#root
    for (;;) {
      if (isMap(node)) {
        const pair = node.items.find(({ key, value }) => isScalar(key) && (key.range?.[0] ?? 0) <= offset && offset < Math.max(endOf(value), endOf(key)))
        if (pair === undefined || !isScalar(pair.key)) return path
        path.push(String(pair.key.value))
        if (offset < (pair.key.range?.[1] ?? 0)) return path
        node = pair.value
      } else if (isSeq(node)) {
        const index = node.items.findIndex(item => ((item as Node).range?.[0] ?? 0) <= offset && offset < endOf(item))
        if (index === -1) return path
        path.push(index)
        node = node.items[index]
      } else return path
    }
  }
}

function endOf (node: unknown): number {
  return (node as Node | null)?.range?.[1] ?? 0
}
