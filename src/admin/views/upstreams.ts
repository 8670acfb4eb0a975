/** Upstreams as the processes see them, each for itself. */
import { CUT } from '../../cli/print/tree.ts'
import type { Config, Service, Upstream, UpstreamTarget } from '../../config/model.ts'
import type { ProcessFacts } from '../../gateway/engine.ts'
import type { PoolFacts } from '../../proxy/transport/transport.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import type { BreakerFacts } from '../../upstream/breaker/breaker-set.ts'
import type { UpstreamFacts } from '../../upstream/health/upstream-health.ts'
import type { ServiceView, TargetHealthView, TargetView, UpstreamView } from '../api/types.ts'
import type { EntityViews } from './entities.ts'

type Health = TargetHealthView['health']
type BreakerState = BreakerFacts['state']
type AddressView = TargetHealthView['addresses'][number]

/** The one that lets the fewest through comes last. */
const STRICTNESS: readonly BreakerState[] = ['closed', 'half-open', 'open']

/** What all processes say, by what it belongs to: made once an answer, since there may be thousands of upstreams. */
interface Seen {
  readonly upstreams: ReadonlyMap<string, readonly UpstreamFacts[]>
  readonly breakers: ReadonlyMap<string, readonly BreakerFacts[]>
  readonly pools: ReadonlyMap<string, readonly PoolFacts[]>
  readonly targets: ReadonlyMap<string, readonly UpstreamTarget[]>
  /** By host. */
  readonly services: ReadonlyMap<string, readonly Service[]>
}

function seenIn (config: Config, facts: readonly ProcessFacts[]): Seen {
  return {
    upstreams: by(facts.flatMap(process => process.upstreams), ({ upstream }) => upstream),
    breakers: breakersByService(facts),
    pools: by(facts.flatMap(process => process.pools), ({ target }) => hostOf(target)),
    targets: by(config.targets, ({ upstream }) => upstream),
    services: by(config.services, ({ host }) => host)
  }
}

export function * upstreamViews (config: Config, views: EntityViews, facts: readonly ProcessFacts[]): Steps<UpstreamView[]> {
  const seen = seenIn(config, facts)
  yield
  return yield * mapSteps(config.upstreams, upstream => upstreamView(views, upstream, seen))
}

export function oneUpstream (config: Config, views: EntityViews, upstream: Upstream, facts: readonly ProcessFacts[]): UpstreamView {
  return upstreamView(views, upstream, seenIn(config, facts))
}

function upstreamView (views: EntityViews, upstream: Upstream, seen: Seen): UpstreamView {
  return {
    ...views.cut.entity(upstream),
    targets: seen.targets.get(upstream.id)?.length ?? 0,
    services: (seen.services.get(upstream.name) ?? []).map(({ id }) => views.names.reference(id)),
    health: together(healthOf(views, upstream, seen).map(({ health }) => health)),
    place: views.names.place(upstream.pointer)
  }
}

export function targetViews (config: Config, views: EntityViews, upstream: Upstream): TargetView[] {
  return config.targets.filter(target => target.upstream === upstream.id).map(target => view(target, views))
}

export function targetHealth (config: Config, views: EntityViews, upstream: Upstream, facts: readonly ProcessFacts[]): TargetHealthView[] {
  return healthOf(views, upstream, seenIn(config, facts))
}

function healthOf (views: EntityViews, upstream: Upstream, all: Seen): TargetHealthView[] {
  const seen = all.upstreams.get(upstream.name) ?? []
  const breakers = by((all.services.get(upstream.name) ?? []).flatMap(({ id, name }) => all.breakers.get(name ?? id) ?? []).filter(({ target }) => target !== null), ({ target }) => hostOf(target as string))
  return (all.targets.get(upstream.id) ?? []).map(target => {
    const addresses = addressesOf(target, seen).map((address): AddressView => {
      const authority = `${address.ip.includes(':') ? `[${address.ip}]` : address.ip}:${address.port}`
      const pools = all.pools.get(authority) ?? []
      return {
        ...address,
        circuit_breaker: strictest(breakers.get(authority) ?? []),
        connections: { busy: sum(pools, pool => pool.busy), idle: sum(pools, pool => pool.idle) }
      }
    })
    // of an upstream that no service uses nobody knows an address
    const health = addresses.length > 0 ? together(addresses.map(({ health }) => health)) : seen.length > 0 ? 'DNS_ERROR' : 'HEALTHCHECKS_OFF'
    const shown = views.cut.isSecret(`${target.pointer}/target`) ? addresses.map(address => ({ ...address, ip: CUT })) : addresses
    return { ...view(target, views), health, addresses: shown }
  })
}

export function breakersByService (facts: readonly ProcessFacts[]): ReadonlyMap<string, readonly BreakerFacts[]> {
  return by(facts.flatMap(process => process.circuit_breakers), ({ service }) => service)
}

/**
 * Those of a service, each once.
 *
 * @param secret the service's host came from a reference
 */
export function breakerViews (breakers: readonly BreakerFacts[], secret: boolean): ServiceView['circuit_breakers'] {
  return [...by(breakers, ({ route, target }) => JSON.stringify([route, target])).values()].map(group => {
    const { route, target } = group[0] as BreakerFacts
    return { route, target: secret && target !== null ? CUT : target, state: strictest(group) as BreakerState }
  })
}

function view (target: UpstreamTarget, views: EntityViews): TargetView {
  const { id, target: address, weight, failover, tags } = views.cut.entity(target)
  return { id, target: address, weight, failover, tags, upstream: views.names.reference(target.upstream), place: views.names.place(target.pointer) }
}

/** What the name of a target stands for, in all processes. */
function addressesOf ({ target }: UpstreamTarget, seen: readonly UpstreamFacts[]): Array<Omit<AddressView, 'circuit_breaker' | 'connections'>> {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(target) ?? []
  const name = bare(host)
  const named = seen.flatMap(({ targets }) => targets.filter(one => bare(one.name) === name))
  // an SRV record has ports of its own
  const exact = named.filter(one => String(one.port) === port)
  const groups = by(exact.length > 0 ? exact : named, ({ host, port }) => `${host}|${port}`)
  return [...groups.values()].map(group => {
    const { host: ip, port, weight } = group[0] as UpstreamFacts['targets'][number]
    const unhealthy = group.filter(({ health }) => health === 'unhealthy').length
    const unchecked = group.every(({ health }) => health === 'unchecked')
    const health = unchecked ? 'HEALTHCHECKS_OFF' : unhealthy === 0 ? 'HEALTHY' : unhealthy === group.length ? 'UNHEALTHY' : 'MIXED'
    return { ip, port, weight, health, unhealthy_in: unhealthy, processes: group.length }
  })
}

function together (states: readonly Health[]): Health {
  const different = new Set(states)
  if (different.size > 1) return 'MIXED'
  return states[0] ?? 'HEALTHCHECKS_OFF'
}

function strictest (breakers: readonly BreakerFacts[]): BreakerState | null {
  return breakers.length === 0 ? null : STRICTNESS[Math.max(...breakers.map(({ state }) => STRICTNESS.indexOf(state)))] as BreakerState
}

function by<Item> (list: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of list) {
    const at = key(item)
    const group = groups.get(at)
    if (group === undefined) groups.set(at, [item])
    else group.push(item)
  }
  return groups
}

function hostOf (origin: string): string {
  return origin.replace(/^[a-z+]+:\/\//, '')
}

function bare (host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}

function sum<Item> (list: readonly Item[], of: (item: Item) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}
