import type { FastifyBaseLogger } from 'fastify'
import type { Config, ListenSettings } from '../config/model.ts'
import { createLineWriter } from '../observability/access-line.ts'
import { reasonOfError, type EndReason } from '../observability/end-reason.ts'
import type { Redactor } from '../observability/redaction.ts'
import { redactorOf } from '../observability/secret-names.ts'
import type { MetricFamily } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Copy } from '../proxy/copy.ts'
import { Transport } from '../proxy/transport/transport.ts'
import type { Context } from './context.ts'
import type { ActionOrder, BoundAddress } from './engine.ts'
import { KeptState } from './keep.ts'
import type { MalformedFacts } from './listener/malformed.ts'
import type { Outside } from './outside.ts'
import { Overload } from './overload/overload.ts'
import { ranksOf } from './overload/ranks.ts'
import { measureProcess, type VitalSigns } from './overload/vitals.ts'
import { createRequestIds } from './intake/request-id.ts'
import { AddressLimit } from './listener/address-limit.ts'
import { Listener } from './listener/listener.ts'
import type { ServerFacts } from './server-facts.ts'
import { Snapshot } from './snapshot.ts'
import type { SnapshotServices } from './snapshot-services.ts'
import { newTicketSeed, TicketKeys } from '../tls/ticket-keys.ts'
import { type CountPart, type LimitOrder, StoreStats } from '../stores/store-stats.ts'
import { Breakers } from '../upstream/breaker/breakers.ts'
import { HealthChecks } from '../upstream/health/health-checks.ts'

export interface GatewayServerOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly log: FastifyBaseLogger
  /** Folder of gateway.yaml. */
  readonly directory: string
  readonly workers?: number
  readonly now?: () => number
  /** Makes the writer of the access log for a configuration; null: no log. */
  readonly accessLog?: (config: Config) => ((context: Context) => void) | null
  /** Makes what writes lines of the access log for plugins; default: by its redactor. */
  readonly logLine?: (config: Config) => (context: Context) => string
  /** Makes what cuts secrets; default: one that knows the names to cut, and no secret values. */
  readonly redactor?: (config: Config) => Redactor
  /** Told of requests that the parser refused, which no snapshot sees. */
  readonly onMalformed?: (facts: MalformedFacts) => void
  /** Shared by the processes of one gateway; default: of this one alone. */
  readonly ticketKeys?: TicketKeys
  /** Where to listen, instead of at the addresses of the configuration. */
  readonly listen?: readonly ListenSettings[]
  /** Stands in the place of everything outside of this process, to try a configuration. */
  readonly outside?: Outside
  /** How the process fares, where `gateway.overload` asks for it; default: measures this process. */
  readonly measure?: () => VitalSigns
}

/** A snapshot that is built and waits for its turn. */
export interface Prepared {
  /** Serves from now on; the one before is closed when its last request or stream ends. */
  commit (): void
  discard (): Promise<void>
}

/** What outlives snapshots. */
type Shared = Pick<SnapshotServices, 'transport' | 'breakers' | 'health' | 'kept' | 'overload' | 'copies'>

/** The listeners of one process and the snapshot that they serve. Knows no file and no signal. */
export class GatewayServer {
  readonly #options: GatewayServerOptions
  readonly #shared: Shared
  readonly #listeners: Listener[] = []
  readonly #retired = new Set<Snapshot>()
  #current: Snapshot
  readonly #addresses: AddressLimit
  readonly #malformed: Partial<Record<EndReason, number>> = {}
  #number = 1
  #total = 0

  /** Builds the first snapshot. @throws what its plugins throw */
  static async create (options: GatewayServerOptions): Promise<GatewayServer> {
    const shared = {
      transport: new Transport(options.outside),
      breakers: new Breakers(options.log),
      health: new HealthChecks(options.log, options.outside),
      kept: new KeptState(),
      copies: new Set<Copy>(),
      overload: new Overload({ log: options.log, measure: options.measure ?? measureProcess })
    }
    const first = await buildSnapshot(options, options.config, options.registry, shared)
    return new GatewayServer(options, shared, first)
  }

