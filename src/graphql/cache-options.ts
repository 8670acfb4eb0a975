import { type Static, type TObject, Type } from 'typebox'
import { type CacheRules, CacheOptions } from '../http-cache/rules.ts'

const { strategy, cache_control: control, cache_ttl: ttl, max_size: size, memory, redis, vary_headers: vary, private_headers: headers, set_cookie: cookie, coalesce_timeout: coalesce, response_headers: told, request_directives: directives } = CacheOptions

/** Options of caches for GraphQL: those of other caches that make sense for queries. */
export const GraphqlCacheOptions = {
  strategy,
  cache_ttl: { ...ttl, description: 'Seconds that an answer is fresh which doesn\'t say; without `cache_control` all of them.' },
  cache_control: control,
  request_directives: directives,
  vary_headers: vary,
  private_headers: { ...headers, description: 'Request headers that say who calls, beside `Authorization`: with other values the answer is another one.', default: ['cookie'] },
  vary_by_consumer: Type.Boolean({
    title: 'Vary by consumer',
    description: 'Everybody who calls has a cache of their own: consumer, credential, subject, `Authorization` and `private_headers` are part of the key. Without it, what identified callers get is stored only where the answer says that all may share it.',
    default: true,
    examples: [false]
  }),
  set_cookie: cookie,
  invalidate_on_mutation: Type.Boolean({
    title: 'Invalidate on mutation',
    description: 'A mutation that is answered with a status below 400 drops all answers of its URL, whoever they were for.',
    default: false,
    examples: [true]
  }),
  coalesce_timeout: coalesce,
  max_size: size,
  memory,
  redis,
  bypass_on_err: Type.Boolean({
    title: 'Bypass on error',
    description: 'Kong\'s way to say that requests pass where the store fails. It is taken, and always so.',
    default: false,
    examples: [true]
  }),
  response_headers: told
}

export type GraphqlCacheConfig = Static<TObject<typeof GraphqlCacheOptions>>

/** The same as rules of a cache. */
export function cacheRulesOf (config: GraphqlCacheConfig): CacheRules {
  return {
    ...config,
    heuristics: 'cache_ttl',
    stale_while_revalidate: 0,
    stale_if_error: 0,
    response_code: [200],
    request_method: ['GET', 'POST'],
    content_type: ['application/json', 'application/graphql-response+json'],
    ignore_uri_case: false
  }
}
