/** Something by host: exact names and both kinds of wildcard by look-up, never by trying one pattern after the other. */
import { hostName, hostPort } from './hosts.ts'
import type { HostPattern } from './hosts.ts'

export interface HostIndex<T> {
  /** By pattern text, with `:port` where the pattern has one. */
  readonly exact: Map<string, T>
  readonly suffix: Map<string, T>
  readonly prefix: Map<string, T>
  /** Lengths of the pattern texts: what a Host field is cut to, however long it is. */
  readonly suffixLengths: Set<number>
  readonly prefixLengths: Set<number>
  longestSuffix: number
  longestPrefix: number
  /** Whether any pattern has a port. */
  ports: boolean
  /** For requests of any host. */
  any: T | null
}

export function makeHostIndex<T> (): HostIndex<T> {
  return {
    exact: new Map(),
    suffix: new Map(),
    prefix: new Map(),
    suffixLengths: new Set(),
    prefixLengths: new Set(),
    longestSuffix: 0,
    longestPrefix: 0,
    ports: false,
    any: null
  }
}

/** What the index has for the pattern (null: any host), made when it has nothing yet. */
export function hostValue<T> (index: HostIndex<T>, pattern: HostPattern | null, make: () => T): T {
  if (pattern === null) {
    index.any ??= make()
    return index.any
  }
  const { kind, text, port } = pattern
  const key = port === null ? text : `${text}:${port}`
  const value = index[kind].get(key) ?? make()
  index[kind].set(key, value)
  index.ports ||= port !== null
  if (kind === 'suffix') {
    index.suffixLengths.add(text.length)
    index.longestSuffix = Math.max(index.longestSuffix, text.length)
  } else if (kind === 'prefix') {
    index.prefixLengths.add(text.length)
    index.longestPrefix = Math.max(index.longestPrefix, text.length)
  }
  return value
}

/**
 * What the index has for a request.
 *
 * @param host as received
 * @param listenerPort in effect when the host says no port
 */
export function hostValues<T> (index: HostIndex<T>, host: string, listenerPort: number): T[] {
  const name = hostName(host)
  const port = index.ports ? hostPort(host) ?? listenerPort : null
  const found: T[] = []
  collect(found, index.exact, name, port)
  // a wildcard stands for one character at least
  for (let dot = name.lastIndexOf('.'); dot > 0 && name.length - dot <= index.longestSuffix; dot = name.lastIndexOf('.', dot - 1)) {
    if (index.suffixLengths.has(name.length - dot)) collect(found, index.suffix, name.slice(dot), port)
  }
  for (let end = name.indexOf('.') + 1; end > 0 && end < name.length && end <= index.longestPrefix; end = name.indexOf('.', end) + 1) {
    if (index.prefixLengths.has(end)) collect(found, index.prefix, name.slice(0, end), port)
  }
  if (index.any !== null) found.push(index.any)
  return found
}

function collect<T> (found: T[], values: ReadonlyMap<string, T>, text: string, port: number | null): void {
  const value = values.get(text)
  if (value !== undefined) found.push(value)
  if (port === null) return
  const ported = values.get(`${text}:${port}`)
  if (ported !== undefined) found.push(ported)
}
