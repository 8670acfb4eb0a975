import { Exempt, HeaderName, IdentifiedBy, Periods, RedisOptions, type Static, SyncRate, Type } from '../../src/plugin.ts'

export const RateLimiting = Type.Object({
  preset: Type.Optional(Type.Enum(['login'], {
    title: 'Preset',
    description: '`login`: for routes that take passwords. 10 a minute, unless limits are written, by address and by account at once; refused with 503 while Redis is down.',
    examples: ['login']
  })),
  account_field: Type.String({
    title: 'Account field',
    description: 'Field of the JSON object, form or query that names the account, for `preset: login`. Requests that don\'t name one plainly are counted together.',
    minLength: 1,
    default: 'username',
    examples: ['email']
  }),
  ...Periods,
  ...IdentifiedBy({
    description: 'Who shares a count. What is missing on a request (nobody is authenticated, no such header) falls back to the client\'s address; an IPv6 client is its /64.',
    example: 'ip',
    claims: '`limit_by: claim` and `tier_by: claim`'
  }),
  window_type: Type.Enum(['sliding', 'fixed', 'gcra'], {
    title: 'Window',
    description: '`sliding`: two buckets, the older one weighted. `fixed`: Kong\'s windows of the calendar (UTC). `gcra`: the limit at once, then evenly.',
    default: 'sliding',
    examples: ['fixed']
  }),
  cost: Type.Number({
    title: 'Cost',
    description: 'What a request spends.',
    exclusiveMinimum: 0,
    default: 1,
    examples: [5]
  }),
  cost_header: Type.Optional({
    ...HeaderName,
    title: 'Cost header',
    description: 'Header of the service\'s answer with what the request has really cost; what is above `cost` is counted then. The client doesn\'t see it.',
    examples: ['x-query-cost']
  }),
  tiers: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Object(Periods, { additionalProperties: false }), {
    title: 'Tiers',
    description: 'Limits by the name of a tier, instead of those above. Who is in none has those above.',
    refersTo: 'consumer-groups',
    minProperties: 1,
    additionalProperties: false,
    examples: [{ free: { minute: 100 }, pro: { minute: 1000 } }]
  })),
  tier_by: Type.Enum(['consumer-group', 'claim'], {
    title: 'Tier by',
    description: 'What names the tier: a consumer group of the caller (of several, the first in `tiers`), or the claim `claim_name`.',
    default: 'consumer-group',
    examples: ['claim']
  }),
  exempt: Exempt,
  dry_run: Type.Boolean({
    title: 'Dry run',
    description: 'Count and decide, write `rate_limit: would-refuse` to the access log, and let everything pass without headers.',
    default: false,
    examples: [true]
  }),
  count_refused: Type.Boolean({
    title: 'Count refused requests',
    description: 'A refused request counts, too: a client that goes on too fast stays refused.',
    default: false,
    examples: [true]
  }),
  policy: Type.Enum(['local', 'redis'], {
    title: 'Policy',
    description: 'Where counts are. `local`: in the memory of each process, which gets its share of the limit where there are several workers. `redis`: in Redis, where any number of gateways admit no more than the limit.',
    default: 'local',
    examples: ['redis']
  }),
  redis: Type.Optional(RedisOptions),
  sync_rate: SyncRate,
  on_store_error: Type.Optional(Type.Enum(['local', 'allow', 'deny'], {
    title: 'On store error',
    description: 'While Redis is down. `local`: each process counts on its own, by its share of the limit (see `replicas`). `allow`: all pass. `deny`: all are refused with 503. Default: as `fault_tolerant` says.',
    examples: ['deny']
  })),
  replicas: Type.Integer({
    title: 'Replicas',
    description: 'Gateways that share the limit, for `on_store_error: local`: each has that part of it, divided by its workers.',
    minimum: 1,
    default: 1,
    examples: [3]
  }),
  max_counters: Type.Integer({
    title: 'Counters',
    description: 'Counters held in memory at most, of 53 bytes when all are in use; each window of a key is one. Where all are in use, the least used of a sample makes room.',
    minimum: 1000,
    maximum: 5_000_000,
    default: 1_000_000,
    examples: [100_000]
  }),
  fault_tolerant: Type.Boolean({
    title: 'Fault tolerant',
    description: 'Kong\'s way to say what happens while Redis is down: true is `on_store_error: local`, false is `deny`.',
    default: true,
    examples: [true]
  }),
  hide_client_headers: Type.Boolean({
    title: 'Hide headers',
    description: 'Tell clients nothing about limits, but `Retry-After` where they are refused.',
    default: false,
    examples: [true]
  }),
  error_code: Type.Integer({
    title: 'Status',
    description: 'Status of a refusal.',
    minimum: 400,
    maximum: 599,
    default: 429,
    examples: [503]
  }),
  error_message: Type.String({
    title: 'Message',
    description: 'Message of a refusal.',
    default: 'API rate limit exceeded',
    examples: ['Slow down']
  })
}, {
  title: 'rate-limiting',
  description: 'Limits how many requests a client may make in a second, a minute, … or a year.',
  additionalProperties: false
})

export type Config = Static<typeof RateLimiting>
