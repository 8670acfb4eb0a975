import {
  createExemption, createIdentifier, GatewayError, keepCounters, type RedisSettings, shareOf, windowsOf,
  type CounterStore, type CounterWindow, type FastifyReply, type FastifyRequest, type GatewayRequest, type Identifier, type PluginGateway, type StoreStats, type WindowUsage
} from '../../src/plugin.ts'
import { announced } from './announced.ts'
import type { Config } from './schema.ts'

interface Limit {
  readonly name: string
  readonly windows: readonly CounterWindow[]
}

/** What clients have spent, and may still spend. */
export class Ledger {
  readonly #config: Config
  readonly #limits: readonly Limit[]
  readonly #store: CounterStore
  readonly #stats: StoreStats
  readonly #identify: Identifier
  readonly #exempt: ((gateway: GatewayRequest) => boolean) | null
  /** Whose answers are to be counted. */
  readonly #keys = new WeakMap<FastifyRequest, string>()

  constructor (config: Config, gateway: PluginGateway) {
    this.#config = config
    this.#limits = Object.entries(config.limits).map(([name, limits]) => ({
      name,
      windows: shareOf(windowsOf(limits), config.policy === 'local' ? gateway.workers : 1)
    }))
    this.#identify = createIdentifier(config, gateway.consumers)
    this.#exempt = createExemption(config.exempt, gateway.exempt)
    const { store, stats } = keepCounters(gateway, {
      policy: config.policy,
      type: 'fixed',
      most: config.max_counters,
      onStoreError: config.fault_tolerant ? 'local' : 'deny',
      replicas: config.replicas,
      ...(config.redis === undefined ? {} : { redis: config.redis as RedisSettings })
    })
    this.#store = store
    this.#stats = stats
  }

  /** Tells the service what is left. @throws GatewayError 429 when nothing is left of a limit, and that is to block */
  async open (request: FastifyRequest): Promise<void> {
    if (this.#exempt?.(request.gateway) === true) return
    const key = this.#identify(request)
    this.#keys.set(request, key)
    for (const { name, windows } of this.#limits) {
      const { usage } = await this.#store.take(`${name} ${key}`, windows, 0, 'never')
      const left = Math.floor(leastOf(usage))
      request.gateway.upstream?.headers.set(`X-RateLimit-Remaining-${name}`, String(left))
      if (left === 0 && this.#config.block_on_first_violation) throw this.#exceeded(name, usage)
    }
  }

  /** Counts what the answer has spent, and tells the client. @throws GatewayError 429 when it spends of what was used up */
  async settle (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const key = this.#keys.get(request)
    const spent = announced(reply.getHeader(this.#config.header_name))
    reply.removeHeader(this.#config.header_name)
    // response hooks may run twice, and nobody pays twice
    if (key === undefined || !this.#keys.delete(request)) return
    for (const { name, windows } of this.#limits) {
      if (!spent.has(name)) continue
      const { usage } = await this.#store.take(`${name} ${key}`, windows, 0, 'never')
      if (usage.length > 0 && leastOf(usage) <= 0) throw this.#exceeded(name, usage)
    }
    this.#stats.decided(true)
    for (const { name, windows } of this.#limits) {
      const amount = spent.get(name) ?? 0
      const { usage } = await this.#store.take(`${name} ${key}`, windows, amount, amount > 0 ? 'always' : 'never')
      if (!this.#config.hide_client_headers) describe(reply, name, usage)
    }
  }

  #exceeded (name: string, usage: readonly WindowUsage[]): GatewayError {
    this.#stats.decided(false)
    return new GatewayError('SP_RESPONSE_LIMITED', 429, `API rate limit exceeded for '${name}'`, { headers: { 'retry-after': String(retryAfter(usage)) } })
  }
}

function leastOf (usage: readonly WindowUsage[]): number {
  return usage.reduce((least, { remaining }) => Math.min(least, remaining), Number.MAX_SAFE_INTEGER)
}

/** Seconds, rounded up, until the last of the windows that are used up starts anew. */
function retryAfter (usage: readonly WindowUsage[]): number {
  const wait = usage.reduce((longest, { remaining, reset }) => Math.floor(remaining) === 0 ? Math.max(longest, reset) : longest, 0)
  return Math.max(1, Math.ceil(wait / 1000))
}

function describe (reply: FastifyReply, name: string, usage: readonly WindowUsage[]): void {
  for (const { window: { period, limit }, remaining } of usage) {
    reply.header(`X-RateLimit-Limit-${name}-${period}`, String(limit)).header(`X-RateLimit-Remaining-${name}-${period}`, String(Math.floor(remaining)))
  }
}
