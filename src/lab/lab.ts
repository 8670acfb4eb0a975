/** Runs a whole configuration in this process, with stubs in the place of everything outside of it. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { pino } from 'pino'
import type { FastifyBaseLogger } from 'fastify'
import type { Config, Consumer, ListenSettings, Route } from '../config/model.ts'
import { type Chain, Chains } from '../config/chains.ts'
import { Consumers } from '../consumers/consumers.ts'
import { disguise } from '../gateway/listener/connection.ts'
import type { Context } from '../gateway/context.ts'
import { GatewayServer } from '../gateway/gateway-server.ts'
import type { VitalSigns } from '../gateway/overload/vitals.ts'
import type { PluginRegistry } from '../plugins.ts'
import { type Clock, createClock } from '../testing/clock.ts'
import { showChain } from '../tls/peer-chain.ts'
import { Accepted } from './accepted.ts'
import { Addresses } from './addresses.ts'
import { Authorities, checkShown } from './tls/authorities.ts'
import { exchange, type Exchanged, open } from './client.ts'
import { failedTriesOf } from './failed-try.ts'
import { IdentityProvider } from './identity/provider.ts'
import { SigningKeys } from './identity/signing-keys.ts'
import { ABSOLUTE, listenerFor } from './listener-for.ts'
import { Observer, type Watched } from './observer.ts'
import type { Addressee } from './stubs.ts'
import { Routers } from './routers.ts'
import { answeredBy, LabError, type LabRequest, type Trial } from './trial.ts'

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
  /** Shared with other labs of the same configuration. */
  readonly routers?: Routers
}

const HOUR = 3_600_000
/** A machine under load must not change what a configuration does. */
const CALM: VitalSigns = Object.freeze({ interval: HOUR, sample: () => ({ eventLoopDelay: 0, heapUsed: 0, rss: 0 }), close () {} })
/** For documentation (RFC 5737): nobody's. */
const CLIENT = '192.0.2.1'

export class Lab {
  readonly clock: Clock
  readonly addresses: Addresses
  /** Every provider that the file names. */
  readonly provider: IdentityProvider
  readonly config: Config
  /** In the places of `ca_certificates`. */
  readonly authorities: Authorities
  /** Lines of the gateway's own log, from warnings on. */
  readonly log: string[] = []
  readonly #began: number
  readonly #observer: Observer
  readonly #watched = new Map<Socket, Watched>()
  readonly #accepted = new Accepted()
  readonly #consumers: Consumers
  readonly #chains: Chains
  #server: GatewayServer | null = null
  readonly #options: LabOptions

  /** @throws what a global plugin throws when it is set up; nothing is left open */
  static async create (options: LabOptions): Promise<Lab> {
    const lab = new Lab(options)
    await lab.#start()
    return lab
  }

  private constructor (options: LabOptions) {
    const { registry, now, keys } = options
    this.authorities = new Authorities(options.config)
    const config = this.authorities.config
    this.#options = { ...options, config }
    this.config = config
    this.clock = createClock(now ?? Date.now() - Date.now() % HOUR)
    this.#began = this.clock.now()
    this.provider = new IdentityProvider({ config, registry, clock: this.clock, keys: keys ?? new SigningKeys() })
    this.addresses = new Addresses({ config, provider: this.provider, clock: this.clock })
    this.#consumers = new Consumers(config)
    this.#chains = new Chains(config, registry)
    this.#observer = new Observer({ registry, watched: context => this.#watchedOf(context) })
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
    return this.addresses.server.missing
  }

  /**
   * Sends one request and waits until the gateway is done with it, copies included.
   *
   * @throws LabError for a request that can't be sent, what a stub threw, or what a plugin of its route threw when it was
   *   set up
   */
  async request (request: LabRequest): Promise<Trial> {
    const listener = listenerFor(request, this.config.gateway.listen)
    const { certificates = [] } = request
    checkShown(listener, certificates, this.config.ca_certificates)
    const { method = 'GET', url, headers = [], body = null, ip = CLIENT, messages = null } = request
    const [, scheme = listener.tls ? 'https' : 'http', authority = 'localhost', rest = url] = ABSOLUTE.exec(url) ?? []
    const target = rest.startsWith('/') || rest === '*' ? rest : `/${rest}`
    const watched: Watched = { steps: [], consumer: this.#consumerOf(request.consumer), context: null, broken: null }
    const { received } = this.addresses.server
    const first = received.length
    const lines = this.log.length
    const client = await open(this.#port)
    const socket = await this.#accepted.from(client.localPort as number)
    const name = authority.replace(/:\d*$/, '')
    disguise(socket, { address: ip, port: listener.port, scheme: scheme.toLowerCase() as 'http' | 'https', sni: listener.tls && !/^[\d.[]/.test(name) ? name.toLowerCase() : null, listener })
    showChain(socket, certificates)
    this.#watched.set(socket, watched)
    const closed = once(socket, 'close')
    const given = headers.some(([field]) => field.toLowerCase() === 'host')
    let exchanged: Exchanged
    try {
      exchanged = await exchange(client, {
        method,
        target,
        headers: [...given ? [] : ['Host', authority], ...headers.flat()],
        body: body === null ? null : Buffer.from(body),
        messages
      })
    } catch (error) {
      client.destroy()
      throw new LabError(`${method} ${url} got no answer: ${(error as Error).message}`, { cause: error })
    } finally {
      await closed
      this.#watched.delete(socket)
      await this.#settle()
      this.addresses.server.check()
    }
    if (watched.broken !== null) throw watched.broken
    const { context } = watched
    return {
      request,
      ...exchanged,
      route: context?.route ?? null,
      service: context?.service ?? null,
      consumer: context?.consumer == null ? null : context.consumer.username ?? context.consumer.id,
      steps: watched.steps,
      received: received.slice(first).filter(({ to }) => to.purpose !== 'provider'),
      asked: received.slice(first).filter(({ to }) => to.purpose === 'provider'),
      failedTries: failedTriesOf(context, this.addresses.server.names),
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
    await this.addresses.server.close()
  }

  async #start (): Promise<void> {
    const { config, registry, directory, routers = new Routers() } = this.#options
    await this.addresses.server.listen()
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
          connector: purpose => this.addresses.server.connector(purpose),
          dial: (purpose, to) => this.addresses.server.dial(purpose, to),
          trusts: tls => this.addresses.server.trusts(tls),
          names: this.addresses.server.names,
          router: routes => routers.of(routes),
          revokes: certificate => this.authorities.revokes(certificate),
          shift: () => this.clock.now() - this.#began,
          connected: socket => { this.#accepted.add(socket) },
          observe: (entry, phase, run) => this.#observer.wrap(entry, phase, run),
          failed: (context, error) => {
            const watched = this.#watchedOf(context)
            if (watched !== null) watched.broken = error as Error
          }
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

  #watchedOf (context: Context): Watched | null {
    return this.#watched.get(context.connection.socket) ?? null
  }

  #consumerOf (nameOrId: string | undefined): Consumer | null {
    if (nameOrId === undefined) return null
    const found = this.#consumers.find(nameOrId)
    if (found === undefined) throw new LabError(`there is no consumer '${nameOrId}'`)
    return found
  }

  /** Waits for copies of requests that nobody else waits for. */
  async #settle (): Promise<void> {
    for (let turn = 0; turn < 1_000 && (this.#server?.facts().requests ?? 0) > 0; turn++) {
      await new Promise(resolve => setTimeout(resolve, turn < 10 ? 0 : 2))
    }
  }
}
