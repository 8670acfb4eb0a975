import {
  compileClaimPath, createExemption, createIdentifier, describeLimits, GatewayError, keepCounters, retryAfter,
  type ClaimReader, type Consumers, type CounterStore, type Decision, type FastifyReply, type FastifyRequest, type GatewayRequest, type Identifier, type PluginGateway, type StoreStats, type RedisSettings
} from '../../src/plugin.ts'
import { compileLimits, type Limits, type LimitSet } from './limits.ts'
import { createLoginKeys, type LoginKeys } from './login.ts'
import type { Config } from './schema.ts'

/** One request that was counted, for what its answer says it has cost. */
interface Counted {
  readonly key: string | readonly string[]
  readonly limits: Limits
}

/** What an entry does, for all of its scopes. */
export class Limiter {
  readonly #config: Config
  readonly #consumers: Consumers
  readonly #limits: LimitSet
  readonly #store: CounterStore
  readonly #stats: StoreStats
  readonly #identify: Identifier
  readonly #login: LoginKeys | null
  readonly #readTier: ClaimReader
  readonly #exempt: ((gateway: GatewayRequest) => boolean) | null
  readonly #counted = new WeakMap<FastifyRequest, Counted>()

  constructor (config: Config, gateway: PluginGateway) {
    this.#config = config
    this.#consumers = gateway.consumers
    this.#limits = compileLimits(config, gateway)
    this.#identify = createIdentifier(config, gateway.consumers)
    this.#login = config.preset === 'login' ? createLoginKeys(config.account_field) : null
    this.#readTier = compileClaimPath(config.claim_name ?? [])
    // whoever is inside may be a guesser, too: logins have exemptions of their own alone
    this.#exempt = createExemption(config.exempt, ...this.#login === null ? [gateway.exempt] : [])
    const { store, stats } = keepCounters(gateway, {
      policy: config.policy,
      type: config.window_type,
      most: config.max_counters,
      // a dry run refuses nobody
      onStoreError: config.dry_run ? 'allow' : config.on_store_error ?? (config.fault_tolerant && config.preset === undefined ? 'local' : 'deny'),
      replicas: config.replicas,
      syncRate: config.sync_rate,
      together: config.preset === 'login',
      ...(config.redis === undefined ? {} : { redis: config.redis as RedisSettings })
    })
    this.#store = store
    this.#stats = stats
    const { standard, tiers } = this.#limits
    gateway.serving(() => stats.show({
      limitBy: this.#login === null ? config.limit_by : 'ip and account',
      limits: [{ name: null, windows: standard.windows }],
      others: [...tiers.values()].flatMap(({ windows }) => windows),
      windowsOf: identifier => this.#ownOf(identifier)?.windows
    }))
  }

  /** What an identifier tells of limits that are not everybody's. */
  #ownOf (identifier: string): Limits | undefined {
    const { keys, tiers } = this.#limits
    const [, kind, value = ''] = /^([a-z-]+):(.*)$/s.exec(identifier) ?? []
    if (kind === 'key') return keys.get(value)
    if (this.#config.tier_by === 'claim') return undefined
    if (kind === 'group') return tiers.get(value)
    const consumer = kind === 'consumer' ? this.#consumers.byId(value) : undefined
    return consumer === undefined ? undefined : this.#tierOfConsumer(consumer)
  }

  /** @throws GatewayError when the request is one too many */
  admit (request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const { gateway } = request
    if (this.#exempt?.(gateway) === true) return
    if (this.#login !== null) return this.#admitLogin(this.#login, request, reply)
    const own = gateway.credential === null ? undefined : this.#limits.keys.get(gateway.credential.id)
    const limits = own ?? this.#tierOf(gateway) ?? this.#limits.standard
    const key = own === undefined ? this.#identify(request) : `key:${gateway.credential?.id}`
    return this.#take(key, limits, request, reply)
  }

  async #admitLogin (login: LoginKeys, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const limits = this.#limits.standard
    if (!this.#config.count_refused) {
      // who is refused by address is refused before anything of the body is held
      const decision = await this.#store.take(login.address(request), limits.windows, this.#config.cost, 'never')
      if (!decision.admitted) return this.#conclude(decision, limits, request, reply)
    }
    await this.#take(await login.all(request), limits, request, reply)
  }

  #take (key: string | readonly string[], limits: Limits, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    if (this.#config.cost_header !== undefined) this.#counted.set(request, { key, limits })
    const decision = this.#store.take(key, limits.windows, this.#config.cost, this.#config.count_refused ? 'always' : 'admitted')
    if (!(decision instanceof Promise)) return this.#conclude(decision, limits, request, reply)
    return decision.then(decided => this.#conclude(decided, limits, request, reply))
  }

  #conclude ({ admitted, usage }: Decision, limits: Limits, { gateway }: FastifyRequest, reply: FastifyReply): void {
    this.#stats.decided(admitted)
    const { dry_run: dry, hide_client_headers: hidden, error_code: status, error_message: message } = this.#config
    if (dry) {
      if (!admitted) gateway.log['rate_limit'] = 'would-refuse'
      return
    }
    if (!hidden && usage.length > 0) describeLimits(reply, usage, limits.policy)
    if (admitted) return
    gateway.log['rate_limit'] = 'refused'
    throw new GatewayError('SP_RATE_LIMITED', status, message, { headers: { 'retry-after': String(retryAfter(usage)) } })
  }

  #tierOf ({ consumer, identity }: GatewayRequest): Limits | undefined {
    const { tiers } = this.#limits
    if (tiers.size === 0) return undefined
    if (this.#config.tier_by === 'claim') {
      const name = identity?.claims == null ? undefined : this.#readTier(identity.claims)
      return typeof name === 'string' ? tiers.get(name) : undefined
    }
    return consumer === null ? undefined : this.#tierOfConsumer(consumer)
  }

  #tierOfConsumer (consumer: Parameters<Consumers['groupNames']>[0]): Limits | undefined {
    const groups = this.#consumers.groupNames(consumer)
    for (const [name, limits] of this.#limits.tiers) if (groups.includes(name)) return limits
    return undefined
  }

  /** Counts what the answer says, beyond what was counted before it. */
  async charge (request: FastifyRequest, reply: FastifyReply, name: string): Promise<void> {
    const value = String(reply.getHeader(name) ?? '')
    reply.removeHeader(name)
    const counted = this.#counted.get(request)
    // response hooks may run twice, and nobody pays twice
    if (counted === undefined || !this.#counted.delete(request) || !/^\d{1,15}(?:\.\d{1,6})?$/.test(value)) return
    const more = Number(value) - this.#config.cost
    if (more <= 0) return
    // the answer is there: that it could not be counted is no reason to take it away
    try {
      await this.#store.take(counted.key, counted.limits.windows, more, 'always')
    } catch {}
  }
}
