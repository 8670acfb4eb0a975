import type { Route, Service } from '../config/model.ts'
import type { ServicePolicy } from '../proxy/service-policy.ts'
import type { Destination } from '../upstream/destination.ts'
import type { Scope } from './scopes.ts'

/** A route with everything that can be known about its requests before the first one comes. */
export interface RouteRuntime {
  readonly route: Route
  readonly service: Service | null
  readonly scope: Scope
  /** null: no service. */
  readonly destination: Destination | null
  /** Another service's, behind the breakers of this route. */
  readonly reach: (service: Service) => Destination
  /** null: no service. */
  readonly policy: ServicePolicy | null
  /** Host field towards the upstream, unless the client's is preserved. */
  readonly hostHeader: string
  readonly preservesHost: boolean
  /** When load is shed, lower ranks go first. */
  readonly rank: number
  /** Answers plain http with this status; 0: http is welcome. */
  readonly httpsOnly: 0 | 426 | 301 | 302 | 307 | 308
}

/** Host field of a service: the port is left out where it is the scheme's own. */
export function serviceHost (service: Service): string {
  const own = service.protocol === 'https' ? 443 : 80
  return service.port === own ? service.host : `${service.host}:${service.port}`
}

/** How a route answers plain http; 0: as https. */
export function httpsOnlyOf ({ protocols, https_redirect_status_code: status }: Route): RouteRuntime['httpsOnly'] {
  return protocols.includes('https') && !protocols.includes('http') ? status : 0
}