  private constructor (options: GatewayServerOptions, shared: Shared, first: Snapshot) {
    this.#options = options
    this.#shared = shared
    this.#current = first
    first.begin()
    this.#addresses = new AddressLimit({ log: options.log, workers: options.workers ?? 1 })
    this.#addresses.apply(first.config.gateway)
    shared.overload.apply(first.config.gateway.overload, ranksOf(first.config).count)
    for (const address of options.listen ?? options.config.gateway.listen) {
      this.#listeners.push(new Listener(address, options.config.gateway, {
        current: () => {
          this.#total++
          return this.#current
        },
        inForce: () => this.#current,
        ticketKeys: options.ticketKeys ?? new TicketKeys(newTicketSeed(Date.now())),
        log: options.log,
        nextId: createRequestIds(),
        admit: socket => this.#addresses.admit(socket),
        connected: socket => options.outside?.connected(socket),
        onMalformed: facts => {
          const reason = reasonOfError(facts.code, facts.status)
          this.#malformed[reason] = (this.#malformed[reason] ?? 0) + 1
          options.onMalformed?.(facts)
        }
      }))
    }
  }

  /** @throws the system's error; what had been opened is closed again */
  async listen (): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.listen()
    } catch (error) {
      await Promise.all(this.#listeners.map(listener => listener.stop()))
      throw error
    }
  }

  get addresses (): readonly BoundAddress[] {
    return this.#listeners.map(({ address: { host, tls }, port }) => ({ host, port, scheme: tls ? 'https' : 'http' }))
  }

  get config (): Config {
    return this.#current.config
  }

  /** Builds the next snapshot beside the running one. Rejects, and leaves nothing behind, if it can't. */
  async prepare (config: Config, registry: PluginRegistry): Promise<Prepared> {
    const next = await buildSnapshot(this.#options, config, registry, this.#shared)
    return {
      commit: () => this.#swap(next),
      discard: () => next.retire()
    }
  }

  /** Stops accepting; answers end their connection; resolves when the last request, stream and tunnel has ended. */
  async drain (): Promise<void> {
    for (const listener of this.#listeners) listener.drain()
    await Promise.all(this.#listeners.map(listener => listener.stop()))
    await this.#current.idle()
    await Promise.all([...this.#retired].map(snapshot => snapshot.idle()))
  }

  /** Answers from now on carry `Connection: close`; new connections are still accepted. */
  announceDrain (): void {
    for (const listener of this.#listeners) listener.drain()
  }

  /** Cuts what is left: requests, streams, tunnels. */
  destroy (): void {
    for (const listener of this.#listeners) listener.destroy()
  }

  /** After `drain` or `destroy`: closes the snapshot, its plugins and the upstream connections. */
  async close (): Promise<void> {
    await this.#current.retire()
    this.#shared.overload.close()
    // nobody waits for them, so they may outlive their snapshot
    for (const copy of this.#shared.copies) copy.cut()
    await this.#shared.transport.close()
  }

  facts (): ServerFacts {
    let requests = this.#current.inFlight
    for (const snapshot of this.#retired) requests += snapshot.inFlight
    return {
      snapshot: this.#number,
      connections: this.#listeners.reduce((sum, listener) => sum + listener.connections, 0),
      refused: this.#addresses.refused,
      requests,
      total: this.#total,
      shed: this.#shared.overload.shed,
      retired: this.#retired.size,
      breakers: this.#shared.breakers.facts(),
      upstreams: this.#shared.health.facts(),
      limits: [...this.#shared.kept.of(StoreStats)].map(stats => stats.facts()),
      pools: this.#shared.transport.facts(),
      malformed: this.#malformed
    }
  }

  reopen (): void {
    this.#current.reopen()
  }

  /** Of the plugins; one list each. */
  metrics (): MetricFamily[][] {
    return this.#current.metrics(this.facts())
  }

  async act (action: ActionOrder): Promise<Readonly<Record<string, number>>> {
    return await this.#current.act(action)
  }

  /** Counters of an entry; null: it is none of those that can be looked up. */
  async count (order: LimitOrder): Promise<CountPart | null> {
    for (const stats of this.#shared.kept.of(StoreStats)) if (stats.entry.id === order.entry) return await stats.count(order)
    return null
  }

  #swap (next: Snapshot): void {
    const old = this.#current
    this.#current = next
    this.#number++
    next.begin()
    for (const listener of this.#listeners) listener.apply(next.config.gateway)
    this.#addresses.apply(next.config.gateway)
    this.#shared.breakers.commit()
    this.#shared.health.commit()
    this.#shared.overload.apply(next.config.gateway.overload, ranksOf(next.config).count)
    this.#retired.add(old)
    old.retire().catch(error => this.#options.log.error({ err: error }, 'a retired configuration failed to close')).finally(() => this.#retired.delete(old))
  }
}

function buildSnapshot (options: GatewayServerOptions, config: Config, registry: PluginRegistry, shared: Shared): Promise<Snapshot> {
  const redactor = options.redactor?.(config) ?? redactorOf(config, registry)
  return Snapshot.build(config, registry, {
    ...shared,
    log: options.log,
    directory: options.directory,
    workers: options.workers ?? 1,
    now: options.now ?? Date.now,
    outside: options.outside,
    onFinish: options.accessLog?.(config) ?? null,
    redactor,
    lineOf: options.logLine?.(config) ?? createLineWriter(redactor)
  })
}
