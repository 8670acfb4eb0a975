/** Runs a whole configuration in this process, with stubs in the place of everything outside of it. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { pino } from 'pino'
import type { FastifyBaseLogger } from 'fastify'
import type { Config, Consumer, ListenSettings, Route, Service } from '../config/model.ts'
import { type Chain, Chains } from '../config/chains.ts'
import { Consumers } from '../consumers/consumers.ts'
import { disguise } from '../gateway/connection.ts'
import type { Context } from '../gateway/context.ts'
import { GatewayServer } from '../gateway/gateway-server.ts'
import type { VitalSigns } from '../gateway/overload/vitals.ts'
import type { Ended } from '../observability/ended.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { ClientAnswer } from '../testing/client.ts'
import { type Clock, createClock } from '../testing/clock.ts'
import { exchange, open } from './client.ts'
import { IdentityProvider, SigningKeys } from './identity-provider.ts'
import { LabNames } from './names.ts'
import { type ObservedStep, Observer, type Watched } from './observer.ts'
import { type Addressee, addressOf, type Stub, type StubbedRequest, Stubs } from './stubs.ts'

/** A request to try. */
export interface LabRequest {
  /** Default GET. */
  readonly method?: string
  /** With scheme and host, or a path: then the host is `localhost`, and the scheme that of the first listener. */
  readonly url: string
  /** Name and value; Host is made of the URL unless it is given. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  readonly body?: string | Buffer | null
  /** Address of the connection's peer; default 192.0.2.1. */
  readonly ip?: string
  /** Username or id of who calls: authentication is not tried, it has found this one. */
  readonly consumer?: string
}

/** What became of a request. */
export interface Trial {
  readonly request: LabRequest
  readonly answer: ClientAnswer
  /** null: no route matched. */
  readonly route: Route | null
  readonly service: Service | null
  /** Username or id. */
  readonly consumer: string | null
  /** What the hooks of plugins did, in the order in which they ended. */
  readonly steps: readonly ObservedStep[]
  /** What upstreams and authorisers got while it ran, those of copies included. */
  readonly received: readonly StubbedRequest[]
  /** How it ended, as the access log tells it; null: the HTTP parser has refused it. */
  readonly ended: Ended | null
  /** What the gateway itself found before any plugin ran (no route, https only, …). */
  readonly failure: boolean
  /** What it said in its own log meanwhile, from warnings on. */
  readonly log: readonly string[]
  /** Who answered: `upstream`, the name of a plugin, or `gateway`. */
  readonly answeredBy: string
}

export interface LabOptions {
  /** As `loadConfig` has made it. */
  readonly config: Config
  readonly registry: PluginRegistry
  /** Folder of gateway.yaml. */
  readonly directory: string
  /** Where the clock stands at the start, in milliseconds since the epoch; default: this hour's beginning. */
  readonly now?: number
  /** Shared with other labs: making them takes a tenth of a second. */
  readonly keys?: SigningKeys
}

/** What can't be tried; the message says what to write instead. */
export class LabError extends Error {}

const HOUR = 3_600_000
const NOTHING: Stub = () => ({})
/** A machine under load must not change what a configuration does. */
const CALM: VitalSigns = Object.freeze({ interval: HOUR, sample: () => ({ eventLoopDelay: 0, heapUsed: 0, rss: 0 }), close () {} })
/** For documentation (RFC 5737): nobody's. */
const CLIENT = '192.0.2.1'
const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^#]*)/i

export class Lab {
  readonly clock: Clock
  /** Every provider that the file names. */
  readonly provider: IdentityProvider
  readonly config: Config
  /** Lines of the gateway's own log, from warnings on. */
  readonly log: string[] = []
  readonly #began: number
  readonly #observer: Observer
  readonly #stubs: Stubs
  readonly #byAddress = new Map<string, Stub>()
  #anyUpstream: Stub = NOTHING
  #othersRefused = false
  readonly #watched = new Map<Socket, Watched>()
  /** Connections as the gateway has them, by the port of the client. */
  readonly #accepted = new Map<number, Socket>()
  readonly #consumers: Consumers
  readonly #chains: Chains
  #server: GatewayServer | null = null
  readonly #options: LabOptions

  /** @throws what a plugin throws when it is set up; nothing is left open */
  static async create (options: LabOptions): Promise<Lab> {
    const lab = new Lab(options)
    await lab.#start()
    return lab
  }

