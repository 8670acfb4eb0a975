/** OpenAPI 3.0 to 3.2: a service for each server, routes for its paths, requests held against the document itself. */
import { relative } from 'node:path'
import { ImportError } from './import-error.ts'
import { Draft, Names, slug, type Item, type Place } from './draft.ts'
import type { Imported, ImportInput } from './importer.ts'
import { readOperations, type Operation } from './openapi/operations.ts'
import { pathPattern, priorities } from './openapi/paths.ts'
import { Security } from './openapi/security.ts'
import { isItem, readStructured } from './structured.ts'

/** What becomes one route: operations that share everything a route can say. */
interface Group {
  readonly name: string
  readonly operations: Operation[]
}

/** @throws {ImportError} for a document of another version, or without paths */
export async function importOpenapi ({ text, file, path, directory, options }: ImportInput): Promise<Imported> {
  const source = readStructured(text, file)
  const version = String(source.value['openapi'] ?? '')
  if (source.value['swagger'] !== undefined) throw new ImportError(`${file}: this is Swagger ${String(source.value['swagger'])}: convert it to OpenAPI 3 first (npx swagger2openapi).`)
  if (!/^3\.[012](\.|$)/.test(version)) throw new ImportError(`${file}: ${version === '' ? 'there is no `openapi`: this is no OpenAPI document' : `OpenAPI ${version} is not known; 3.0, 3.1 and 3.2 are`}.`)
  const draft = new Draft()
  const places = new WeakMap<object, Place>()
  const operations = readOperations(source, draft, options.upstream)
  if (operations.length === 0) throw new ImportError(`${file}: the document has no operations.`)
  const security = new Security(source, draft)
  const title = isItem(source.value['info']) ? String(source.value['info']['title'] ?? '') : ''
  const serviceNames = new Names()
  const routeNames = new Names()
  for (const origin of new Set(operations.map(operation => operation.server.origin))) {
    const own = operations.filter(operation => operation.server.origin === origin)
    const first = own[0] as Operation
    const service: Item = { name: serviceNames.take(title, 'api'), url: origin, routes: [], plugins: [] }
    if (first.server.missing) draft.tell('todo', 'servers', 'the document doesn\'t say where the service is: write its address (or import again with --upstream).', first.server.place, service, 'url')
    const validator: Item = { name: 'oas-validator', config: { spec_file: relativeName(directory, path) } }
    draft.comment(validator, 'Requests are held against the document; what it doesn\'t have is refused.')
    ;(service['plugins'] as Item[]).push(validator)
    const ranked = priorities(own.map(({ base, path }) => base + path))
    const groups = group(own, options.routes ?? 'path', ranked)
    const shared = commonSecurity(groups)
    for (const { name, operations } of groups) {
      const route = routeOf(routeNames.take(name), operations, ranked)
      places.set(route, (operations[0] as Operation).place)
      if (shared === null) security.apply(route, operations[0] as Operation)
      ;(service['routes'] as Item[]).push(route)
    }
    if (shared !== null) security.apply(service, shared)
    places.set(service, first.server.place)
    places.set(validator, first.server.place)
    draft.list('services').push(service)
  }
  security.sayPublic(operations)
  return { draft, placeOf: item => places.get(item) ?? { file, line: null }, head: [] }
}

/**
 * Operations that differ in who may call never share a route; nor do those whose paths and methods, taken together, would
 * make a route that takes an operation of another one.
 */
function group (operations: readonly Operation[], unit: 'path' | 'operation' | 'tag', ranked: ReadonlyMap<string, number>): Group[] {
  const unitOf = (operation: Operation): string => unit === 'tag' ? operation.tag : unit === 'operation' ? `${operation.method} ${operation.path}` : operation.path
  const shared = (operation: Operation): unknown[] => [unitOf(operation), operation.base, operation.security]
  const methods = new Map<string, string[]>()
  for (const operation of operations) {
    const key = JSON.stringify([operation.path, ...shared(operation)])
    methods.set(key, [...methods.get(key) ?? [], operation.method])
  }
  const groups = new Map<string, Group>()
  for (const operation of operations) {
    const name = unit === 'tag' ? operation.tag : unit === 'operation' ? operation.id : slug(operation.path) || 'root'
    const key = JSON.stringify([...shared(operation), methods.get(JSON.stringify([operation.path, ...shared(operation)]))?.sort(), ranked.get(operation.base + operation.path)])
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { name, operations: [operation] })
    else known.operations.push(operation)
  }
  return [...groups.values()]
}

/** The operation whose security all groups share; null where they differ. */
function commonSecurity (groups: readonly Group[]): Operation | null {
  const [first] = groups
  const wanted = JSON.stringify(first?.operations[0]?.security)
  return groups.every(({ operations }) => JSON.stringify(operations[0]?.security) === wanted) ? first?.operations[0] ?? null : null
}

function routeOf (name: string, operations: readonly Operation[], ranked: ReadonlyMap<string, number>): Item {
  const paths = [...new Set(operations.map(({ base, path }) => base + path))]
  const methods = [...new Set(operations.map(({ method }) => method))]
  const priority = ranked.get(paths[0] ?? '') ?? 0
  return {
    name,
    paths: paths.map(path => `~${pathPattern(path)}$`),
    methods,
    ...(priority === 0 ? {} : { regex_priority: priority }),
    strip_path: false
  }
}

function relativeName (directory: string, path: string): string {
  const name = relative(directory, path).replaceAll('\\', '/')
  return name.startsWith('.') ? name : `./${name}`
}
