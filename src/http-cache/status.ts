import type { FastifyReply } from 'fastify'
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import { currentAge } from './freshness.ts'
import type { CacheRules } from './rules.ts'

/** Kong's words. `Refresh`: a stored answer was too old, and the service was asked. */
export type CacheState = 'Hit' | 'Miss' | 'Refresh' | 'Bypass'

/** Tells clients where their answer comes from. */
export class StatusFields {
  readonly #age: boolean
  readonly #state: boolean
  readonly #key: boolean
  readonly #why: boolean

  constructor ({ response_headers: wanted }: CacheRules) {
    this.#age = wanted.age
    this.#state = wanted['X-Cache-Status']
    this.#key = wanted['X-Cache-Key']
    this.#why = wanted['Cache-Status']
  }

  /** On an answer that is sent from the store. @param why parameters of Cache-Status */
  stored (fields: string[], answer: CachedAnswer, state: CacheState, why: string, now: number): void {
    const age = currentAge(answer, now)
    if (this.#age) fields.push('Age', String(Math.floor(age / 1000)))
    if (this.#state) fields.push('X-Cache-Status', state)
    if (this.#key) fields.push('X-Cache-Key', answer.id)
    // RFC 9211 section 2.3: below 0 where it is stale
    if (this.#why) fields.push('Cache-Status', `sallyport; ${why}; ttl=${Math.floor((answer.lifetime - age) / 1000)}`)
  }

  /** Another answer is sent than the one that was spoken of. */
  forget (reply: FastifyReply): void {
    for (const name of ['x-cache-status', 'x-cache-key', 'cache-status']) reply.removeHeader(name)
  }

  /** On an answer of the upstream. @param before its own Cache-Status */
  forwarded (reply: FastifyReply, state: CacheState, why: string, id: string | null, before?: string): void {
    if (this.#state) reply.header('x-cache-status', state)
    if (this.#key && id !== null) reply.header('x-cache-key', id)
    if (this.#why) reply.header('cache-status', `${before === undefined ? '' : `${before}, `}sallyport; ${why}`)
  }
}
