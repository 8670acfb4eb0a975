import { explainerOf } from '../admin/record/explainer.ts'
import { Recorder } from '../admin/record/recorder.ts'
import { createLineWriter } from '../observability/access-line.ts'
import { createAccessLog, type AccessLog } from '../observability/access-log.ts'
import type { Destination } from '../observability/destination.ts'
import { RuntimeMetrics } from '../observability/metrics/runtime-metrics.ts'
import type { OwnLog } from '../observability/log.ts'
import { createRedactor, type Redactor } from '../observability/redaction.ts'
import type { MetricFamily } from '../plugin.ts'
import type { ActionOrder, BoundAddress, Engine, Loadout, ProcessFacts, Question } from './engine.ts'
import type { Context } from './context.ts'
import { GatewayServer } from './gateway-server.ts'
import type { MalformedFacts } from './listener/malformed.ts'
import { createSpread } from '../steps.ts'
import type { TicketKeys } from '../tls/ticket-keys.ts'

export interface LocalEngineOptions {
  readonly log: OwnLog
  /** Of the access log; it outlives configurations. */
  readonly destination: Destination
  /** Processes that share the traffic: local limits are divided by it. */
  readonly workers: number
  /** Where other processes resume the same TLS sessions. */
  readonly ticketKeys?: TicketKeys
}

/** A configuration that is built and waits for its turn. */
export interface Ready {
  /** Serves from now on. The first one opens the listeners, which can fail. */
  commit (): Promise<void>
  discard (): Promise<void>
}

/** A question with what it is about. */
type Asked = { [Kind in keyof Question]: { readonly kind: Kind, readonly about: Question[Kind]['about'] } }[keyof Question]

/** Serves the traffic in this process. */
export class LocalEngine implements Engine {
  readonly restarts = 0
  readonly relayDropped = 0
  readonly #options: LocalEngineOptions
  readonly #startedAt = Date.now()
  #server: GatewayServer | null = null
  #accessLog: AccessLog | null = null
  /** What the snapshot that is being built will call. */
  #writer: ((context: Context) => void) | null = null
  #lineOf: (context: Context) => string = () => ''
  #listening = false
  /** null: nobody has asked for metrics yet. */
  #runtime: RuntimeMetrics | null = null
  #number = 0
  /** Outlives configurations; null: there is no admin listener that would ask. */
  #recorder: Recorder | null = null
  #redactor: Redactor = createRedactor()
  /** Of the configuration that is being built. */
  #next: Redactor = this.#redactor
  /** Of what it is asked, while it serves. */
  readonly #spread = createSpread()

  constructor (options: LocalEngineOptions) {
    this.#options = options
  }

  get addresses (): readonly BoundAddress[] {
    return this.#server?.addresses ?? []
  }

  async start (loadout: Loadout): Promise<void> {
    const ready = await this.prepare(loadout)
    try {
      await ready.commit()
    } catch (error) {
      await ready.discard()
      throw error
    }
  }

  async replace (loadout: Loadout): Promise<void> {
    await (await this.prepare(loadout)).commit()
  }

