import { HeaderName, RedisOptions, type Static, Type } from '../../src/plugin.ts'

const Argument = Type.String({ title: 'Argument', description: 'Name of an argument; dots lead inside.', pattern: '^[A-Za-z_]\\w*(?:\\.[A-Za-z_]\\w*){0,7}$', examples: ['first'] })

export const GraphqlRateLimitingAdvanced = Type.Object({
  limit: Type.Array(Type.Number({ title: 'Limit', description: 'Cost that may be spent in the window.', exclusiveMinimum: 0, examples: [1000] }), {
    title: 'Limits',
    description: 'Cost that a client may spend, one for each of `window_size`.',
    minItems: 1,
    maxItems: 10,
    examples: [[100, 10_000]]
  }),
  window_size: Type.Array(Type.Integer({ title: 'Window', description: 'Seconds.', minimum: 1, maximum: 31_536_000, examples: [60] }), {
    title: 'Windows',
    description: 'Seconds, one for each of `limit`.',
    minItems: 1,
    maxItems: 10,
    uniqueItems: true,
    examples: [[60, 86_400]]
  }),
  window_type: Type.Enum(['sliding', 'fixed'], {
    title: 'Window type',
    description: '`sliding`: two buckets, the older one weighted. `fixed`: windows that follow each other since 1970.',
    default: 'sliding',
    examples: ['fixed']
  }),
  cost_strategy: Type.Enum(['default', 'node_quantifier'], {
    title: 'Cost strategy',
    description: '`default`: 1, and of each field its own cost and that of what is inside of it, multiplied. `node_quantifier`: visits of the fields in `costs` alone, 1 at least.',
    default: 'default',
    examples: ['node_quantifier']
  }),
  costs: Type.Array(Type.Object({
    type_path: Type.String({ title: 'Field', description: 'Type and field. Without `schema` it holds for the field on whatever type.', pattern: '^[A-Za-z_]\\w*\\.[A-Za-z_]\\w*$', examples: ['Query.allPeople'] }),
    add_constant: Type.Number({ title: 'Cost', description: 'What the field costs.', minimum: 0, maximum: 1_000_000, default: 1, examples: [5] }),
    add_arguments: Type.Array(Argument, { title: 'Added arguments', description: 'Arguments whose numbers are added to it.', default: [], examples: [['limit']] }),
    mul_constant: Type.Number({ title: 'Factor', description: 'What the cost of everything inside is multiplied by.', minimum: 0, maximum: 1_000_000, default: 1, examples: [2] }),
    mul_arguments: Type.Array(Argument, { title: 'Multiplied arguments', description: 'Arguments whose numbers it is multiplied by, each: 1 where it isn\'t given.', default: [], examples: [['first']] })
  }, { title: 'Cost', description: 'Kong\'s cost decoration of a field.', additionalProperties: false, examples: [{ type_path: 'Query.allPeople', mul_arguments: ['first'] }] }), {
    title: 'Costs',
    description: 'Kong\'s cost decorations: what fields cost that are not plain.',
    default: [],
    examples: [[{ type_path: 'Query.allPeople', mul_arguments: ['first'] }, { type_path: 'Person.vehicleConnection', mul_arguments: ['first'] }]]
  }),
  pass_all_downstream_headers: Type.Boolean({ title: 'Pass headers', description: 'Of Kong. `true` is refused: the service is not asked for its schema.', default: false, examples: [false] }),
  schema: Type.Optional(Type.String({ title: 'Schema', description: 'File with the schema of the service, in GraphQL\'s own language: it says of which type a field is.', minLength: 1, examples: ['schema.graphql'] })),
  max_cost: Type.Number({ title: 'Largest cost', description: 'A request that costs more is refused, whatever was spent before; 0: there is no such limit. Before `score_factor`.', minimum: 0, default: 0, examples: [5000] }),
  score_factor: Type.Number({ title: 'Score factor', description: 'What a cost is multiplied by before it is counted.', exclusiveMinimum: 0, default: 1, examples: [0.01] }),
  identifier: Type.Enum(['consumer', 'credential', 'ip', 'service', 'header', 'path', 'claim', 'scope', 'consumer-group'], {
    title: 'Identifier',
    description: 'Who shares a count. What is missing on a request falls back to the client\'s address; an IPv6 client is its /64. `service`, `header` and those behind it are our own.',
    default: 'consumer',
    examples: ['ip']
  }),
  header_name: Type.Optional({ ...HeaderName, title: 'Header', description: 'Header of `identifier: header`.', examples: ['x-tenant'] }),
  path: Type.Optional(Type.String({ title: 'Path', description: 'Request path of `identifier: path`.', pattern: '^/', examples: ['/graphql'] })),
  claim_name: Type.Optional(Type.String({ title: 'Claim', description: 'Claim of the verified token, for `identifier: claim`; dots lead inside.', minLength: 1, examples: ['org.id'] })),
  strategy: Type.Enum(['local', 'redis'], {
    title: 'Strategy',
    description: 'Where counts are. `local`: in the memory of each process, which gets its share of the limit where there are several workers. `redis`: in Redis, for any number of gateways. Kong\'s `cluster` needs a database.',
    default: 'local',
    examples: ['redis']
  }),
  redis: Type.Optional(RedisOptions),
  sync_rate: Type.Number({
    title: 'Sync rate',
    description: 'With `strategy: redis`: seconds between two rounds in which Redis is told what was counted here, from 0.02; 0: each decision is made in Redis. -1, never, is for `strategy: local`.',
    minimum: -1,
    maximum: 3600,
    default: 0,
    examples: [0.5]
  }),
  namespace: Type.Optional(Type.String({ title: 'Namespace', description: 'Entries with the same one count together in Redis, wherever they stand.', pattern: '^[\\w.-]{1,64}$', examples: ['graphql'] })),
  dictionary_name: Type.String({ title: 'Dictionary', description: 'Kong\'s name of a piece of shared memory. It is taken and means nothing.', default: 'kong_rate_limiting_counters', examples: ['kong_rate_limiting_counters'] }),
  on_store_error: Type.Enum(['local', 'allow', 'deny'], {
    title: 'On store error',
    description: 'While Redis is down. `local`: each process counts on its own. `allow`: all pass. `deny`: all are refused with 503.',
    default: 'local',
    examples: ['deny']
  }),
  hide_client_headers: Type.Boolean({ title: 'Hide headers', description: 'Tell clients nothing about limits, but `Retry-After` where they are refused.', default: false, examples: [true] })
}, {
  title: 'graphql-rate-limiting-advanced',
  description: 'Limits what a client\'s GraphQL operations may cost in windows of any length.',
  additionalProperties: false
})

export type Config = Static<typeof GraphqlRateLimitingAdvanced>
