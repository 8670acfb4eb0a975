import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/model.ts'
import { Chains } from '../config/chains.ts'
import type { PluginRegistry } from '../plugins.ts'
import { tokensOf, type Tokens } from '../proxy/fields/product.ts'
import { ServicePolicies } from '../proxy/service-policy.ts'
import { Destinations } from '../upstream/destinations.ts'
import { version } from '../version.ts'
import { createRoot } from './root.ts'
import { runAll } from './run-all.ts'
import { Runtimes } from './runtimes.ts'
import { Scopes } from './scope-set.ts'
import { Entries } from './setup.ts'
import type { SnapshotServices } from './snapshot-services.ts'

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly services: SnapshotServices
  readonly app: FastifyInstance
  readonly tokens: Tokens
  readonly runtimes: Runtimes
  readonly destinations: Destinations
  readonly policies: ServicePolicies
  readonly entries: Entries
  readonly scopes: Scopes
  /** Somebody wants to know how requests end: the access log, or a log hook. */
  readonly observed: boolean
}

/**
 * Makes the parts of a snapshot and waits until they are ready. What fails leaves nothing behind.
 *
 * @throws GatewayError or the error of a plugin's `setup` or `register`, with the plugin's name
 */
export async function assemble (config: Config, registry: PluginRegistry, services: SnapshotServices): Promise<SnapshotParts> {
  // what was made is given back in reverse order
  const undo: Array<() => unknown> = []
  try {
    const app = createRoot(services.log)
    // it may fail for what it failed to start for
    undo.unshift(() => app.close().catch(() => {}))
    const chains = new Chains(config, registry)
    const entries = new Entries({ config, registry, root: app, services })
    undo.unshift(() => entries.close())
    const enabled = config.plugins.filter(entry => entry.enabled)
    await entries.setUp(services.outside === undefined ? enabled : chains.of(null).flatMap(item => item.entries))
    const policies = new ServicePolicies(services)
    undo.unshift(() => policies.release())
    policies.open(config)
    await services.breath()
    const destinations = new Destinations(config, services)
    undo.unshift(() => destinations.release())
    await destinations.open()
    await services.breath()
    const tokens = tokensOf(config.gateway.headers, version)
    const scopes = new Scopes({ config, registry, services, app, tokens, entries }, chains.of(null))
    const runtimes = new Runtimes({ config, registry, chains, scopes, destinations, policies })
    // else when the first request of each comes
    if (services.outside === undefined) runtimes.fill()
    await app.ready()
    await services.breath()
    const observed = services.onFinish !== null || scopes.logged
    return { config, registry, services, app, tokens, scopes, runtimes, destinations, policies, entries, observed }
  } catch (error) {
    await runAll(undo, services.log)
    throw error
  }
}
