import type { Chains } from '../config/chains.ts'
import type { Config, Route, Service } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { ServicePolicies } from '../proxy/service-policy.ts'
import type { Destination } from '../upstream/destination.ts'
import type { Destinations } from '../upstream/destinations.ts'
import { entryBreakers } from './entry-breakers.ts'
import { ranksOf } from './overload/ranks.ts'
import { httpsOnlyOf, serviceHost, type RouteRuntime } from './runtime.ts'
import type { Scopes } from './scope-set.ts'

export interface RuntimesOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly chains: Chains
  readonly scopes: Scopes
  readonly destinations: Destinations
  readonly policies: ServicePolicies
}

/** What is known about the requests of each route before the first one comes. */
export class Runtimes {
  readonly #options: RuntimesOptions
  readonly #services: ReadonlyMap<string, Service>
  readonly #ranks: ReturnType<typeof ranksOf>
  readonly #runtimes = new Map<Route, RouteRuntime>()

  constructor (options: RuntimesOptions) {
    this.#options = options
    this.#services = new Map(options.config.services.map(service => [service.id, service]))
    this.#ranks = ranksOf(options.config)
  }

  /** Makes those of all routes. */
  fill (): void {
    for (const route of this.#options.config.routes) this.of(route)
  }

  of (route: Route): RouteRuntime {
    let runtime = this.#runtimes.get(route)
    if (runtime === undefined) this.#runtimes.set(route, runtime = this.#make(route))
    return runtime
  }

  #make (route: Route): RouteRuntime {
    const { registry, chains, scopes, destinations, policies } = this.#options
    const service = route.service === null ? null : this.#services.get(route.service) ?? null
    const chain = chains.of(route)
    const breakers = [...entryBreakers(chain, registry, route)]
    const reach = (to: Service): Destination => destinations.behind(breakers, to)
    return {
      route,
      service,
      scope: scopes.of(chain),
      destination: service === null ? null : reach(service),
      reach,
      policy: service === null ? null : policies.of(service.id),
      hostHeader: service === null ? '' : serviceHost(service),
      preservesHost: route.preserve_host,
      rank: this.#ranks.of(route),
      httpsOnly: httpsOnlyOf(route)
    }
  }
}
