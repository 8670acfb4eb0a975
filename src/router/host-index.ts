/** Something by host: exact names and both kinds of wildcard by look-up, never by trying one pattern after the other. */
import { hostName, hostPort } from './hosts.ts'
import type { HostPattern } from './hosts.ts'

export interface HostIndex<T> {
  /** By pattern text, with `:port` where the pattern has one. */
  readonly exact: Kind<T>
  /** By `.example.com`. */
  readonly suffix: Kind<T>
  /** By `example.`. */
  readonly prefix: Kind<T>
  /** Whether any pattern has a port. */
  ports: boolean
  /** For requests of any host. */
  any: T | null
}

interface Kind<T> {
  readonly values: ReadonlyMap<string, T>
  /** Of the pattern texts: only as much of a Host field is looked up, however long it is. */
  readonly lengths: ReadonlySet<number>
  readonly longest: number
}

interface KindDraft<T> extends Kind<T> {
  readonly values: Map<string, T>
  readonly lengths: Set<number>
  longest: number
}

export interface HostIndexDraft<T> extends HostIndex<T> {
  readonly exact: KindDraft<T>
  readonly suffix: KindDraft<T>
  readonly prefix: KindDraft<T>
}

export function makeHostIndex<T> (): HostIndexDraft<T> {
  const kind = () => ({ values: new Map<string, T>(), lengths: new Set<number>(), longest: 0 })
  return { exact: kind(), suffix: kind(), prefix: kind(), ports: false, any: null }
}

/** What the index has for the pattern (null: any host), made when it has nothing yet. */
export function hostValue<T> (index: HostIndexDraft<T>, pattern: HostPattern | null, make: () => T): T {
  if (pattern === null) {
    index.any ??= make()
    return index.any
  }
  const { text, port } = pattern
  const kind = index[pattern.kind]
  const key = port === null ? text : `${text}:${port}`
  const value = kind.values.get(key) ?? make()
  kind.values.set(key, value)
  kind.lengths.add(text.length)
  kind.longest = Math.max(kind.longest, text.length)
  index.ports ||= port !== null
  return value
}

/** The same index with other values. */
export function mapHosts<T, U> (index: HostIndex<T>, change: (value: T) => U): HostIndex<U> {
  const kind = ({ values, ...rest }: Kind<T>) => ({ ...rest, values: new Map([...values].map(([text, value]) => [text, change(value)])) })
  return {
    exact: kind(index.exact),
    suffix: kind(index.suffix),
    prefix: kind(index.prefix),
    ports: index.ports,
    any: index.any === null ? null : change(index.any)
  }
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
  const { exact, suffix, prefix } = index
  if (exact.lengths.has(name.length)) collect(found, exact, name, port)
  // a wildcard stands for one character at least
  for (let dot = suffix.longest > 0 ? name.lastIndexOf('.') : 0; dot > 0 && name.length - dot <= suffix.longest; dot = name.lastIndexOf('.', dot - 1)) {
    if (suffix.lengths.has(name.length - dot)) collect(found, suffix, name.slice(dot), port)
  }
  for (let end = prefix.longest > 0 ? name.indexOf('.') + 1 : 0; end > 0 && end < name.length && end <= prefix.longest; end = name.indexOf('.', end) + 1) {
    if (prefix.lengths.has(end)) collect(found, prefix, name.slice(0, end), port)
  }
  if (index.any !== null) found.push(index.any)
  return found
}

function collect<T> (found: T[], { values }: Kind<T>, text: string, port: number | null): void {
  const value = values.get(text)
  if (value !== undefined) found.push(value)
  if (port === null) return
  const ported = values.get(`${text}:${port}`)
  if (ported !== undefined) found.push(ported)
}
