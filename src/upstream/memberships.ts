import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config/model.ts'
import type { KeptState } from '../gateway/keep.ts'
import { keepNames } from './dns/keep-names.ts'
import type { HealthChecks } from './health/health-checks.ts'
import type { UpstreamHealth } from './health/upstream-health.ts'
import { Membership } from './membership.ts'
import type { Lease } from './shared-state.ts'

/** What a snapshot's upstreams are made with: it belongs to the process. */
export interface MembershipServices {
  readonly kept: KeptState
  readonly log: FastifyBaseLogger
  readonly health: HealthChecks
}

/** How long a configuration waits for the names of its targets before it serves without them, in milliseconds. */
const READY = 5_000

/** The upstreams of a snapshot that any service uses. */
export class Memberships {
  readonly #byName = new Map<string, Membership>()
  readonly #kept: KeptState
  /** Under which the names are kept; null: there are no upstreams. */
  readonly #names: string | null = null

  readonly #leases: Array<Lease<UpstreamHealth>> = []

  constructor (config: Config, { kept, log, health }: MembershipServices) {
    this.#kept = kept
    const hosts = new Set(config.services.map(service => service.host))
    const used = config.upstreams.filter(upstream => hosts.has(upstream.name))
    if (used.length === 0) return
    const { names, key } = keepNames(config.gateway.dns, kept, log)
    this.#names = key
    for (const upstream of used) {
      const targets = config.targets.filter(target => target.upstream === upstream.id)
      const lease = health.acquire(upstream.name, { healthchecks: upstream.healthchecks, hostHeader: upstream.host_header })
      this.#leases.push(lease)
      this.#byName.set(upstream.name, new Membership({ upstream, targets, kept, names, health: lease.state, now: () => performance.now() }))
    }
  }

  /** The upstream that a service's host names. */
  get (host: string): Membership | undefined {
    return this.#byName.get(host)
  }

  /** Resolves when there has been an answer about every name of a target, or when it is time to begin without. */
  async ready (): Promise<void> {
    if (this.#names === null) return
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise(resolve => { timer = setTimeout(resolve, READY) })
    await Promise.race([deadline, Promise.all([...this.#byName.values()].map(membership => membership.ready))])
    clearTimeout(timer)
  }

  release (): void {
    for (const membership of this.#byName.values()) membership.release()
    for (const lease of this.#leases) lease.release()
    if (this.#names !== null) this.#kept.release(this.#names).catch(() => {})
  }
}
