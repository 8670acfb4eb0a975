import type { FastifyBaseLogger } from 'fastify'
import { SharedState, type Lease } from '../shared-state.ts'
import { UpstreamHealth, type HealthSettings, type UpstreamFacts } from './upstream-health.ts'

/** The health of all upstreams of the process, by their names. */
export class HealthChecks {
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  readonly #passive: boolean
  readonly #shared = new SharedState<UpstreamHealth, HealthSettings>(health => health.close())

  /** @param passive targets are judged by their answers to requests alone, whatever the configuration says */
  constructor (log: Pick<FastifyBaseLogger, 'warn' | 'info'>, passive = false) {
    this.#log = log
    this.#passive = passive
  }

  /** That of the upstream with this name, which follows these settings from `commit` on. */
  acquire (upstream: string, settings: HealthSettings): Lease<UpstreamHealth> {
    return this.#shared.acquire(upstream, settings, () => new UpstreamHealth({ upstream, log: this.#log, passive: this.#passive }, settings))
  }

  /** The snapshot that has asked last serves. */
  commit (): void {
    this.#shared.commit()
  }

  facts (): UpstreamFacts[] {
    return this.#shared.states().map(health => health.facts())
  }
}
