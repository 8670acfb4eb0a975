import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import type { PluginGateway } from '../plugin-contract.ts'
import type { UpstreamRequest } from '../plugin-request.ts'
import { HeaderList } from '../proxy/fields/header-list.ts'
import type { CachedAnswer, CacheRecord, CacheStore, PurgeOrder } from '../stores/cache/cache-store.ts'
import { keepCache } from '../stores/cache/keep-cache.ts'
import type { RedisSettings } from '../stores/redis/connect.ts'
import { CallerReader } from './caller.ts'
import { NO_DIRECTIVES, requestDirectives } from './directives.ts'
import { Flights, type Lead } from './flights.ts'
import { judge } from './freshness.ts'
import { Invalidation } from './invalidation.ts'
import { KeyMaker, postsOf } from './key.ts'
import { Passes } from './passes.ts'
import { isPlain } from './plain.ts'
import { Recorder } from './recorder.ts'
import { Recordings } from './recordings.ts'
import type { CacheRules } from './rules.ts'
import { isSafe } from './safe-methods.ts'
import { answerFrom } from './serve.ts'
import { StatusFields } from './status.ts'
import { Storability } from './storable.ts'
import type { Subject } from './subject.ts'
import { variant } from './variant.ts'
import { Visit } from './visit.ts'

/** Of the client: they ask about what the client has, not about what is stored. */
const CONDITIONS = ['if-none-match', 'if-modified-since']

/** What an entry does, for all of its scopes. */
export class ResponseCache {
  readonly store: CacheStore
  readonly now: () => number
  readonly storability: Storability
  readonly status: StatusFields
  readonly recordings: Recordings
  readonly keys: KeyMaker
  readonly #config: CacheRules
  readonly #callers: CallerReader
  readonly #flights: Flights
  readonly #passes: Passes
  readonly #methods: ReadonlySet<string>

  constructor (config: CacheRules, gateway: PluginGateway) {
    const { store, now } = keepCache(gateway, {
      strategy: config.strategy,
      bytes: config.memory.size,
      largest: config.max_size,
      ...config.redis === undefined ? {} : { redis: config.redis as RedisSettings }
    })
    this.store = store
    this.now = now
    this.#config = config
    this.#methods = new Set(config.request_method)
    this.keys = new KeyMaker(config)
    this.status = new StatusFields(config)
    this.storability = new Storability(config)
    this.#callers = new CallerReader(config)
    this.#flights = gateway.keep('flights', () => new Flights())
    this.#passes = gateway.keep('passes', () => new Passes(now))
    this.recordings = gateway.keep('recordings', () => new Recordings(0))
    this.recordings.most = config.memory.size
  }

  /**
   * Has the request answered from the store, or its answer stored.
   *
   * @param subject of a request that changes nothing, whatever its method says
   */
  admit (request: FastifyRequest, reply: FastifyReply, subject: Subject | null = null): void | Promise<void> {
    const { gateway, headers } = request
    const { upstream, method } = gateway
    if (upstream === null || gateway.answer !== null) return
    if (headers.upgrade !== undefined) return subject === null ? this.#watch(request, upstream) : undefined
    if (!this.#methods.has(method) || upstream.method !== method) return this.bypass(request, reply, 'fwd=method', subject === null)
    const asks = this.#asks(request)
    if (asks.noStore || !isPlain(request, upstream)) return this.bypass(request, reply, 'fwd=request', subject === null)
    // its content is looked at before it is stored; here, since answers may vary by it
    if (subject !== null) upstream.headers.set('Accept-Encoding', 'identity')
    const caller = this.#callers.read(request, upstream)
    const key = subject === null ? this.keys.of(request, upstream, method === 'HEAD' ? 'GET' : method, caller ?? '') : this.keys.ofSubject(request, upstream, subject.key, caller ?? '')
    const obstacle = method === 'HEAD' ? 'head' : headers.range !== undefined ? 'range' : ''
    return this.#look(new Visit(request, reply, upstream, key, asks, caller === null, obstacle, this.#passes, subject))
  }

  /** Stores an answer, under the values of the fields that it varies by. */
  put (visit: Visit, vary: readonly string[], answer: CachedAnswer): void {
    const { key: { uri, rest }, upstream, flight, variants } = visit
    // those that are stored already are found through it as well
    if (vary.length > 0) this.store.set(uri, rest, { variesBy: vary, expiresAt: Math.max(answer.expiresAt, variants?.expiresAt ?? 0) }, visit)
    this.store.set(uri, vary.length === 0 ? rest : variant(rest, vary, upstream.headers), answer, visit)
    this.#passes.delete(flight)
  }

  /** What is stored for this request is no longer so. */
  drop ({ key: { uri }, place }: Visit): void {
    this.store.delete(uri, place)
  }

  /** @param posts also answers to POST */
  invalidate (uri: string, posts: boolean): void {
    for (const one of posts ? [uri, postsOf(uri)] : [uri]) {
      this.recordings.doom(one)
      this.store.invalidate(one)
    }
  }

  async purge (order: PurgeOrder): Promise<number> {
    this.recordings.doom()
    const { url, prefix } = order
    if (url === undefined && prefix === undefined) return await this.store.purge(order)
    const uri = url === undefined ? this.keys.prefixOf(prefix as string) : this.keys.uriOf(url)
    if (uri === null) return 0
    if (url === undefined) return await this.store.purge({ prefix: uri })
    return await this.store.purge({ url: uri }) + await this.store.purge({ url: postsOf(uri) })
  }

  #asks ({ headers }: FastifyRequest): Visit['asks'] {
    const said = headers['cache-control']
    const { pragma } = headers
    if ((said === undefined && pragma === undefined) || !this.#config.request_directives || !this.#config.cache_control) return NO_DIRECTIVES
    return requestDirectives(said, pragma as string | undefined)
  }

  /**
   * Has the upstream asked, and nothing stored.
   *
   * @param why parameters of Cache-Status @param changes an unsafe method drops what is stored of the URI
   */
  bypass (request: FastifyRequest, reply: FastifyReply, why: string, changes: boolean): void {
    const { upstream } = request.gateway
    if (upstream === null) return
    if (changes) this.#watch(request, upstream)
    this.status.forwarded(reply, 'Bypass', why, null)
    request.gateway.log['cache'] = 'bypass'
  }

  /** Its answer isn't stored; what it changes is dropped all the same. */
  #watch (request: FastifyRequest, upstream: UpstreamRequest): void {
    const { gateway } = request
    if (!isSafe(gateway.method) || !isSafe(upstream.method)) gateway.watch(new Invalidation(this, request))
  }

