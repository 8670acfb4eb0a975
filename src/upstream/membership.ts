import { isIP } from 'node:net'
import type { Upstream, UpstreamTarget } from '../config/model.ts'
import { targetAddress } from '../config/target-address.ts'
import { checksHealth } from '../config/entities/healthchecks.ts'
import { GatewayError } from '../errors.ts'
import type { Context } from '../gateway/context.ts'
import type { KeptState } from '../gateway/keep.ts'
import type { Target } from '../proxy/transport/transport.ts'
import { Address } from './address.ts'
import type { AddressHealth } from './address-health.ts'
import type { BalancedTarget } from './balanced-target.ts'
import type { Balancer } from './balancer/balancer.ts'
import { createBalancer } from './balancer/create.ts'
import type { Names, Watch } from './dns/names.ts'
import { Endpoint, type EndpointOptions } from './endpoint.ts'

/** What watches the health of an upstream's addresses. */
export interface UpstreamHealth {
  /** @param key of {@link addressKey} */
  of (key: string): AddressHealth
  /** The addresses of one snapshot, again whenever they change. Several snapshots may be alive: all theirs are checked. */
  update (owner: object, endpoints: readonly Endpoint[]): void
  /** A snapshot has served its last request. */
  forget (owner: object): void
}

export interface MembershipOptions {
  readonly upstream: Upstream
  readonly targets: readonly UpstreamTarget[]
  readonly kept: KeptState
  readonly names: Names
  readonly health: UpstreamHealth
  readonly now: () => number
  /** Told of the addresses that the names of targets lead to. */
  readonly resolved?: (name: string, port: number, address: string) => void
  readonly random?: () => number
}

/** The addresses of one upstream in one snapshot, as its targets and their names say at each moment. */
export class Membership {
  readonly balancer: Balancer
  readonly upstream: Upstream
  /** There has been an answer about each name. */
  readonly ready: Promise<unknown>
  readonly #options: MembershipOptions
  readonly #watches = new Map<UpstreamTarget, Watch>()
  #endpoints: readonly Endpoint[] = []
  readonly #services: Array<(endpoint: Endpoint) => BalancedTarget> = []

  constructor (options: MembershipOptions) {
    this.#options = options
    this.upstream = options.upstream
    this.balancer = createBalancer(options.upstream, options.random)
    for (const target of options.targets) {
      const { host } = addressOf(target)
      if (isIP(bare(host)) === 0) this.#watches.set(target, options.names.watch(host, () => this.#update()))
    }
    this.ready = Promise.all([...this.#watches.values()].map(watch => watch.ready))
    this.#update()
  }

  /** Monotonic milliseconds, by the clock that its targets live by. */
  now (): number {
    return this.#options.now()
  }

  get endpoints (): readonly Endpoint[] {
    return this.#endpoints
  }

  /**
   * One more service that uses the upstream.
   *
   * @param open makes its target of an endpoint: at once, so that a reload takes connections over before they are let go of
   * @returns its place among the targets of each endpoint
   */
  attach (open: (endpoint: Endpoint) => BalancedTarget): number {
    for (const endpoint of this.#endpoints) endpoint.targets.push(open(endpoint))
    return this.#services.push(open) - 1
  }

  /** The endpoint of the next attempt; null where none may be asked. */
  pick (context: Context, tried: readonly Target[], now: number): Endpoint | null {
    return this.#tooFew() ? this.#onTrial(now) : this.balancer.pick(context, tried, now)
  }

  /** Why no endpoint could be picked. */
  failure (now: number): GatewayError {
    if (this.#endpoints.length === 0 && this.#watches.size > 0) return new GatewayError('SP_UPSTREAM_NAME', 503, 'name resolution failed', { quiet: true })
    const wait = this.#endpoints.reduce((least, { weight, health }) => weight === 0 || health === null ? least : Math.min(least, health.wait(now)), Infinity)
    const headers = wait === Infinity ? {} : { headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1000))) } }
    return new GatewayError('SP_NO_TARGET', 503, 'failure to get a peer from the ring-balancer', { ...headers, quiet: true })
  }

  release (): void {
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
    this.#replace([])
    this.#options.health.forget(this)
  }

  /** Kong's `threshold`: what is healthy must have more than this share of the weight. */
  #tooFew (): boolean {
    const { threshold } = this.upstream.healthchecks
    if (threshold === 0) return false
    let all = 0
    let available = 0
    for (const { weight, health } of this.#endpoints) {
      all += weight
      if (health === null || health.healthy) available += weight
    }
    return available * 100 <= threshold * all
  }

  /** One that is out and whose time has come: without trials nothing would ever be healthy again. */
  #onTrial (now: number): Endpoint | null {
    return this.#endpoints.find(({ weight, health }) => weight > 0 && health !== null && !health.healthy && health.usable(now)) ?? null
  }

  #update (): void {
    const before = new Map(this.#endpoints.map(endpoint => [identity(endpoint), endpoint]))
    this.#replace(this.#options.targets.flatMap(target => this.#expand(target)).map(options => {
      const known = before.get(identity(options))
      if (known === undefined) return this.#open(options)
      // two targets may come to one address
      before.delete(identity(options))
      known.weight = options.weight
      return known
    }))
  }

  /** A name stands for all its addresses, each with the whole weight of the target. */
  #expand (target: UpstreamTarget): EndpointOptions[] {
    const { host, port } = addressOf(target)
    const watch = this.#watches.get(target)
    const { weight, failover } = target
    if (watch === undefined) return [{ host: bare(host), port, name: host, srvName: null, weight, failover }]
    const { resolved } = this.#options
    if (resolved !== undefined) for (const address of watch.addresses) resolved(host, port, address.host)
    return watch.addresses.map(address => ({
      host: address.host,
      port: address.port ?? port,
      name: host,
      srvName: address.srvName,
      // what is drained stays drained
      weight: weight === 0 ? 0 : address.weight ?? weight,
      failover: failover || address.failover
    }))
  }

  #open (options: EndpointOptions): Endpoint {
    const { kept, health, now } = this.#options
    const key = addressKey(this.upstream.name, options.host, options.port)
    const checked = checksHealth(this.upstream.healthchecks)
    const endpoint = new Endpoint(options, kept.acquire(key, () => new Address(now())), checked ? health.of(key) : null)
    for (const open of this.#services) endpoint.targets.push(open(endpoint))
    return endpoint
  }

  #replace (endpoints: readonly Endpoint[]): void {
    const gone = this.#endpoints.filter(endpoint => !endpoints.includes(endpoint))
    this.#endpoints = endpoints
    this.balancer.update(endpoints)
    this.#options.health.update(this, endpoints)
    for (const endpoint of gone) {
      endpoint.close()
      this.#options.kept.release(addressKey(this.upstream.name, endpoint.host, endpoint.port)).catch(() => {})
    }
  }
}

/** Under which an address of an upstream is known from one configuration to the next. */
export function addressKey (upstream: string, host: string, port: number): string {
  return `upstream|${upstream}|${host}|${port}`
}

// the loader has given all targets this form
function addressOf ({ target }: UpstreamTarget): { host: string, port: number } {
  return targetAddress(target) as { host: string, port: number }
}

function bare (host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function identity ({ host, port, name, srvName, failover }: Omit<EndpointOptions, 'weight'>): string {
  return `${host}|${port}|${name}|${srvName}|${failover}`
}
