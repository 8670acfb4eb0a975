import type { FastifyBaseLogger } from 'fastify'
import type { AddressHealth } from '../address-health.ts'
import { checksHealth, type HealthchecksOptions } from '../../config/entities/healthchecks.ts'
import type { UpstreamTls } from '../../tls/upstream-tls.ts'
import { ActiveChecks, type Subject } from './active-checks.ts'
import { probe, type Finding, type ProbeAddress } from './probe.ts'
import { healthRules, type HealthRules } from './rules.ts'
import { TargetHealth, type CheckSource, type HealthKeeper } from './target-health.ts'

/** An address of an upstream, as one configuration sees it. */
export interface CheckedEndpoint {
  /** IP address, without brackets. */
  readonly host: string
  readonly port: number
  /** The name that led to the address, or the address. */
  readonly name: string
  /** 0: it gets no traffic. */
  readonly weight: number
  /** What {@link UpstreamHealth.of} gave for it; null: it isn't checked. */
  readonly health: AddressHealth | null
}

/** What `/status` tells of an upstream. */
export interface UpstreamFacts {
  readonly upstream: string
  readonly targets: ReadonlyArray<{
    /** As the file names it. */
    readonly name: string
    readonly host: string
    readonly port: number
    readonly weight: number
    /** `unchecked`: its upstream has no health checks. */
    readonly health: 'healthy' | 'unhealthy' | 'unchecked'
  }>
}

export interface UpstreamHealthOptions {
  readonly upstream: string
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  /** Nothing is asked on our own account. */
  readonly passive?: boolean
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number
  readonly random?: () => number
  readonly probe?: (address: ProbeAddress, options: HealthchecksOptions['active'], signal: AbortSignal) => Promise<Finding>
}

/** What an edit of the file can change. */
export interface HealthSettings {
  readonly healthchecks: HealthchecksOptions
  /** Host field towards the targets; null: each target's own name. */
  readonly hostHeader: string | null
  /** For checks by https. */
  readonly tls: UpstreamTls
  /** Whether checks speak HTTP/2. */
  readonly http2: boolean
}

/** Milliseconds between two lines about targets that must stay. */
const QUIET = 60_000

/** The health of an upstream's targets, as this process sees it. It outlives reloads. */
export class UpstreamHealth implements HealthKeeper {
  readonly #options: UpstreamHealthOptions
  readonly #now: () => number
  readonly random: () => number
  readonly #targets = new Map<string, TargetHealth>()
  /** By snapshot: several may be alive. */
  readonly #owners = new Map<object, readonly CheckedEndpoint[]>()
  #endpoints = new Map<TargetHealth, CheckedEndpoint>()
  #settings: HealthSettings
  #checks: ActiveChecks | null = null
  #told = -Infinity
  rules: HealthRules

  constructor (options: UpstreamHealthOptions, settings: HealthSettings) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.random = options.random ?? Math.random
    this.#settings = settings
    this.rules = healthRules(settings.healthchecks)
    this.#restart()
  }

  /** Takes edited settings over. States stay, unless nothing is checked any more. */
  follow (settings: HealthSettings): void {
    const same = JSON.stringify(settings) === JSON.stringify(this.#settings)
    this.#settings = settings
    if (same) return
    this.rules = healthRules(settings.healthchecks)
    const checked = checksHealth(settings.healthchecks)
    for (const health of this.#targets.values()) {
      if (checked) health.follow(this.#now())
      else health.reset()
    }
    this.#restart()
  }

  /** Of the address with this key. */
  of (key: string): TargetHealth {
    let health = this.#targets.get(key)
    if (health === undefined) {
      health = new TargetHealth(this)
      this.#targets.set(key, health)
    }
    return health
  }

  /** The addresses of one snapshot, again whenever they change. Those of all snapshots are checked. */
  update (owner: object, endpoints: readonly CheckedEndpoint[]): void {
    this.#owners.set(owner, endpoints)
    this.#collect()
  }

  /** The snapshot has served its last request. */
  forget (owner: object): void {
    this.#owners.delete(owner)
    this.#collect()
  }

  mayEject (target: TargetHealth): boolean {
    let all = 0
    let out = 0
    for (const [health, { weight }] of this.#endpoints) {
      if (weight === 0) continue
      all++
      if (!health.healthy) out++
    }
    if ((out + 1) * 100 <= this.#settings.healthchecks.max_ejection_percent * all) return true
    const now = this.#now()
    if (now - this.#told >= QUIET) {
      this.#told = now
      this.#options.log.warn({ ...this.#nameOf(target), out, of: all }, 'a target fails and stays, since no more may be taken out')
    }
    return false
  }

  changed (target: TargetHealth, source: CheckSource, reason: string): void {
    const facts = { ...this.#nameOf(target), check: source, reason }
    if (target.healthy) this.#options.log.info(facts, 'a target is healthy again')
    else this.#options.log.warn(facts, 'a target is unhealthy')
    this.#checks?.changed(target)
  }

  facts (): UpstreamFacts {
    // the youngest snapshot comes last, and what it says of an address counts
    const endpoints = new Map([...this.#owners.values()].flat().map(endpoint => [`${endpoint.host}|${endpoint.port}`, endpoint]))
    return {
      upstream: this.#options.upstream,
      targets: [...endpoints.values()].map(({ name, host, port, weight, health }) => ({
        name,
        host,
        port,
        weight,
        health: health === null ? 'unchecked' : health.healthy ? 'healthy' : 'unhealthy'
      }))
    }
  }

  /** Ends all checks. */
  close (): void {
    this.#checks?.close()
    this.#checks = null
  }

  #collect (): void {
    const endpoints = new Map<TargetHealth, CheckedEndpoint>()
    for (const list of this.#owners.values()) {
      for (const endpoint of list) if (endpoint.health !== null) endpoints.set(endpoint.health as TargetHealth, endpoint)
    }
    this.#endpoints = endpoints
    for (const [key, health] of this.#targets) if (!endpoints.has(health)) this.#targets.delete(key)
    this.#checks?.update(this.#subjects())
  }

  #restart (): void {
    this.close()
    const { active } = this.#settings.healthchecks
    if (this.#options.passive === true || (active.healthy.interval === 0 && active.unhealthy.interval === 0)) return
    this.#checks = new ActiveChecks({
      intervals: { healthy: active.healthy.interval, unhealthy: active.unhealthy.interval },
      concurrency: active.concurrency,
      now: this.#now,
      random: this.random
    })
    this.#checks.update(this.#subjects())
  }

  * #subjects (): Generator<Subject> {
    const check = this.#options.probe ?? probe
    for (const [health, { host, port, name }] of this.#endpoints) {
      yield { health, probe: signal => check({ host, port, authority: this.#settings.hostHeader ?? authorityOf(name, port), tls: this.#settings.tls, http2: this.#settings.http2 }, this.#settings.healthchecks.active, signal) }
    }
  }

  #nameOf (target: TargetHealth): { upstream: string, target: string } {
    const endpoint = this.#endpoints.get(target)
    return { upstream: this.#options.upstream, target: endpoint === undefined ? '' : authorityOf(endpoint.host, endpoint.port) }
  }
}

function authorityOf (name: string, port: number): string {
  return `${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}`
}
