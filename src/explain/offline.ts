/** What takes requests in, made of a configuration alone: the engine's own parts, without plugins that run and without a network. */
import { chainKey, Chains } from '../config/chains.ts'
import type { Config, Route } from '../config/model.ts'
import { createHostReader } from '../gateway/intake/host.ts'
import type { Intake } from '../gateway/intake/intake.ts'
import { enabledEntries, namedFields } from '../gateway/named-fields.ts'
import { PathPolicies } from '../gateway/intake/path-policies.ts'
import { httpsOnlyOf, serviceHost, type RouteRuntime } from '../gateway/runtime.ts'
import type { Scope } from '../gateway/scopes.ts'
import { createTrust } from '../gateway/intake/trust.ts'
import { GatewayError } from '../errors.ts'
import type { PluginRegistry } from '../plugins.ts'
import { FieldRules } from '../proxy/fields/field-rules.ts'
import { tokensOf, type Tokens } from '../proxy/fields/product.ts'
import type { ServicePolicy } from '../proxy/service-policy.ts'
import { compileRouter } from '../router/compile.ts'
import type { Destination } from '../upstream/destination.ts'
import { version } from '../version.ts'

/** Stands where the gateway writes an id that no two requests share. */
const REQUEST_ID = '(an id of its own)'

export interface Offline extends Intake {
  readonly chains: Chains
  readonly tokens: Tokens
}

export function createOffline (config: Config, registry: PluginRegistry): Offline {
  const { gateway } = config
  const chains = new Chains(config, registry)
  const services = new Map(config.services.map(service => [service.id, service]))
  const runtimes = new Map<Route, RouteRuntime>()
  const scopes = new Map<string, Scope>()

  function runtimeOf (route: Route): RouteRuntime {
    const known = runtimes.get(route)
    if (known !== undefined) return known
    const service = route.service === null ? null : services.get(route.service) ?? null
    const key = chainKey(chains.of(route))
    const scope = scopes.get(key) ?? makeScope()
    scopes.set(key, scope)
    const runtime: RouteRuntime = {
      route,
      service,
      scope,
      // intake looks at the address alone
      destination: service === null ? null : { protocol: service.protocol, host: service.host, port: service.port } as Destination,
      reach: () => { throw new TypeError('nothing is sent offline') },
      policy: service === null ? null : {} as ServicePolicy,
      hostHeader: service === null ? '' : serviceHost(service),
      preservesHost: route.preserve_host,
      rank: 0,
      httpsOnly: httpsOnlyOf(route)
    }
    runtimes.set(route, runtime)
    return runtime
  }

  return {
    config,
    chains,
    tokens: tokensOf(gateway.headers, version),
    router: compileRouter(config.routes),
    trust: createTrust(gateway.trusted_ips),
    pathPolicies: new PathPolicies(config),
    readHost: createHostReader(),
    nextId: () => REQUEST_ID,
    fieldRules: new FieldRules({ ...namedFields(enabledEntries(config, registry)), settings: gateway.request_headers }),
    miss: makeScope(),
    runtimeOf,
    // a gateway at rest
    overload: { admit: () => null, refusal: new GatewayError('SP_OVERLOADED', 503, '') }
  }
}

function makeScope (): Scope {
  return { path: '', log: null, policed: false, timed: false, serve () { throw new TypeError('nothing is served offline') } }
}
