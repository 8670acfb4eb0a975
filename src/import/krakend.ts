/** krakend.json of version 3: endpoints with one backend. Aggregation is no work of this gateway, and said. */
import { Draft, entitiesOf, listOf, Names, type Item, type Place } from './draft.ts'
import { ImportError } from './import-error.ts'
import type { Imported, ImportInput } from './importer.ts'
import { applyExtras } from './krakend/extras.ts'
import type { Owner } from './krakend/owner.ts'
import { seconds } from './krakend/limits.ts'
import { Backends } from './krakend/backends.ts'
import { sayUnknown } from './krakend/unknown.ts'
import { pathPattern, priorities } from './openapi/paths.ts'
import { isItem, items, readStructured, texts, type Structured } from './structured.ts'

/** `{{ .Endpoints }}`, `{{ include "x" }}`: a template is no JSON yet. */
const TEMPLATE = /\{\{-?\s*(?:\.|include|template|marshal|range|if|end|env|\$|with|define|block)/

/** @throws {ImportError} for a template, another version, or no KrakenD at all */
export function importKrakend ({ text, file }: ImportInput): Imported {
  const line = text.slice(0, TEMPLATE.exec(text)?.index ?? 0).split('\n').length
  if (TEMPLATE.test(text)) throw new ImportError(`${file}:${line}: this is a template of the flexible configuration: render it first (FC_ENABLE=1 FC_OUT=out.json krakend check -c ${file}), and import out.json.`)
  const source = readStructured(text, file)
  const { value, at } = source
  if (value['version'] !== 3) throw new ImportError(`${file}: ${value['version'] === undefined ? 'there is no `version`: this is no krakend.json' : `version ${String(value['version'])} of krakend.json is not known; 3 is (krakend-ce's docs say how to upgrade)`}.`)
  const draft = new Draft()
  const places = new WeakMap<object, Place>()
  const endpoints = items(value['endpoints'])
  draft.file['gateway'] = { listen: [{ host: String(value['listen_ip'] ?? '0.0.0.0'), port: Number(value['port'] ?? 8080) }] }
  if (value['tls'] !== undefined) draft.tell('todo', 'tls', 'write its certificates into `certificates`, and `tls: true` into the listener (docs/guides/tls.md); until then only http is served.', at('tls'), draft.file)
  for (const key of ['async_agent', 'client_tls', 'plugin', 'sequential_start']) if (value[key] !== undefined && value[key] !== false) draft.tell('left_out', key, key === 'client_tls' ? 'write `ca_certificates` and `tls_verify` of the services.' : 'there is no such thing here.', at(key), draft.file)
  sayInputs(source, endpoints, draft)
  sayUnknown(source, draft)
  const names = new Names()
  const backends = new Backends(source, draft, places)
  const ranked = priorities(endpoints.map(({ endpoint }) => wildless(String(endpoint))))
  const extra = isItem(value['extra_config']) ? value['extra_config'] : {}
  const hosts = texts(isItem(extra['security/http']) ? extra['security/http']['allowed_hosts'] : undefined)
  for (const [index, endpoint] of endpoints.entries()) {
    const path = String(endpoint['endpoint'])
    const method = String(endpoint['method'] ?? 'GET').toUpperCase()
    const place = at('endpoints', index)
    const wild = path.endsWith('/*')
    const priority = ranked.get(wildless(path)) ?? 0
    const route: Item = {
      name: names.take(`${path}${method === 'GET' ? '' : `-${method}`}`, 'root'),
      ...(hosts.length === 0 ? {} : { hosts }),
      paths: [wild ? path.slice(0, -1) : `~${pathPattern(path)}$`],
      methods: [method],
      ...(priority === 0 ? {} : { regex_priority: priority }),
      strip_path: false,
      plugins: []
    }
    places.set(route, place)
    const owner: Owner = { draft, item: route, what: `${method} ${path}`, at: component => at('endpoints', index, 'extra_config', component) }
    applyExtras(owner, endpoint['extra_config'])
    const timeout = seconds(endpoint['timeout'] ?? value['timeout'] ?? '2s')
    const service = backends.service(owner, { endpoint, index, path, method, timeout })
    listOf(service ?? draft.file, 'routes').push(route)
  }
  applyExtras({ draft, item: draft.file, what: 'extra_config', at: component => at('extra_config', component) }, extra)
  // there both count; here an entry of a route stands in the place of that of the whole file
  if (listOf(draft.file, 'plugins').some(({ name }) => name === 'rate-limiting')) {
    for (const route of entitiesOf(draft, 'routes')) {
      if (listOf(route, 'plugins').some(({ name }) => name === 'rate-limiting')) draft.close(route, `${String(route['name'])}: qos/ratelimit`, 'a limit of its own beside that of the whole can\'t be said.', places.get(route) ?? at('extra_config'))
    }
  }
  return { draft, placeOf: item => places.get(item) ?? { file, line: null }, head: [] }
}

function wildless (path: string): string {
  return path.replace(/\/\*$/, '/{rest}')
}

/** There nothing of a request is passed on but what an endpoint names. */
function sayInputs ({ at }: Structured, endpoints: readonly Item[], draft: Draft): void {
  const narrow = endpoints.filter(endpoint => !texts(endpoint['input_headers'] ?? endpoint['headers_to_pass']).includes('*') || !texts(endpoint['input_query_strings'] ?? endpoint['querystring_params']).includes('*'))
  if (narrow.length === 0) return
  draft.tell('left_out', 'input_headers, input_query_strings', `${narrow.length} of ${endpoints.length} endpoints pass on only what they name; here services get all header fields and query arguments (take some out with request-transformer).`, at('endpoints', endpoints.indexOf(narrow[0] as Item)), draft.file)
}
