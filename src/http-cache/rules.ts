/** Options of caches, and what operators may order: for all plugins that answer from one. */
import { type Static, type TObject, Type } from 'typebox'
import { RedisOptions } from '../limits/redis-schema.ts'
import { HeaderName } from '../plugin-kit/pairs.ts'

const Seconds = (title: string, description: string, example: number) => Type.Number({ title, description, minimum: 0, examples: [example] })

export const CacheOptions = {
  strategy: Type.Enum(['memory', 'redis'], {
    title: 'Strategy',
    description: 'Where answers are kept. `memory`: in each process, for itself. `redis`: in Redis, for any number of gateways.',
    default: 'memory',
    examples: ['redis']
  }),
  cache_control: Type.Boolean({
    title: 'Cache-Control',
    description: 'Do as answers say (RFC 9111): what may be stored, for how long, and what has to be asked again. false is Kong\'s default: every answer is stored for `cache_ttl`, also one marked `private` or `no-store`.',
    default: true,
    examples: [false]
  }),
  request_directives: Type.Boolean({
    title: 'Request directives',
    description: 'Do as requests say in Cache-Control: `no-cache`, `max-age=0` and the like have the service asked. Without `cache_control` they never count.',
    default: true,
    examples: [false]
  }),
  cache_ttl: Type.Number({
    title: 'TTL',
    description: 'Seconds: without `cache_control` how long every answer is fresh, with it the most that `heuristics` give.',
    exclusiveMinimum: 0,
    default: 300,
    examples: [30]
  }),
  heuristics: Type.Enum(['none', 'last-modified', 'cache_ttl'], {
    title: 'Heuristics',
    description: 'How long an answer is fresh that doesn\'t say. `none`: it isn\'t stored. `last-modified`: a tenth of the time since it was changed. `cache_ttl`: that long.',
    default: 'none',
    examples: ['cache_ttl']
  }),
  storage_ttl: Type.Optional(Seconds('Storage TTL', 'Seconds that an answer is kept, to be validated or to stand in when it is stale. By default its lifetime, and beyond that as long as it may be sent stale, an hour at least where it has a validator.', 86400)),
  stale_while_revalidate: Type.Number({
    title: 'Stale while revalidate',
    description: 'Seconds beyond its lifetime that an answer is sent at once while the service is asked again, where the answer itself doesn\'t say how long.',
    minimum: 0,
    default: 0,
    examples: [10]
  }),
  stale_if_error: Type.Number({
    title: 'Stale if error',
    description: 'Seconds beyond its lifetime that an answer is sent when the service can\'t be reached or answers 500, 502, 503 or 504, where the answer itself doesn\'t say how long.',
    minimum: 0,
    default: 0,
    examples: [600]
  }),
  response_code: Type.Array(Type.Integer({ title: 'Status', description: 'A status.', minimum: 200, maximum: 599, examples: [200] }), {
    title: 'Statuses',
    description: 'Answers with these statuses are stored.',
    minItems: 1,
    uniqueItems: true,
    default: [200, 301, 404],
    examples: [[200, 404, 410]]
  }),
  request_method: Type.Array(Type.Enum(['GET', 'HEAD', 'POST'], { title: 'Method', description: 'A method.', examples: ['GET'] }), {
    title: 'Methods',
    description: 'Requests that may be answered from the cache. Answers to HEAD are those to GET, without the body. With POST the body is part of the key, and held in memory.',
    minItems: 1,
    uniqueItems: true,
    default: ['GET', 'HEAD'],
    examples: [['GET', 'HEAD', 'POST']]
  }),
  content_type: Type.Array(Type.String({ title: 'Type', description: 'A media type, `text/*` or `*/*`.', pattern: '^[^\\s/;]+/[^\\s/;]+(?:\\s*;.*)?$', examples: ['text/html'] }), {
    title: 'Content types',
    description: 'Answers of these types are stored. Parameters count only where they are written here.',
    minItems: 1,
    default: ['text/plain', 'application/json'],
    examples: [['*/*']]
  }),
  vary_by_consumer: Type.Boolean({
    title: 'Vary by consumer',
    description: 'Everybody who calls has a cache of their own: consumer, credential, subject, `Authorization` and `private_headers` become part of the key. Without it, what identified callers get is stored only where the answer says that all may share it.',
    default: false,
    examples: [true]
  }),
  private_headers: Type.Array({ ...HeaderName, title: 'Header', description: 'Name of a request header.', examples: ['cookie'] }, {
    title: 'Private headers',
    description: 'Request headers that say who calls, beside `Authorization`: a request with one of them is that of an identified caller.',
    default: ['cookie'],
    examples: [['cookie', 'x-session']]
  }),
  set_cookie: Type.Enum(['bypass', 'strip'], {
    title: 'Set-Cookie',
    description: 'What becomes of answers that set a cookie. `bypass`: they aren\'t stored. `strip`: they are, without the cookie.',
    default: 'bypass',
    examples: ['strip']
  }),
  ignore_uri_case: Type.Boolean({
    title: 'Ignore case',
    description: 'Addresses that differ in upper and lower case alone have the same answer.',
    default: false,
    examples: [true]
  }),
  vary_headers: Type.Optional(Type.Array({ ...HeaderName, title: 'Header', description: 'Name of a request header.', examples: ['x-tenant'] }, {
    title: 'Vary by headers',
    description: 'Request headers that answers depend on, beside those that they name in `Vary`.',
    examples: [['x-tenant']]
  })),
  vary_query_params: Type.Optional(Type.Array(Type.String({ title: 'Parameter', description: 'Name of a query parameter.', minLength: 1, examples: ['page'] }), {
    title: 'Vary by parameters',
    description: 'Query parameters that answers depend on; by default the whole query, as it is.',
    examples: [['page', 'size']]
  })),
  coalesce_timeout: Type.Integer({
    title: 'Coalesce timeout',
    description: 'Milliseconds that requests wait for an answer that another one is just getting; 0: none waits.',
    minimum: 0,
    default: 5000,
    examples: [1000]
  }),
  max_size: Type.Integer({
    title: 'Largest answer',
    description: 'Bytes of the longest body that is stored.',
    minimum: 0,
    default: 1_048_576,
    examples: [65_536]
  }),
  memory: Type.Object({
    size: Type.Integer({
      title: 'Size',
      description: 'Bytes for all answers of this entry in each process, what it takes to keep them included.',
      minimum: 65_536,
      default: 67_108_864,
      examples: [268_435_456]
    }),
    dictionary_name: Type.String({
      title: 'Dictionary',
      description: 'Kong\'s name of a piece of shared memory. It is taken and means nothing: each entry has a cache of its own.',
      default: 'kong_db_cache',
      examples: ['kong_db_cache']
    })
  }, {
    title: 'Memory',
    description: 'The cache of `strategy: memory`.',
    additionalProperties: false,
    default: {},
    examples: [{ size: 268_435_456 }]
  }),
  redis: Type.Optional(RedisOptions),
  response_headers: Type.Object({
    age: Type.Boolean({ title: 'Age', description: '`Age`: seconds since the service gave the answer.', default: true, examples: [false] }),
    'X-Cache-Status': Type.Boolean({ title: 'X-Cache-Status', description: '`X-Cache-Status`: `Hit`, `Miss`, `Refresh` or `Bypass`.', default: true, examples: [false] }),
    'X-Cache-Key': Type.Boolean({ title: 'X-Cache-Key', description: '`X-Cache-Key`: what the answer can be purged by.', default: true, examples: [false] }),
    'Cache-Status': Type.Boolean({ title: 'Cache-Status', description: '`Cache-Status` (RFC 9211): the same, and why.', default: true, examples: [false] })
  }, {
    title: 'Response headers',
    description: 'What clients are told.',
    additionalProperties: false,
    default: {},
    examples: [{ 'X-Cache-Key': false }]
  })
}

/** By which a cache stores and answers. */
export type CacheRules = Static<TObject<typeof CacheOptions>>
