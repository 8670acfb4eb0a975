/** gateway.config.yml of Express Gateway: endpoints in their order, pipelines as entries of their routes. */
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import { Draft, listOf, Names, type Item, type Place } from './draft.ts'
import { ImportError } from './import-error.ts'
import type { Imported, ImportInput } from './importer.ts'
import { regexPath } from './path-regex.ts'
import { isItem, items, readStructured, texts, type Structured } from './structured.ts'
import { authenticate } from './express/authentication.ts'
import { readPipelines, type Pipeline } from './express/pipelines.ts'
import { writePaths, type Endpoint, type Written } from './express/paths.ts'
import { applyStep, AUTHENTICATORS } from './express/policies.ts'
import { Proxies } from './express/proxy.ts'
import type { PolicyContext } from './express/step.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

interface Mounted extends Endpoint {
  readonly methods: string[]
  readonly scopes: string[]
  readonly place: Place
  /** Why it can't be said. */
  readonly unsaid: string | null
}

/** @throws {ImportError} for a text that is no configuration of Express Gateway */
export function importExpressGateway ({ text, file, path }: ImportInput): Imported {
  const source = readStructured(text, file)
  if (!isItem(source.value['pipelines']) && !Array.isArray(source.value['pipelines'])) throw new ImportError(`${file}: there are no \`pipelines\`: this is no gateway.config.yml of Express Gateway.`)
  const draft = new Draft()
  const places = new WeakMap<object, Place>()
  const pipelines = readPipelines(source)
  const endpoints = readEndpoints(source)
  const { http, https } = source.value
  const port = isItem(http) ? Number(/^(?:\$\{\w+:-?)?(\d+)\}?$/.exec(String(http['port']))?.[1]) : NaN
  if (port > 0) {
    // a name or a variable may lead anywhere: this machine alone until somebody says where
    const named = (http as Item)['hostname'] ?? '0.0.0.0'
    const host = isIP(String(named)) === 0 ? '127.0.0.1' : String(named)
    draft.file['gateway'] = { listen: [{ host, port }] }
    if (host !== named && named !== 'localhost') draft.tell('todo', 'http.hostname', `write the address that ${String(named)} stands for into \`listen\`; until then only this machine is served.`, source.at('http', 'hostname'), draft.file)
  }
  if (https !== undefined) draft.tell('todo', 'https', 'write its certificates into `certificates`, and a listener with `tls: true` (docs/guides/tls.md).', source.at('https'), draft.file)
  if (source.value['admin'] !== undefined) draft.tell('left_out', 'admin', 'there is no Admin API that changes anything: the file does.', source.at('admin'), draft.file)
  if (existsSync(join(dirname(path), 'system.config.yml'))) draft.tell('left_out', 'system.config.yml', 'users, credentials and tokens in its Redis are not moved.', { file, line: null }, draft.file)
  sayOrder(endpoints, draft)
  const proxies = new Proxies(source, draft, places)
  const names = new Names()
  const written = writePaths(endpoints)
  const withMethods = endpoints.some(({ methods }) => methods.length > 0)
  let unsaid: Mounted | undefined
  for (const [index, endpoint] of endpoints.entries()) {
    const what = `apiEndpoints.${endpoint.name}`
    if (endpoint.unsaid !== null) {
      unsaid ??= endpoint
      draft.tell('left_out', what, `it can't be said as a route (${endpoint.unsaid}): all endpoints behind it are closed.`, endpoint.place, draft.file)
      continue
    }
    // its other paths are here already
    if (endpoints[index - 1]?.group === endpoint.group) continue
    const own = written.filter((_, other) => endpoints[other]?.group === endpoint.group && endpoints[other].unsaid === null)
    const pipeline = pipelines.findLast(({ endpoints }) => endpoints.includes(endpoint.name))
    const route: Item = { name: names.take(endpoint.name), ...criteria(endpoint, own, withMethods), plugins: [] }
    places.set(route, endpoint.place)
    if (pipeline === undefined) draft.tell('left_out', what, 'no pipeline has it: answered with 404.', endpoint.place, route)
    const heads = new Map(own.flatMap(({ path, head }) => head === null ? [] : [[path, head] as const]))
    const service = pipeline === undefined ? null : runPipeline(pipeline, { draft, route, what: `pipelines.${pipeline.name}`, scopes: endpoint.scopes }, { endpoint, proxies, heads, directory: dirname(path) })
    if (pipeline === undefined) listOf(route, 'plugins').push({ name: 'request-termination', config: { status_code: 404 } })
    if (unsaid !== undefined) draft.close(route, what, `apiEndpoints.${unsaid.name} can't be said, and its requests would come here.`, endpoint.place)
    listOf(service ?? draft.file, 'routes').push(route)
  }
  return { draft, placeOf: item => places.get(item) ?? { file, line: null }, head: [] }
}

