import type { Route } from '../config/model.ts'

/** What the router looks at. */
export interface RoutingRequest {
  /** Exact bytes. */
  readonly method: string
  /** The Host field as received: any case, with or without port. */
  readonly host: string
  /** Normalised path without query (see normalize.ts). */
  readonly path: string
  /** Header fields as Node's `rawHeaders`: name, value, name, value. */
  readonly headers: readonly string[]
  /** Scheme in effect, after `trusted_ips`. */
  readonly scheme: 'http' | 'https'
  /** Port of the listener, for `hosts` with a port when Host has none. */
  readonly port: number
  /** Server name of the TLS handshake; null on plain connections. */
  readonly sni: string | null
}

export interface RouteMatch {
  readonly route: Route
  /** Groups of the regex path that matched, by number (from '1') and by name; one shared empty object for literals. */
  readonly captures: Readonly<Record<string, string>>
  /** The part of the path that the path criterion matched; '/' for a route without paths. */
  readonly prefix: string
}

export interface Router {
  /** Never throws. */
  match (request: RoutingRequest): RouteMatch | null
}
