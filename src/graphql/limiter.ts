import type { FastifyReply, FastifyRequest } from 'fastify'
import { describeLimits, describePolicy, retryAfter } from '../limits/headers.ts'
import type { Identifier } from '../limits/identifier.ts'
import { shareOf } from '../limits/periods-schema.ts'
import type { PluginGateway } from '../plugin.ts'
import type { CounterStore, CounterWindow, Decision } from '../stores/counters.ts'
import { keepCounters, type KeepCountersOptions } from '../stores/keep-counters.ts'
import type { StoreStats } from '../stores/store-stats.ts'
import { type FrontLimits, type GraphqlFrontEnd, graphqlFrontEnd, type GraphqlRequest } from './front-end.ts'
import { refuseGraphql } from './refusal.ts'

/**
 * How requests are read where no `graphql-guard` has read them: what is beyond that is refused.
 */
export const STANDARD_LIMITS: FrontLimits = Object.freeze({ maxBody: 131_072, maxBatch: 10, multipart: false, websockets: false, maxLength: 65_536, maxTokens: 5000 })

/** More than any limit, and still a number that can be counted. */
const MOST = 1e12

export interface GraphqlLimiterOptions {
  readonly windows: readonly CounterWindow[]
  readonly identify: Identifier
  /** Who shares a count, in the word of the options. */
  readonly limitBy: string
  readonly counters: KeepCountersOptions
  /** What a request spends. @throws GatewayError for one that is refused whatever was spent before */
  readonly spend: (asked: GraphqlRequest) => number
  readonly hidden: boolean
}

/** Limits GraphQL requests by what they ask for. */
export class GraphqlLimiter {
  readonly #frontEnd: GraphqlFrontEnd
  readonly #options: GraphqlLimiterOptions
  readonly #windows: readonly CounterWindow[]
  readonly #policy: string
  readonly #store: CounterStore
  readonly #stats: StoreStats

  constructor (options: GraphqlLimiterOptions, gateway: PluginGateway) {
    const { store, stats } = keepCounters(gateway, options.counters)
    this.#frontEnd = graphqlFrontEnd(gateway)
    this.#options = options
    this.#windows = shareOf(options.windows, options.counters.policy === 'local' ? gateway.workers : 1)
    this.#policy = describePolicy(this.#windows)
    this.#store = store
    this.#stats = stats
    gateway.serving(() => stats.show({ limitBy: options.limitBy, limits: [{ name: null, windows: this.#windows }] }))
  }

  /** Call it in the request phase, with the body held. @throws GatewayError for what can't be read, or is too much */
  admit (request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const asked = this.#frontEnd.read(request, STANDARD_LIMITS)
    if (asked === null) return
    const cost = this.#options.spend(asked)
    // what is no number must not be counted: it would be so for ever
    const spent = cost >= 0 ? Math.min(cost, MOST) : MOST
    const decision = this.#store.take(this.#options.identify(request), this.#windows, spent, 'admitted')
    if (!(decision instanceof Promise)) return this.#conclude(decision, spent, request, reply)
    return decision.then(decided => this.#conclude(decided, spent, request, reply))
  }

  #conclude ({ admitted, usage }: Decision, spent: number, { gateway }: FastifyRequest, reply: FastifyReply): void {
    this.#stats.decided(admitted)
    gateway.log['graphql_cost'] = spent
    if (!this.#options.hidden && usage.length > 0) {
      reply.header('x-ratelimit-query-cost', String(spent))
      describeLimits(reply, usage, this.#policy)
    }
    if (admitted) return
    gateway.log['rate_limit'] = 'refused'
    throw refuseGraphql('RATE_LIMITED', 429, 'API rate limit exceeded', { 'retry-after': String(retryAfter(usage)) })
  }
}

/** @throws GatewayError unless the cost is within the limit; what is no number is not */
export function requireCost (cost: number, most: number): void {
  if (!(cost <= most)) throw refuseGraphql('COST_LIMIT_EXCEEDED', 400, `The request costs ${Math.ceil(cost)}, more than ${most}`)
}

/** @throws GatewayError where an operation is deeper than that */
export function requireDepth ({ operations }: GraphqlRequest, most: number): void {
  for (const { shape: { depth } } of operations) {
    if (depth > most) throw refuseGraphql('LIMIT_EXCEEDED', 400, `The operation is ${depth} fields deep, more than ${most}`)
  }
}
