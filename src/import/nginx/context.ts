import type { Draft, Item, Place } from '../draft.ts'
import type { Directive } from './parse.ts'
import type { Scope } from './words.ts'

/** One location on its way to a route. */
export interface LocationContext {
  readonly draft: Draft
  /** Innermost block first: the location, what it is nested in, the server, `http`. */
  readonly scope: Scope
  readonly route: Item
  /** `location /api`, as findings call it. */
  readonly what: string
  readonly place: Place
  /** All of `http`: zones, maps, upstreams. */
  readonly whole: Whole
}

/** What locations refer to by name. */
export interface Whole {
  readonly http: readonly Directive[]
  /** Names of `upstream` blocks. */
  readonly upstreams: ReadonlySet<string>
  /** Users of files of passwords, so that each is written once. */
  readonly users: Map<string, Item>
  /** Files of passwords in use. */
  readonly passwordFiles: readonly string[]
  /** The largest body of each route, as the options of its entry in JSON. */
  readonly sizes: Map<Item, string>
  /** Relative files start here. */
  readonly directory: string
  /** All locations of the server, for subrequests. */
  readonly locations: readonly Directive[]
}

/** Answers 503, and says which directive is to blame. */
export function closeRoute ({ draft, route, what }: LocationContext, directive: Directive, message: string): void {
  draft.close(route, `${what}: ${[directive.name, ...directive.args].join(' ').slice(0, 80)}`, message, directive.place)
}

export function addPlugin (route: Item, name: string, config?: Item): Item {
  const entry: Item = config === undefined ? { name } : { name, config }
  ;(route['plugins'] as Item[]).push(entry)
  return entry
}
