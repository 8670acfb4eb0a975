import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config/model.ts'
import type { KeptState } from '../gateway/keep.ts'
import type { Outside } from '../gateway/outside.ts'
import type { Redactor } from '../observability/redaction.ts'
import { keepNames } from './dns/keep-names.ts'
import type { HealthChecks } from './health/health-checks.ts'
import { healthTls } from '../tls/upstream-tls.ts'
import { Membership } from './membership.ts'

/** What a snapshot's upstreams are made with: it belongs to the process. */
export interface MembershipServices {
  readonly kept: KeptState
  readonly log: FastifyBaseLogger
  readonly health: HealthChecks
  readonly outside?: Outside | undefined
  readonly redactor?: Pick<Redactor, 'resolved'>
}

/** How long a configuration waits for the names of its targets before it serves without them, in milliseconds. */
const READY = 5_000

/** The upstreams of a snapshot that any service uses. */
export class Memberships {
  readonly #byName = new Map<string, Membership>()
  readonly #services: MembershipServices
  /** Each gives back something that was taken. */
  readonly #releases: Array<() => unknown> = []

  constructor (services: MembershipServices) {
    this.#services = services
  }

  /** Takes what its upstreams need; where that fails, `releases` gives back what it had taken. */
  open (config: Config): void {
    const { kept, log, health, outside, redactor } = this.#services
    const hosts = new Set(config.services.map(service => service.host))
    const used = config.upstreams.filter(upstream => hosts.has(upstream.name))
    if (used.length === 0) return
    const { names, key } = keepNames(config.gateway.dns, kept, log, outside?.names)
    this.#releases.push(() => kept.release(key))
    for (const upstream of used) {
      const targets = config.targets.filter(target => target.upstream === upstream.id)
      const lease = health.acquire(upstream.name, { healthchecks: upstream.healthchecks, hostHeader: upstream.host_header, tls: healthTls(config, upstream), http2: speaksHttp2(config, upstream.name) })
      this.#releases.unshift(() => lease.release())
      const membership = new Membership({ upstream, targets, kept, names, health: lease.state, now: () => performance.now() + (outside?.shift() ?? 0), ...redactor === undefined ? {} : { resolved: redactor.resolved } })
      this.#releases.unshift(() => membership.release())
      this.#byName.set(upstream.name, membership)
    }
  }

  /** The upstream that a service's host names. */
  get (host: string): Membership | undefined {
    return this.#byName.get(host)
  }

  /** Resolves when there has been an answer about every name of a target, or when it is time to begin without. */
  async ready (): Promise<void> {
    if (this.#byName.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise(resolve => { timer = setTimeout(resolve, READY) })
    await Promise.race([deadline, Promise.all([...this.#byName.values()].map(membership => membership.ready))])
    clearTimeout(timer)
  }

  /** What gives back all that they hold, to be run in this order. */
  releases (): ReadonlyArray<() => unknown> {
    return this.#releases
  }
}

/** What one of its services is spoken to by HTTP/1.1 can be checked by it. */
function speaksHttp2 ({ services }: Config, upstream: string): boolean {
  return services.every(({ host, http2 }) => host !== upstream || http2)
}