  private constructor (options: LabOptions) {
    const { config, registry, now, keys } = options
    this.#options = options
    this.config = config
    this.clock = createClock(now ?? Date.now() - Date.now() % HOUR)
    this.#began = this.clock.now()
    this.provider = new IdentityProvider(config, this.clock, keys ?? new SigningKeys())
    this.#consumers = new Consumers(config)
    this.#chains = new Chains(config, registry)
    this.#stubs = new Stubs({ names: new LabNames(), find: to => this.#find(to) })
    this.#observer = new Observer({ registry, watched: context => this.#watchedOf(context) })
  }

  /**
   * Says what stands at an address.
   *
   * @param address `host:port` as the file names it, for services, targets and authorisers; null: all services without a stub of their own
   */
  stub (address: string | null, stub: Stub): void {
    if (address === null) {
      this.#anyUpstream = stub
      this.refuseOthers(false)
      return
    }
    this.refuse(address, false)
    this.#byAddress.set(address.toLowerCase(), stub)
  }

  /** As it was at the beginning: every service answers 200 with nothing. */
  clearStubs (): void {
    for (const address of this.#byAddress.keys()) this.refuse(address, false)
    this.#byAddress.clear()
    this.refuseOthers(false)
    this.#anyUpstream = NOTHING
  }

  /** Takes a server away, or puts it back: its address refuses connections. */
  refuse (address: string, refused: boolean): void {
    this.#stubs.refuse(address.toLowerCase(), refused)
  }

  /** Takes all servers without a stub of their own away, or puts them back. */
  refuseOthers (refused: boolean): void {
    if (refused === this.#othersRefused) return
    this.#othersRefused = refused
    for (const address of this.config.services.flatMap(service => this.addressesOf(service))) {
      if (!this.#byAddress.has(address.toLowerCase())) this.refuse(address, refused)
    }
  }

  /** Where a service's requests go: its host, or the targets of its upstream. */
  addressesOf (service: Service): string[] {
    const upstream = this.config.upstreams.find(({ name }) => name === service.host)
    if (upstream === undefined) return [addressOf(service)]
    return this.config.targets.filter(target => target.upstream === upstream.id).map(({ target }) => target)
  }

  /** The plugin entries of a route, in their order; null: of requests that no route takes. */
  chainOf (route: Route | null): Chain {
    return this.#chains.of(route)
  }

  /** Whether an entry of the chain decides about requests before they go up. */
  guards (entryId: string): boolean {
    return this.#observer.guards.has(entryId)
  }

  /** Whom the gateway tried to reach where nothing stands. */
  get missing (): readonly Addressee[] {
    return this.#stubs.missing
  }

  /**
   * Sends one request and waits until the gateway is done with it, copies included.
   *
   * @throws LabError for a request that can't be sent, or what a stub threw
   */
  async request (request: LabRequest): Promise<Trial> {
    const listener = this.#listenerFor(request)
    const { method = 'GET', url, headers = [], body = null, ip = CLIENT } = request
    const [, scheme = listener.tls ? 'https' : 'http', authority = 'localhost', rest = url] = ABSOLUTE.exec(url) ?? []
    const target = rest.startsWith('/') || rest === '*' ? rest : `/${rest}`
    const watched: Watched = { steps: [], consumer: this.#consumerOf(request.consumer), context: null }
    const first = this.#stubs.received.length
    const lines = this.log.length
    const client = await open(this.#port)
    const socket = await this.#acceptedFrom(client.localPort as number)
    const name = authority.replace(/:\d*$/, '')
    disguise(socket, { address: ip, port: listener.port, scheme: scheme.toLowerCase() as 'http' | 'https', sni: listener.tls && !/^[\d.[]/.test(name) ? name.toLowerCase() : null, listener })
    this.#watched.set(socket, watched)
    const closed = once(socket, 'close')
    const given = headers.some(([field]) => field.toLowerCase() === 'host')
    let answer: ClientAnswer
    try {
      answer = await exchange(client, {
        method,
        target,
        headers: [...given ? [] : ['Host', authority], ...headers.flat()],
        body: body === null ? null : Buffer.from(body)
      })
    } catch (error) {
      client.destroy()
      throw new LabError(`${method} ${url} got no answer: ${(error as Error).message}`, { cause: error })
    } finally {
      await closed
      this.#watched.delete(socket)
      await this.#settle()
      this.#stubs.check()
    }
    const { context } = watched
    return {
      request,
      answer,
      route: context?.route ?? null,
      service: context?.service ?? null,
      consumer: context?.consumer == null ? null : context.consumer.username ?? context.consumer.id,
      steps: watched.steps,
      received: this.#stubs.received.slice(first).filter(({ to }) => to.purpose !== 'provider'),
      ended: context?.ended ?? null,
      failure: context?.failure != null,
      log: this.log.slice(lines),
      answeredBy: answeredBy(context, watched.steps)
    }
  }

  async close (): Promise<void> {
    const server = this.#server
    if (server !== null) {
      const drained = server.drain()
      server.destroy()
      await drained
      await server.close()
    }
    await this.#stubs.close()
  }

  async #start (): Promise<void> {
    const { config, registry, directory } = this.#options
    await this.#stubs.listen()
    try {
      this.#server = await GatewayServer.create({
        config,
        registry,
        directory,
        now: this.clock.now,
        log: pino({ level: 'warn' }, { write: (line: string) => { this.log.push(line) } }) as unknown as FastifyBaseLogger,
        accessLog: () => context => {
          const watched = this.#watchedOf(context)
          if (watched !== null) watched.context = context
        },
        listen: [{ ...config.gateway.listen[0] as ListenSettings, host: '127.0.0.1', port: 0, tls: false, http2: false }],
        measure: () => CALM,
        outside: {
          connector: purpose => this.#stubs.connector(purpose),
          names: this.#stubs.names,
          shift: () => this.clock.now() - this.#began,
          connected: socket => { this.#accept(socket) },
          observe: (entry, phase, run) => this.#observer.wrap(entry, phase, run)
        }
      })
      await this.#server.listen()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  get #port (): number {
    return this.#server?.addresses[0]?.port as number
  }

  #find (to: Addressee): Stub | null {
    if (to.purpose === 'provider') return request => this.provider.answer(request)
    const own = this.#byAddress.get(addressOf(to).toLowerCase())
    return own ?? (to.purpose === 'upstream' ? this.#anyUpstream : null)
  }

  #watchedOf (context: Context): Watched | null {
    return this.#watched.get(context.connection.socket) ?? null
  }

  #accept (socket: Socket): void {
    const port = socket.remotePort as number
    this.#accepted.set(port, socket)
    socket.once('close', () => this.#accepted.delete(port))
  }

  /** The gateway's side of a connection may be known a little later than the client's. */
  async #acceptedFrom (port: number): Promise<Socket> {
    for (;;) {
      const socket = this.#accepted.get(port)
      if (socket !== undefined) return socket
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #consumerOf (nameOrId: string | undefined): Consumer | null {
    if (nameOrId === undefined) return null
    const found = this.#consumers.find(nameOrId)
    if (found === undefined) throw new LabError(`there is no consumer '${nameOrId}'`)
    return found
  }

  /** The one that a client would have connected to. */
  #listenerFor ({ url }: LabRequest): ListenSettings {
    const { listen } = this.config.gateway
    const [, scheme, authority = ''] = ABSOLUTE.exec(url) ?? []
    if (scheme === undefined) return listen[0] as ListenSettings
    const tls = scheme.toLowerCase() === 'https'
    const fitting = listen.filter(listener => listener.tls === tls)
    const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (tls ? 443 : 80))
    const found = fitting.find(listener => listener.port === port) ?? fitting[0]
    if (found === undefined) throw new LabError(`no listener of the file speaks ${tls ? 'https' : 'http'}: write ${tls ? 'http' : 'https'}://, or add one to gateway.listen`)
    return found
  }

  /** Waits for copies of requests that nobody else waits for. */
  async #settle (): Promise<void> {
    for (let turn = 0; turn < 1_000 && (this.#server?.facts().requests ?? 0) > 0; turn++) {
      await new Promise(resolve => setTimeout(resolve, turn < 10 ? 0 : 2))
    }
  }
}

function answeredBy (context: Context | null, steps: readonly ObservedStep[]): string {
  const last = steps.find(({ outcome }) => outcome === 'answered' || outcome === 'threw')
  if (last !== undefined) return last.plugin
  if (context?.answer != null) return context.plugin ?? 'gateway'
  return context?.proxied === true ? 'upstream' : 'gateway'
}
