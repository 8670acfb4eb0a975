import type { FastifyBaseLogger } from 'fastify'
import type { Outside } from '../../gateway/outside.ts'
import { SharedState, type Lease } from '../shared-state.ts'
import { UpstreamHealth, type HealthSettings, type UpstreamFacts } from './upstream-health.ts'

/** The health of all upstreams of the process, by their names. */
export class HealthChecks {
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  readonly #outside: Outside | undefined
  readonly #shared = new SharedState<UpstreamHealth, HealthSettings>(health => health.close())

  /** @param outside stands in the place of targets: they are judged by their answers to requests alone, and by its clock */
  constructor (log: Pick<FastifyBaseLogger, 'warn' | 'info'>, outside?: Outside) {
    this.#log = log
    this.#outside = outside
  }

  /** That of the upstream with this name, which follows these settings from `commit` on. */
  acquire (upstream: string, settings: HealthSettings): Lease<UpstreamHealth> {
    return this.#shared.acquire(upstream, settings, () => this.#create(upstream, settings))
  }

  #create (upstream: string, settings: HealthSettings): UpstreamHealth {
    const outside = this.#outside
    return new UpstreamHealth({ upstream, log: this.#log, ...outside === undefined ? {} : { passive: true, now: () => performance.now() + outside.shift() } }, settings)
  }

  /** The snapshot that has asked last serves. */
  commit (): void {
    this.#shared.commit()
  }

  facts (): UpstreamFacts[] {
    return this.#shared.states().map(health => health.facts())
  }
}
