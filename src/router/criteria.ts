/** Every criterion of a route but host and path, compiled: what is left to ask once those two have matched. */
import type { Route } from '../config/model.ts'
import { compileHeaderRegex, isProblem } from './path-regex.ts'
import type { RoutingRequest } from './types.ts'
import { decodeUtf8 } from './utf8.ts'

export interface HeaderCriterion {
  /** Lower-case, with hyphens for underscores. */
  readonly name: string
  /** Lower-case. */
  readonly values: ReadonlySet<string>
  readonly regexes: readonly RegExp[]
  /** Longer values (bytes) are none of `values`: they aren't even folded. */
  readonly longest: number
}

export interface Criteria {
  readonly methods: ReadonlySet<string> | null
  readonly headers: readonly HeaderCriterion[] | null
  readonly snis: ((sni: string) => boolean) | null
}

/**
 * @param methodSets of the router so far, by their methods: shared by the routes of one list, they stay in the cache
 * @throws when a header regex is one that the configuration's check refuses
 */
export function compileCriteria (route: Route, methodSets: Map<string, ReadonlySet<string>>): Criteria {
  const headers = Object.entries(route.headers ?? {})
  return {
    methods: isSet(route.methods) ? methodSet(route.methods, methodSets) : null,
    headers: headers.length > 0 ? headers.map(([name, values]) => compileHeader(name, values)) : null,
    snis: isSet(route.snis) ? compileSnis(route.snis) : null
  }
}

function methodSet (methods: readonly string[], sets: Map<string, ReadonlySet<string>>): ReadonlySet<string> {
  const key = methods.join(' ')
  const set = sets.get(key) ?? new Set(methods)
  sets.set(key, set)
  return set
}

export function accepts ({ methods, headers, snis }: Criteria, request: RoutingRequest): boolean {
  return (methods === null || methods.has(request.method)) &&
    // a plain request has no server name to ask about, and passes
    (snis === null || request.scheme !== 'https' || (request.sni !== null && snis(request.sni.toLowerCase()))) &&
    (headers === null || headers.every(header => acceptsHeader(header, request.headers)))
}

/** Header names without case, `-` and `_` equal. */
export function foldHeaderName (name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** Whether a received name is the one that was folded before; nearly always decided by its length. */
export function isHeader (received: string, folded: string): boolean {
  return received.length === folded.length && (received === folded || foldHeaderName(received) === folded)
}

/** A received value as text: Node gives one character a byte. */
function headerText (value: string): string {
  return /[\x80-\xff]/.test(value) ? decodeUtf8(value) : value
}

/** A received value without case. */
export function foldHeaderValue (value: string): string {
  return headerText(value).toLowerCase()
}

function compileHeader (name: string, values: readonly string[]): HeaderCriterion {
  const literals = new Set(values.filter(value => !value.startsWith('~*')).map(value => value.toLowerCase()))
  return {
    name: foldHeaderName(name),
    values: literals,
    regexes: values.filter(value => value.startsWith('~*')).map(value => headerRegex(value.slice(2))),
    // a UTF-16 code unit has at most three bytes
    longest: 3 * Math.max(0, ...[...literals].map(value => value.length))
  }
}

function headerRegex (pattern: string): RegExp {
  const result = compileHeaderRegex(pattern)
  if (isProblem(result)) throw new TypeError(`header regex ${pattern}: ${result.reason}`)
  return result.regex
}

function acceptsHeader ({ name, values, regexes, longest }: HeaderCriterion, headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (!isHeader(headers[index] ?? '', name)) continue
    const value = headers[index + 1] ?? ''
    if (value.length <= longest && values.has(foldHeaderValue(value))) return true
    if (regexes.length > 0 && regexes.some(regex => regex.test(headerText(value)))) return true
  }
  return false
}

function compileSnis (snis: readonly string[]): (sni: string) => boolean {
  const names = snis.map(sni => sni.toLowerCase().replace(/(?<=.)\.$/, ''))
  const exact = new Set(names.filter(name => !name.includes('*')))
  const suffixes = names.filter(name => name.startsWith('*.')).map(name => name.slice(1))
  const prefixes = names.filter(name => name.endsWith('.*')).map(name => name.slice(0, -1))
  return sni => exact.has(sni) ||
    suffixes.some(suffix => sni.length > suffix.length && sni.endsWith(suffix)) ||
    prefixes.some(prefix => sni.length > prefix.length && sni.startsWith(prefix))
}

function isSet (values: readonly string[] | null): values is readonly string[] {
  return values !== null && values.length > 0
}
