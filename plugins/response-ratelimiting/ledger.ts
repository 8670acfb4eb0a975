import {
  createExemption, createIdentifier, GatewayError, keepOrders, type RedisSettings, shareOf, windowsOf,
  type CounterWindow, type FastifyReply, type FastifyRequest, type GatewayRequest, type Identifier, type Order, type OrderStore, type PluginGateway, type Settlement, type StoreStats, type WindowUsage
} from '../../src/plugin.ts'
import { announced } from './announced.ts'
import type { Config } from './schema.ts'

interface Limit extends Order {
  readonly windows: readonly CounterWindow[]
  readonly cost: 0
}

/** What clients have spent, and may still spend. */
export class Ledger {
  readonly #config: Config
  readonly #limits: readonly Limit[]
  readonly #store: OrderStore
  readonly #stats: StoreStats
  readonly #identify: Identifier
  readonly #exempt: ((gateway: GatewayRequest) => boolean) | null
  /** Whose answers are to be counted. */
  readonly #keys = new WeakMap<FastifyRequest, string>()

  constructor (config: Config, gateway: PluginGateway) {
    this.#config = config
    this.#limits = Object.entries(config.limits).map(([name, limits]) => ({
      name,
      windows: shareOf(windowsOf(limits), config.policy === 'local' ? gateway.workers : 1),
      cost: 0
    }))
    this.#identify = createIdentifier(config, gateway.consumers)
    this.#exempt = createExemption(config.exempt, gateway.exempt)
    const { store, stats } = keepOrders(gateway, {
      policy: config.policy,
      type: config.window_type,
      most: config.max_counters,
      onStoreError: config.on_store_error ?? (config.fault_tolerant ? 'local' : 'deny'),
      replicas: config.replicas,
      ...(config.redis === undefined ? {} : { redis: config.redis as RedisSettings })
    })
    this.#store = store
    this.#stats = stats
    gateway.serving(() => stats.show({ limitBy: config.limit_by, limits: this.#limits }))
  }

  /** Tells the service what is left. @throws GatewayError 429 when nothing is left of a limit, and that is to block */
  async open (request: FastifyRequest): Promise<void> {
    if (this.#exempt?.(request.gateway) === true) return
    const key = this.#identify(request)
    this.#keys.set(request, key)
    const { usages } = await this.#store.spend(key, this.#limits, 'never')
    for (const [index, usage] of usages.entries()) {
      // while the store is down and all may pass, nobody knows
      if (usage.length === 0) continue
      const { name } = this.#limits[index] as Limit
      request.gateway.upstream?.headers.set(`X-RateLimit-Remaining-${name}`, String(Math.floor(leastOf(usage))))
      if (this.#config.block_on_first_violation && isUsedUp(usage)) throw this.#exceeded(name, usage)
    }
  }

  /** Counts what the answer has spent, and tells the client. @throws GatewayError 429 when it spends of what was used up */
  async settle (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const key = this.#keys.get(request)
    const spent = announced(reply.getHeader(this.#config.header_name))
    reply.removeHeader(this.#config.header_name)
    // response hooks may run twice, and nobody pays twice
    if (key === undefined || !this.#keys.delete(request)) return
    const orders = this.#limits.map(limit => ({ ...limit, cost: spent.get(limit.name) ?? 0 }))
    const settlement = await this.#store.spend(key, orders, 'while-left')
    if (!settlement.admitted) this.#refuse(orders, settlement)
    this.#stats.decided(true)
    if (this.#config.hide_client_headers) return
    for (const [index, usage] of settlement.usages.entries()) describe(reply, (orders[index] as Order).name, usage)
  }

  #refuse (orders: readonly Order[], { usages }: Settlement): never {
    const index = usages.findIndex((usage, index) => (orders[index] as Order).cost > 0 && isUsedUp(usage))
    throw this.#exceeded((orders[index] as Order).name, usages[index] as readonly WindowUsage[])
  }

  #exceeded (name: string, usage: readonly WindowUsage[]): GatewayError {
    this.#stats.decided(false)
    const wait = usage.reduce((longest, { wait }) => Math.max(longest, wait), 0)
    return new GatewayError('SP_RESPONSE_LIMITED', 429, `API rate limit exceeded for '${name}'`, { headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1000))) } })
  }
}

function isUsedUp (usage: readonly WindowUsage[]): boolean {
  return usage.some(({ wait }) => wait > 0)
}

function leastOf (usage: readonly WindowUsage[]): number {
  return usage.reduce((least, { remaining }) => Math.min(least, remaining), Number.MAX_SAFE_INTEGER)
}

function describe (reply: FastifyReply, name: string, usage: readonly WindowUsage[]): void {
  for (const { window: { period, limit }, remaining } of usage) {
    reply.header(`X-RateLimit-Limit-${name}-${period}`, String(limit)).header(`X-RateLimit-Remaining-${name}-${period}`, String(Math.floor(remaining)))
  }
}