function criteria ({ host, methods }: Mounted, written: readonly Written[], withMethods: boolean): Item {
  const priority = Math.max(...written.map(({ priority }) => priority))
  return {
    ...(host === null ? {} : { hosts: [host] }),
    paths: written.map(({ path }) => path),
    // all routes ask for as much as each other: their order is that of the file
    ...(methods.length > 0 ? { methods } : withMethods ? { methods: METHODS } : {}),
    ...(priority === 0 ? {} : { regex_priority: priority })
  }
}

/** @returns the service that requests go to; null where the gateway answers */
function runPipeline (pipeline: Pipeline, context: PolicyContext, { endpoint, proxies, heads, directory }: { endpoint: Mounted, proxies: Proxies, heads: ReadonlyMap<string, string>, directory: string }): Item | null {
  const { route, draft, what } = context
  const guards = pipeline.steps.filter(({ policy }) => AUTHENTICATORS.has(policy))
  const proxied = pipeline.steps.filter(({ policy }) => policy === 'proxy')
  authenticate(context, guards, directory)
  if (guards.length === 0 && endpoint.scopes.length > 0) draft.tell('left_out', `apiEndpoints.${endpoint.name}.scopes`, 'no policy of its pipeline looks at them, there as here.', endpoint.place, route)
  for (const step of pipeline.steps) if (!guards.includes(step) && !proxied.includes(step)) applyStep(context, step)
  const [step, ...more] = proxied
  if (step === undefined) {
    if (!(route['plugins'] as Item[]).some(({ name }) => name === 'request-termination')) draft.close(route, what, 'nothing in it answers.', pipeline.place)
    return null
  }
  if (more.length > 0 || step.condition !== 'always') {
    draft.close(route, `${what}: proxy`, 'a service that is chosen by a condition can\'t be said: write a route for each.', step.place)
    return null
  }
  return proxies.service(context, step, heads)
}

function readEndpoints (source: Structured): Mounted[] {
  const mounted: Mounted[] = []
  let group = 0
  for (const [name, value] of Object.entries(isItem(source.value['apiEndpoints']) ? source.value['apiEndpoints'] : {})) {
    const list = Array.isArray(value) ? items(value) : [isItem(value) ? value : {}]
    for (const endpoint of list) {
      const host = typeof endpoint['host'] === 'string' && endpoint['host'] !== '*' ? endpoint['host'].replace(/:\d+$/, '') : null
      const methods = texts(endpoint['methods']).flatMap(text => text.split(',')).map(text => text.trim().toUpperCase()).filter(method => method !== '' && method !== '*')
      const common = {
        name,
        group: group++,
        host,
        // Express answers HEAD as GET
        methods: methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods,
        scopes: texts(endpoint['scopes']),
        place: source.at('apiEndpoints', name),
        unsaid: endpoint['hostRegex'] === undefined ? null : 'its host is a regex'
      }
      if (typeof endpoint['pathRegex'] === 'string') {
        const regex = regexPath(endpoint['pathRegex'], false)
        mounted.push({ ...common, path: '*', regex: typeof regex === 'string' ? regex : null, unsaid: common.unsaid ?? (typeof regex === 'string' ? null : regex.why) })
        continue
      }
      const paths = texts(endpoint['paths'] ?? endpoint['path'])
      for (const path of paths.length === 0 ? ['*'] : paths) mounted.push({ ...common, path: path.startsWith('*') && path.length > 1 ? '*' : path, regex: null, unsaid: common.unsaid ?? (/[?+()]/.test(path) ? 'its path has signs of a regex' : null) })
    }
  }
  return mounted
}

/** A route with hosts comes before one without here, whatever stands first. */
function sayOrder (endpoints: readonly Mounted[], draft: Draft): void {
  const first = endpoints.findIndex(({ host }) => host === null)
  const later = endpoints.find((endpoint, index) => first !== -1 && index > first && endpoint.host !== null)
  if (later !== undefined) draft.tell('changed', `apiEndpoints.${later.name}`, `its host comes before endpoints without one here, where apiEndpoints.${String(endpoints[first]?.name)} stands first in the file.`, later.place, draft.file)
}