  /** Preparing and committing are two, since with workers all have to be prepared before one commits. One at a time. */
  async prepare ({ number, config, registry, directory, redactor }: Loadout): Promise<Ready> {
    const { log, destination, workers, ticketKeys } = this.#options
    // again: however many fail to follow it, the one that runs stays covered
    log.cover(this.#redactor)
    log.cover(redactor)
    const lineOf = createLineWriter(redactor)
    const accessLog = config.gateway.log.access ? createAccessLog(destination, redactor, lineOf) : null
    this.#recorder ??= config.gateway.admin === null ? null : new Recorder()
    this.#writer = writerOf(accessLog, this.#recorder, number, explainerOf(config, registry, redactor))
    this.#next = redactor
    this.#lineOf = lineOf

    const running = this.#server
    const server = running ?? await GatewayServer.create({
      config,
      registry,
      directory,
      workers,
      log: log.logger,
      ...ticketKeys === undefined ? {} : { ticketKeys },
      accessLog: () => this.#writer,
      logLine: () => this.#lineOf,
      redactor: () => this.#next,
      onMalformed: facts => this.#logRefused(facts)
    })
    const prepared = running === null ? null : await running.prepare(config, registry)
    return {
      commit: async () => {
        if (prepared === null) await server.listen()
        else prepared.commit()
        this.#server = server
        this.#number = number
        this.#accessLog = accessLog
        this.#redactor = redactor
        this.#listening = true
        log.setLevel(config.gateway.log.level)
      },
      discard: async () => {
        if (prepared === null) await server.close()
        else await prepared.discard()
      }
    }
  }

  notReady (): string | null {
    return this.#listening ? null : 'not listening'
  }

  async facts (limits: boolean): Promise<ProcessFacts[]> {
    const counting = limits && this.#server !== null ? await this.#spread(this.#server.limits()) : []
    const server = this.#server?.facts()
    const memory = process.memoryUsage()
    return [{
      pid: process.pid,
      started_at: this.#startedAt,
      snapshot: this.#number,
      retired_snapshots: server?.retired ?? 0,
      connections: server?.connections ?? 0,
      refused_connections: server?.refused ?? 0,
      requests: { in_flight: server?.requests ?? 0, total: server?.total ?? 0, shed: server?.shed ?? 0 },
      access_log: { dropped: this.#options.destination.dropped },
      upstreams: server?.upstreams ?? [],
      circuit_breakers: server?.breakers ?? [],
      limits: counting,
      pools: server?.pools ?? [],
      malformed: server?.malformed ?? {},
      memory: { rss: memory.rss, heap_used: memory.heapUsed, heap_total: memory.heapTotal, external: memory.external }
    }]
  }

  async reopen (): Promise<void> {
    this.#server?.reopen()
  }

  async metrics (): Promise<MetricFamily[][]> {
    this.#runtime ??= new RuntimeMetrics()
    return [this.#runtime.families(), ...this.#server === null ? [] : await this.#spread(this.#server.metrics())]
  }

  async act (action: ActionOrder): Promise<Readonly<Record<string, number>>> {
    return await this.#server?.act(action) ?? {}
  }

  async ask<Kind extends keyof Question> (kind: Kind, about: Question[Kind]['about']): Promise<Array<Question[Kind]['answer']>> {
    const answer = await this.#answer({ kind, about } as Asked)
    return answer === undefined ? [] : [answer as Question[Kind]['answer']]
  }

  async #answer (asked: Asked): Promise<unknown> {
    switch (asked.kind) {
      case 'traffic': return this.#recorder === null ? undefined : await this.#spread(this.#recorder.traffic.part(asked.about.route, Date.now()))
      case 'requests': return this.#recorder?.requests.list(asked.about, this.#redactor)
      case 'request': return this.#recorder?.requests.one(asked.about.id, this.#redactor)
      case 'count': return await this.#server?.count(asked.about)
    }
  }

  async drain (): Promise<void> {
    await this.#server?.drain()
    this.#listening = false
  }

  destroy (): void {
    this.#server?.destroy()
  }

  async close (): Promise<void> {
    this.#runtime?.close()
    await this.#server?.close()
    this.#server = null
  }

  #logRefused ({ status, code, address, requestId }: MalformedFacts): void {
    this.#accessLog?.refused({ id: requestId, status, errorCode: code, clientIp: address, startedAt: Date.now() })
  }
}

/** What is told of the end of each request of a configuration; null: nobody wants to know. */
function writerOf (log: AccessLog | null, recorder: Recorder | null, number: number, explain: (context: Context) => unknown): ((context: Context) => void) | null {
  if (recorder === null) return log === null ? null : context => log.write(context)
  if (log === null) return context => recorder.record(context, number, explain)
  return context => {
    recorder.record(context, number, explain)
    log.write(context)
  }
}
