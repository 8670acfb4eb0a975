/** Upstreams as the processes see them, each for itself. */
import { CUT } from '../../cli/print/tree.ts'
import type { Config, Upstream, UpstreamTarget } from '../../config/model.ts'
import type { ProcessFacts } from '../../gateway/engine.ts'
import type { BreakerFacts } from '../../upstream/breaker/breaker-set.ts'
import type { UpstreamFacts } from '../../upstream/health/upstream-health.ts'
import type { ServiceView, TargetHealthView, TargetView, UpstreamView } from '../api/types.ts'
import type { EntityViews } from './entities.ts'

type Health = TargetHealthView['health']
type BreakerState = BreakerFacts['state']
type AddressView = TargetHealthView['addresses'][number]

/** The one that lets the fewest through comes last. */
const STRICTNESS: readonly BreakerState[] = ['closed', 'half-open', 'open']

export function upstreamViews (config: Config, views: EntityViews, facts: readonly ProcessFacts[]): UpstreamView[] {
  return config.upstreams.map(upstream => ({
    ...views.cut.entity(upstream),
    targets: config.targets.filter(target => target.upstream === upstream.id).length,
    services: config.services.filter(({ host }) => host === upstream.name).map(({ id }) => views.names.reference(id)),
    health: together(targetHealth(config, views, upstream, facts).map(({ health }) => health)),
    place: views.names.place(upstream.pointer)
  }))
}

export function targetViews (config: Config, views: EntityViews, upstream: Upstream): TargetView[] {
  return config.targets.filter(target => target.upstream === upstream.id).map(target => view(target, views))
}

export function targetHealth (config: Config, views: EntityViews, upstream: Upstream, facts: readonly ProcessFacts[]): TargetHealthView[] {
  const seen = facts.flatMap(process => process.upstreams.filter(one => one.upstream === upstream.name))
  const services = config.services.filter(({ host }) => host === upstream.name)
  const names = new Set(services.map(({ id, name }) => name ?? id))
  const breakers = facts.flatMap(process => process.circuit_breakers.filter(({ service, target }) => target !== null && names.has(service)))
  return config.targets.filter(target => target.upstream === upstream.id).map(target => {
    const addresses = addressesOf(target, seen).map((address): AddressView => {
      const authority = `${address.ip.includes(':') ? `[${address.ip}]` : address.ip}:${address.port}`
      const pools = facts.flatMap(process => process.pools.filter(pool => hostOf(pool.target) === authority))
      return {
        ...address,
        circuit_breaker: strictest(breakers.filter(breaker => breaker.target !== null && hostOf(breaker.target) === authority)),
        connections: { busy: sum(pools, pool => pool.busy), idle: sum(pools, pool => pool.idle) }
      }
    })
    // of an upstream that no service uses nobody knows an address
    const health = addresses.length > 0 ? together(addresses.map(({ health }) => health)) : seen.length > 0 ? 'DNS_ERROR' : 'HEALTHCHECKS_OFF'
    const shown = views.cut.isSecret(`${target.pointer}/target`) ? addresses.map(address => ({ ...address, ip: CUT })) : addresses
    return { ...view(target, views), health, addresses: shown }
  })
}

/** Those of a service, each once. */
/** @param secret the service's host came from a reference */
export function breakerViews (service: string, secret: boolean, facts: readonly ProcessFacts[]): ServiceView['circuit_breakers'] {
  const groups = new Map<string, BreakerFacts[]>()
  for (const breaker of facts.flatMap(process => process.circuit_breakers)) {
    if (breaker.service !== service) continue
    const key = JSON.stringify([breaker.route, breaker.target])
    groups.set(key, [...groups.get(key) ?? [], breaker])
  }
  return [...groups.values()].map(group => {
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
  const groups = new Map<string, UpstreamFacts['targets'][number][]>()
  for (const one of exact.length > 0 ? exact : named) {
    const key = `${one.host}|${one.port}`
    groups.set(key, [...groups.get(key) ?? [], one])
  }
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

function hostOf (origin: string): string {
  return origin.replace(/^[a-z+]+:\/\//, '')
}

function bare (host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}

function sum<Item> (list: readonly Item[], of: (item: Item) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}
