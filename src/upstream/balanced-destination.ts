import type { Service, Upstream } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import type { Target, Transport } from '../proxy/transport/transport.ts'
import type { Turn } from '../proxy/turn.ts'
import type { UpstreamTls } from '../tls/upstream-tls.ts'
import { BalancedTarget } from './balanced-target.ts'
import type { Destination, Ending } from './destination.ts'
import type { Endpoint } from './endpoint.ts'
import type { Membership } from './membership.ts'

/** What a failed attempt counts as among measured times, in milliseconds: a fast refusal is no fast answer. */
const FAILED = 1_000

/** A service whose host is the name of an upstream. */
export class BalancedDestination implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  readonly #service: Service
  readonly #membership: Membership
  readonly #transport: Transport
  readonly #tls: UpstreamTls | null
  readonly #slot: number

  /** @param tls null: plain http */
  constructor (service: Service, membership: Membership, transport: Transport, tls: UpstreamTls | null) {
    this.#tls = tls
    this.protocol = service.protocol
    this.host = service.host
    this.port = service.port
    this.turn = transport.turn
    this.#service = service
    this.#membership = membership
    this.#transport = transport
    this.#slot = membership.attach(endpoint => this.#open(endpoint))
  }

  admit (): void {}

  pick (context: Context, tried: readonly Target[], now: number): Target {
    const endpoint = this.#membership.pick(context, tried, now)
    if (endpoint === null) throw this.#membership.failure(now)
    return endpoint.targets[this.#slot] as BalancedTarget
  }

  begin (target: Target, begun: number): void {
    const { endpoint } = target as BalancedTarget
    endpoint.address.inFlight++
    endpoint.health?.begin(begun)
  }

  head (target: Target, status: number, begun: number, context: Context): void {
    const { endpoint } = target as BalancedTarget
    const now = context.headTick
    const { balancer } = this.#membership
    if (balancer.measures) endpoint.address.measure(now - begun, now)
    balancer.answers?.(endpoint, context)
    endpoint.health?.head(status, begun, now)
  }

  end (target: Target, ending: Ending, status: number, begun: number): void {
    const { endpoint } = target as BalancedTarget
    endpoint.address.inFlight--
    const failed = this.#membership.balancer.measures && ending !== 'complete' && ending !== 'cancelled' && status === 0
    if (!failed && endpoint.health === null) return
    const now = this.#membership.now()
    if (failed) endpoint.address.measure(Math.max(FAILED, now - begun), now)
    endpoint.health?.end(ending, status, begun, now)
  }

  /** The membership closes the targets, with their endpoints. */
  release (): void {}

  #open (endpoint: Endpoint): BalancedTarget {
    const { protocol } = this.#service
    const hostHeader = hostFor(endpoint, this.#membership.upstream, protocol)
    return new BalancedTarget(this.#transport, {
      protocol,
      host: endpoint.host,
      port: endpoint.port,
      tls: this.#tls,
      http2: this.#service.http2,
      // TLS speaks to a name: what was verified under one must not be used under another
      ...protocol === 'https' ? { name: hostHeader } : {}
    }, hostHeader, endpoint)
  }
}

/** Kong's rules: `host_header` as it is, else the name of the target, its port only where it isn't the scheme's own. */
export function hostFor ({ name, srvName, port }: Pick<Endpoint, 'name' | 'srvName' | 'port'>, { host_header: given, use_srv_name: useSrvName }: Pick<Upstream, 'host_header' | 'use_srv_name'>, protocol: 'http' | 'https'): string {
  if (given !== null) return given
  const host = useSrvName && srvName !== null ? srvName : name
  return port === (protocol === 'https' ? 443 : 80) ? host : `${host}:${port}`
}
