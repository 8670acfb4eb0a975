import { RedisOptions, type Static, SyncRate, Type } from '../../src/plugin.ts'

export const GraphqlRateLimiting = Type.Object({
  max_queries_per_minute: Type.Optional(Type.Integer({ title: 'Operations per minute', description: 'Operations that a client may send in a minute; each of a batch is one.', minimum: 1, examples: [100] })),
  max_depth: Type.Optional(Type.Integer({ title: 'Depth', description: 'Fields inside of each other, fragments spread out.', minimum: 1, examples: [5] })),
  max_complexity: Type.Optional(Type.Integer({ title: 'Complexity', description: 'Complexity of a request: its fields, each as often as the `first`, `last` and `limit` around it say.', minimum: 1, examples: [1000] })),
  limit_by: Type.Enum(['consumer', 'credential', 'ip', 'service'], {
    title: 'Limit by',
    description: 'Who shares a count. What is missing on a request falls back to the client\'s address; an IPv6 client is its /64.',
    default: 'consumer',
    examples: ['ip']
  }),
  policy: Type.Enum(['local', 'redis'], {
    title: 'Policy',
    description: 'Where counts are. `local`: in the memory of each process, which gets its share of the limit where there are several workers. `redis`: in Redis, for any number of gateways.',
    default: 'local',
    examples: ['redis']
  }),
  redis: Type.Optional(RedisOptions),
  sync_rate: SyncRate,
  on_store_error: Type.Enum(['local', 'allow', 'deny'], {
    title: 'On store error',
    description: 'While Redis is down. `local`: each process counts on its own. `allow`: all pass. `deny`: all are refused with 503.',
    default: 'local',
    examples: ['deny']
  }),
  hide_client_headers: Type.Boolean({ title: 'Hide headers', description: 'Tell clients nothing about limits, but `Retry-After` where they are refused.', default: false, examples: [true] })
}, {
  title: 'graphql-rate-limiting',
  description: 'Limits how many GraphQL operations a client may send in a minute, and how deep and complex they are.',
  additionalProperties: false
})

export type Config = Static<typeof GraphqlRateLimiting>
