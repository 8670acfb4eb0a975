/** Keys that nothing is made of: each kind is told once, and none goes without a word. */
import type { Draft, Item } from '../draft.ts'
import { items, type Structured } from '../structured.ts'

const ROOT = new Set(['version', 'name', 'endpoints', 'host', 'port', 'listen_ip', 'timeout', 'extra_config', 'output_encoding', 'tls', 'async_agent', 'client_tls', 'plugin', 'sequential_start'])
const ENDPOINT = new Set(['endpoint', 'method', 'backend', 'extra_config', 'timeout', 'output_encoding', 'input_headers', 'headers_to_pass', 'input_query_strings', 'querystring_params'])
const BACKEND = new Set(['url_pattern', 'method', 'host', 'extra_config', 'allow', 'deny', 'mapping', 'group', 'target', 'is_collection', 'whitelist', 'blacklist', 'flatmap_filter', 'sd', 'disable_host_sanitize'])

/** How connections are kept, and what is for whoever writes the file. */
const HARMLESS = /^(?:[^a-z]|(?:max_)?idle_conn|idle_timeout|dialer_|dns_cache_ttl|disable_(?:keep_alives|compression|rest)|(?:debug|echo)_endpoint|expect_continue_timeout|max_(?:shutdown|header)|use_h2c)/

const WORDS: Readonly<Record<string, string>> = {
  cache_ttl: 'Cache-Control is what the service says; see response-transformer.',
  concurrent_calls: 'a service is asked once; see `hedge_delay` in docs/guides/resilience.md.',
  encoding: 'answers are passed on as the service encodes them, and not decoded before.',
  input_headers: 'services get all header fields; take some out with request-transformer.',
  input_query_strings: 'services get all query arguments; take some out with request-transformer.',
  read_timeout: 'see `gateway.timeouts`.',
  write_timeout: 'see `gateway.timeouts`.',
  read_header_timeout: 'see `gateway.timeouts`.',
  response_header_timeout: 'see `read_timeout` of the services.',
  allow_insecure_connections: 'certificates of services are verified; `tls_verify: false` of a service is the other way.'
}

/** What JSON is decoded to and encoded from is not seen from outside. */
const PLAIN = new Set<unknown>(['json', 'safejson', 'fast-json', 'no-op', ''])

export function sayUnknown ({ value, at }: Structured, draft: Draft): void {
  const told = new Set<string>()
  const look = (item: Item, known: ReadonlySet<string>, where: string, path: ReadonlyArray<string | number>): void => {
    for (const [key, option] of Object.entries(item)) {
      if (known.has(key) || HARMLESS.test(key) || option === null || option === false || (key === 'encoding' && PLAIN.has(option)) || (key === 'concurrent_calls' && option === 1)) continue
      const what = where === '' ? key : `${where}.${key}`
      if (told.has(what)) continue
      told.add(what)
      draft.tell('left_out', what, WORDS[key] ?? 'there is no such thing here.', at(...path, key), draft.file)
    }
  }
  look(value, ROOT, '', [])
  for (const [index, endpoint] of items(value['endpoints']).entries()) {
    look(endpoint, ENDPOINT, 'endpoints', ['endpoints', index])
    for (const [position, backend] of items(endpoint['backend']).entries()) look(backend, BACKEND, 'backend', ['endpoints', index, 'backend', position])
  }
}
