/** What a zone of `limit_req` and `limit_conn` counts by. */
import type { Item } from '../draft.ts'
import type { Directive } from './parse.ts'

/** Options of the entry that counts in the same way; undefined where there are none. */
export function limitKey (key: string, http: readonly Directive[]): Item | undefined {
  return variable(key) ?? mapped(key, http)
}

function variable (key: string): Item | undefined {
  if (/^\$(?:binary_)?remote_addr$/.test(key)) return { limit_by: 'ip' }
  const header = /^\$http_(\w+)$/.exec(key)?.[1]
  if (header !== undefined) return { limit_by: 'header', header_name: header.replaceAll('_', '-') }
  return key === '$server_name' || key === '$host' ? { limit_by: 'service' } : undefined
}

/** The two usual tables: addresses that are not counted, and a header that falls back to the address. */
function mapped (key: string, http: readonly Directive[]): Item | undefined {
  const map = blockOf(http, 'map', key)
  const [source = ''] = map?.args ?? []
  const values = map === undefined ? null : table(map)
  if (values === null) return undefined
  const header = /^\$http_\w+$/.test(source) ? variable(source) : undefined
  if (header !== undefined) {
    const byAddress = variable(values.get('') ?? '')?.['limit_by'] === 'ip'
    return byAddress && values.size === 2 && values.get('default') === source ? header : undefined
  }
  const geo = blockOf(http, 'geo', source)
  const networks = geo === undefined || geo.args.length !== 1 ? null : table(geo)
  return networks === null ? undefined : exempted(values, networks)
}

/** All networks of the `geo` have to be exempt: which of several ranges an address is in counts there, and not here. */
function exempted (values: ReadonlyMap<string, string>, networks: ReadonlyMap<string, string>): Item | undefined {
  const counted = (value: string): string => values.get(value) ?? values.get('default') ?? ''
  const others = variable(counted(networks.get('default') ?? ''))
  const ips = [...networks.keys()].filter(network => network !== 'default')
  if (others === undefined || ips.length === 0 || ips.some(network => counted(networks.get(network) ?? '') !== '' || !/^[\da-f.:]+(?:\/\d+)?$/i.test(network))) return undefined
  return { ...others, exempt: { ips } }
}

/** `map $source $name { … }`, `geo $name { … }`. */
function blockOf (http: readonly Directive[], kind: string, name: string): Directive | undefined {
  const found = http.filter(directive => directive.name === kind && directive.args.at(-1) === name && directive.block !== null)
  return found.length === 1 ? found[0] : undefined
}

/** Values by what stands in front of them; null where anything else than plain lines is in it. */
function table ({ block }: Directive): Map<string, string> | null {
  const lines = block ?? []
  const plain = lines.every(({ name, args, block }) => block === null && args.length === 1 && !/^[~*.\\]/.test(name) && !['include', 'hostnames', 'volatile', 'delete', 'proxy', 'proxy_recursive', 'ranges'].includes(name))
  return plain ? new Map(lines.map(({ name, args: [value = ''] }) => [name, value])) : null
}
