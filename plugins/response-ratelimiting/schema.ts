import { Exempt, HeaderName, Periods, RedisOptions, type Static, Type } from '../../src/plugin.ts'

export const ResponseRatelimiting = Type.Object({
  limits: Type.Record(Type.String({ pattern: '^[A-Za-z0-9_-]+$' }), Type.Object(Periods, { additionalProperties: false }), {
    title: 'Limits',
    description: 'Limits by the name under which the service announces what an answer has spent.',
    minProperties: 1,
    additionalProperties: false,
    examples: [{ video: { minute: 10 }, image: { hour: 1000 } }]
  }),
  header_name: {
    ...HeaderName,
    title: 'Header',
    description: 'Header of the service\'s answer with what was spent: `video=1, image=2`. The client doesn\'t see it.',
    default: 'x-kong-limit',
    examples: ['x-spent']
  },
  limit_by: Type.Enum(['consumer', 'credential', 'ip'], {
    title: 'Limit by',
    description: 'Who shares a count. What is missing on a request falls back to the client\'s address; an IPv6 client is its /64.',
    default: 'consumer',
    examples: ['ip']
  }),
  window_type: Type.Enum(['fixed', 'sliding', 'gcra'], {
    title: 'Window',
    description: '`fixed`: Kong\'s windows of the calendar (UTC). `sliding`: two buckets, the older one weighted. `gcra`: the limit at once, then evenly. As in rate-limiting.',
    default: 'fixed',
    examples: ['sliding']
  }),
  exempt: Exempt,
  policy: Type.Enum(['local', 'redis'], {
    title: 'Policy',
    description: 'Where counts are: in the memory of each process, which gets its share of the limits where there are several workers, or in Redis.',
    default: 'local',
    examples: ['redis']
  }),
  redis: Type.Optional(RedisOptions),
  max_counters: Type.Integer({
    title: 'Counters',
    description: 'Counters held in memory at most, of 53 bytes when all are in use; each window of a limit of a client is one.',
    minimum: 1000,
    maximum: 5_000_000,
    default: 1_000_000,
    examples: [100_000]
  }),
  on_store_error: Type.Optional(Type.Enum(['local', 'allow', 'deny'], {
    title: 'On store error',
    description: 'While Redis is down. `local`: each process counts on its own, by its share of the limits (see `replicas`). `allow`: all pass, and nobody is told what is left. `deny`: all are refused with 503. Default: as `fault_tolerant` says.',
    examples: ['deny']
  })),
  fault_tolerant: Type.Boolean({
    title: 'Fault tolerant',
    description: 'Kong\'s way to say what happens while Redis is down: true is `on_store_error: local`, false is `deny`.',
    default: true,
    examples: [false]
  }),
  replicas: Type.Integer({
    title: 'Replicas',
    description: 'Gateways that share the limits: while Redis is down each has that part of them, divided by its workers.',
    minimum: 1,
    default: 1,
    examples: [3]
  }),
  block_on_first_violation: Type.Boolean({
    title: 'Block on first violation',
    description: 'Refuse a request before it reaches the service once any of the limits is used up.',
    default: false,
    examples: [true]
  }),
  hide_client_headers: Type.Boolean({
    title: 'Hide headers',
    description: 'Tell clients nothing about limits.',
    default: false,
    examples: [true]
  })
}, {
  title: 'response-ratelimiting',
  description: 'Limits what clients spend, as the service announces it in its answers.',
  additionalProperties: false
})

export type Config = Static<typeof ResponseRatelimiting>
