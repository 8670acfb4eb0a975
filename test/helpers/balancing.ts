/** Endpoints and requests for tests of balancers, without sockets. */
import type { Upstream } from '../../src/config/model.ts'
import type { Context } from '../../src/gateway/context.ts'
import { HeaderList } from '../../src/proxy/fields/header-list.ts'
import type { Target } from '../../src/proxy/transport/transport.ts'
import { Address } from '../../src/upstream/address.ts'
import type { AddressHealth } from '../../src/upstream/address-health.ts'
import type { Balancer } from '../../src/upstream/balancer/balancer.ts'
import { Endpoint } from '../../src/upstream/endpoint.ts'
import type { UpstreamHealth } from '../../src/upstream/membership.ts'
import { healthchecks } from './healthchecks.ts'

export function upstream (overrides: Partial<Upstream> = {}): Upstream {
  return {
    id: 'upstream-1',
    tags: [],
    pointer: '/upstreams/0',
    name: 'users',
    algorithm: 'round-robin',
    hash_on: 'none',
    hash_fallback: 'none',
    hash_on_header: null,
    hash_fallback_header: null,
    hash_on_cookie: null,
    hash_on_cookie_path: '/',
    hash_on_query_arg: null,
    hash_fallback_query_arg: null,
    hash_on_uri_capture: null,
    hash_fallback_uri_capture: null,
    slots: 10_000,
    sticky_sessions_cookie: null,
    sticky_sessions_cookie_path: '/',
    slow_start: 0,
    host_header: null,
    client_certificate: null,
    use_srv_name: false,
    healthchecks: healthchecks(),
    ...overrides
  }
}

/** One endpoint a weight: 10.0.0.1, 10.0.0.2, … */
export function endpoints (weights: readonly number[], failover: readonly number[] = []): Endpoint[] {
  const make = (weight: number, index: number, backup: boolean): Endpoint => new Endpoint({
    host: `10.0.0.${index + 1}`, port: 80, name: `10.0.0.${index + 1}`, srvName: null, weight, failover: backup
  }, new Address(0), new Switch())
  return [...weights.map((weight, index) => make(weight, index, false)), ...failover.map((weight, index) => make(weight, weights.length + index, true))]
}

/** Nobody watches, or each address has what `make` gives. */
export function watcher (make: (key: string) => AddressHealth = () => new Switch()): UpstreamHealth {
  return { of: make, update () {}, forget () {} }
}

/** Health that a test turns on and off. */
export class Switch implements AddressHealth {
  up = true
  /** Out, and its next trial is due after this. */
  trial = Infinity
  get healthy (): boolean { return this.up }
  usable (now: number): boolean { return this.up || now >= this.trial }
  wait (now: number): number { return this.up ? 0 : Math.max(0, this.trial - now) }
  begin (): void {}
  head (): void {}
  end (): void {}
}

export function turn (endpoint: Endpoint, up: boolean): void {
  (endpoint.health as Switch).up = up
}

export function targetOf (endpoint: Endpoint): Target {
  return { endpoint } as unknown as Target
}

export interface Facts {
  readonly headers?: readonly string[]
  readonly clientIp?: string
  readonly path?: string
  readonly query?: string | null
  readonly captures?: Readonly<Record<string, string>>
  readonly consumer?: string
  readonly credential?: string
  readonly hostHeader?: string
  readonly scheme?: 'http' | 'https'
}

export function request (facts: Facts = {}): Context {
  return {
    clientIp: '192.0.2.1',
    path: '/',
    query: null,
    captures: {},
    hostHeader: 'gateway.test',
    scheme: 'http',
    affinityKey: null,
    affinityCookie: null,
    ...facts,
    consumer: facts.consumer === undefined ? null : { id: facts.consumer },
    credential: facts.credential === undefined ? null : { id: facts.credential },
    upstream: { headers: new HeaderList([...facts.headers ?? []]) }
  } as unknown as Context
}

/** How many of `count` requests each endpoint gets. */
export function tally (balancer: Balancer, list: readonly Endpoint[], count: number, of: (nth: number) => Context = () => request()): number[] {
  const counts = new Map(list.map(endpoint => [endpoint, 0]))
  for (let nth = 0; nth < count; nth++) {
    const chosen = balancer.pick(of(nth), [], nth)
    if (chosen !== null) counts.set(chosen, (counts.get(chosen) as number) + 1)
  }
  return [...counts.values()]
}

/** Numbers from 0 to 1 that are the same in each run. */
export function randoms (seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
  }
}