  #look (visit: Visit): void | Promise<void> {
    const found = this.store.get(visit.key.uri, visit.key.rest, visit)
    return found instanceof Promise ? found.then(record => this.#found(visit, record)) : this.#found(visit, found)
  }

  #found (visit: Visit, record: CacheRecord | undefined): void | Promise<void> {
    const { uri, rest } = visit.key
    visit.place = rest
    if (record === undefined || record.variesBy === null) return this.#meet(visit, record)
    visit.missed = 'vary-miss'
    visit.variants = record
    visit.place = variant(rest, record.variesBy, visit.upstream.headers)
    const found = this.store.get(uri, visit.place, visit)
    return found instanceof Promise ? found.then(one => this.#meet(visit, one)) : this.#meet(visit, found)
  }

  #meet (visit: Visit, answer: CacheRecord | undefined): void | Promise<void> {
    if (answer === undefined || answer.variesBy !== null) return this.#forward(visit, null)
    if (visit.identified && !answer.shared) {
      visit.missed = 'bypass'
      return this.#forward(visit, null)
    }
    const verdict = judge(answer, visit.asks, this.now())
    if (verdict !== 'fresh' && !isSafe(visit.request.gateway.method)) {
      // a condition of a POST means "do it, unless" (RFC 9110 section 13.1.2), and a copy of it has no body: it is asked as it is
      visit.missed = 'stale'
      return this.#forward(visit, null)
    }
    if (verdict === 'validate') return this.#forward(visit, answer)
    if (verdict === 'background') this.#renew(visit, answer)
    const whole = answerFrom(answer, visit.request)
    this.status.stored(whole.fields, answer, 'Hit', visit.waited ? 'fwd=uri-miss; collapsed' : 'hit', this.now())
    visit.request.gateway.answer = whole
    visit.log('hit')
  }

  /** Asks the upstream, alone or for others; or waits for who does. */
  #forward (visit: Visit, stored: CachedAnswer | null): void | Promise<void> {
    if (visit.asks.onlyIfCached) throw new GatewayError('SP_CACHE_ONLY', 504, 'The answer is not in the cache')
    const { coalesce_timeout: patience } = this.#config
    if (patience === 0 || visit.waited || !visit.storing || this.#passes.has(visit.flight)) return this.#send(visit, stored, null)
    const boarded = this.#flights.board(visit.flight, patience, () => visit.reply.raw.destroyed)
    if (!('news' in boarded)) return this.#send(visit, stored, boarded)
    return boarded.news.then(news => {
      visit.waited = true
      if (news === 'stored') return this.#look(visit)
      return this.#send(visit, stored, news === 'lead' ? boarded.lead : null)
    })
  }

  #send (visit: Visit, stored: CachedAnswer | null, lead: Lead | null): void {
    const { request: { gateway }, upstream, reply } = visit
    if (reply.raw.destroyed) {
      lead?.leave()
      return
    }
    try {
      gateway.watch(new Recorder(this, visit, stored, lead, false))
    } catch (error) {
      lead?.release()
      throw error
    }
    // an answer that is stored has to be whole; where none will be, the client's own questions go up
    if (stored !== null || (visit.storing && !this.#passes.has(visit.flight))) ask(upstream.headers, stored)
  }

  /** Has a stale answer validated beside the request that is answered with it. */
  #renew (visit: Visit, stored: CachedAnswer): void {
    const { request, upstream, flight } = visit
    if (!visit.storing || this.#flights.has(flight)) return
    const lead = this.#flights.board(flight, this.#config.coalesce_timeout, () => true) as Lead
    const headers = new HeaderList(upstream.headers.raw.slice())
    ask(headers, stored)
    request.gateway.sendBeside(headers, new Recorder(this, visit, stored, lead, true))
  }
}

/** Has the upstream asked whether what is stored still holds, and not what the client would have asked. */
function ask (headers: HeaderList, stored: CachedAnswer | null): void {
  for (const name of CONDITIONS) headers.delete(name)
  if (stored === null) return
  if (stored.etag !== null) headers.append('If-None-Match', stored.etag)
  if (stored.lastModified !== null) headers.append('If-Modified-Since', stored.lastModified)
}
