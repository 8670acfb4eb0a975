import { HeaderName, type Static, Type } from '../../src/plugin.ts'

export const Canary = Type.Object({
  service: Type.String({
    title: 'Service',
    description: 'Name or id of the service that is tried out. The others stay with the service of the route.',
    minLength: 1,
    refersTo: 'service',
    examples: ['users-v2']
  }),
  percentage: Type.Optional(Type.Number({
    title: 'Percentage',
    description: 'How many of the callers go there, in percent; with `hash: none` how many of the requests.',
    minimum: 0,
    maximum: 100,
    examples: [5]
  })),
  start: Type.Optional(Type.Number({
    title: 'Start',
    description: 'In place of `percentage`: seconds since the epoch at which the share begins to rise from nothing to all.',
    minimum: 0,
    examples: [1893456000]
  })),
  duration: Type.Number({
    title: 'Duration',
    description: 'Seconds in which the share rises, from `start` on.',
    exclusiveMinimum: 0,
    default: 3600,
    examples: [86400]
  }),
  steps: Type.Integer({
    title: 'Steps',
    description: 'In how many steps it rises, and how fine callers are divided.',
    minimum: 1,
    maximum: 1_000_000,
    default: 1000,
    examples: [10]
  }),
  hash: Type.Enum(['consumer', 'ip', 'header', 'none', 'allow', 'deny'], {
    title: 'Hash',
    description: 'What decides. `consumer`, `ip`, `header`: who calls, always the same way; what is missing falls back to the client\'s address. `none`: each request anew. `allow`: who is in one of `groups` goes there, nobody else; `deny`: everybody else.',
    default: 'consumer',
    examples: ['ip']
  }),
  hash_header: Type.Optional({
    ...HeaderName,
    title: 'Hash header',
    description: 'Header of `hash: header`.',
    examples: ['x-tenant']
  }),
  groups: Type.Optional(Type.Array(Type.String({ title: 'Group', description: 'A group.', minLength: 1, examples: ['testers'] }), {
    title: 'Groups',
    description: 'Groups of `hash: allow` and `deny`: names of the caller\'s consumer groups, or of its groups of the acl plugin.',
    minItems: 1,
    examples: [['testers']]
  })),
  canary_by_header_name: Type.Optional({
    ...HeaderName,
    title: 'Header',
    description: 'Header with which a request decides for itself: `always` goes there, `never` doesn\'t.',
    examples: ['x-canary']
  }),
  log: Type.Boolean({
    title: 'Log',
    description: 'Whether the access log says where it went: `canary` is `yes` or `no`.',
    default: false,
    examples: [true]
  })
}, {
  title: 'canary',
  description: 'Sends a growing share of the callers to another service, under Kong\'s options.',
  additionalProperties: false
})

export type Config = Static<typeof Canary>
