import type { FastifyBaseLogger } from 'fastify'
import type { Config, ListenSettings } from '../config/model.ts'
import { createLineWriter } from '../observability/access-line.ts'
import { reasonOfError, type EndReason } from '../observability/end-reason.ts'
import type { Redactor } from '../observability/redaction.ts'
import { redactorOf } from '../observability/secret-names.ts'
import type { MetricFamily } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Context } from './context.ts'
import type { ActionOrder, BoundAddress } from './engine.ts'
import type { MalformedFacts } from './listener/malformed.ts'
import type { Outside } from './outside.ts'
import { ranksOf } from './overload/ranks.ts'
import type { VitalSigns } from './overload/vitals.ts'
import { createRequestIds } from './intake/request-id.ts'
import { AddressLimit } from './listener/address-limit.ts'
import { Listener } from './listener/listener.ts'
import type { ServerFacts } from './server-facts.ts'
import { Shared } from './shared.ts'
import { Snapshot } from './snapshot.ts'
import { newTicketSeed, TicketKeys } from '../tls/ticket-keys.ts'
import { type Steps } from '../steps.ts'
import { type CountPart, type LimitOrder, type StoreFacts, StoreStats } from '../stores/store-stats.ts'

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
    const shared = new Shared(options)
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
    shared.services.overload.apply(first.config.gateway.overload, ranksOf(first.config).count)
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
      this.#shared.serving = true
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
    for (const snapshot of [this.#current, ...this.#retired]) snapshot.cut()
    for (const listener of this.#listeners) listener.destroy()
  }

  /** After `drain` or `destroy`: closes the snapshot, its plugins and the upstream connections. */
  async close (): Promise<void> {
    await this.#current.retire()
    this.#shared.services.overload.close()
    // nobody waits for them, so they may outlive their snapshot
    for (const copy of this.#shared.services.copies) copy.cut()
    await this.#shared.services.transport.close()
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
      shed: this.#shared.services.overload.shed,
      retired: this.#retired.size,
      breakers: this.#shared.services.breakers.facts(),
      upstreams: this.#shared.services.health.facts(),
      pools: this.#shared.services.transport.facts(),
      malformed: this.#malformed
    }
  }

  /** Entries that count: a file may have ten thousand of them. */
  * limits (): Steps<StoreFacts[]> {
    const facts: StoreFacts[] = []
    for (const stats of this.#shared.services.kept.of(StoreStats)) {
      facts.push(stats.facts())
      yield
    }
    return facts
  }

  reopen (): void {
    this.#current.reopen()
  }

  /** Of the plugins; one list each. */
  * metrics (): Steps<MetricFamily[][]> {
    return yield * this.#current.metrics(this.facts())
  }

  async act (action: ActionOrder): Promise<Readonly<Record<string, number>>> {
    return await this.#current.act(action)
  }

  /** Counters of an entry; null: it is none of those that can be looked up. */
  async count (order: LimitOrder): Promise<CountPart | null> {
    for (const stats of this.#shared.services.kept.of(StoreStats)) if (stats.entry.id === order.entry) return await stats.count(order)
    return null
  }

  #swap (next: Snapshot): void {
    const old = this.#current
    this.#current = next
    this.#number++
    next.begin()
    for (const listener of this.#listeners) listener.apply(next.config.gateway)
    this.#addresses.apply(next.config.gateway)
    this.#shared.services.breakers.commit()
    this.#shared.services.health.commit()
    this.#shared.services.overload.apply(next.config.gateway.overload, ranksOf(next.config).count)
    this.#retired.add(old)
    old.retire().catch(error => this.#options.log.error({ err: error }, 'a retired configuration failed to close')).finally(() => this.#retired.delete(old))
  }
}

function buildSnapshot (options: GatewayServerOptions, config: Config, registry: PluginRegistry, shared: Shared): Promise<Snapshot> {
  const redactor = options.redactor?.(config) ?? redactorOf(config, registry)
  return Snapshot.build(config, registry, {
    ...shared.services,
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
