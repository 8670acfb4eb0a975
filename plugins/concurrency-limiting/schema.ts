import { Exempt, IdentifiedBy, type Static, Type } from '../../src/plugin.ts'

export const ConcurrencyLimiting = Type.Object({
  limit: Type.Integer({
    title: 'Limit',
    description: 'Requests of one client that may run at the same time.',
    minimum: 1,
    examples: [10]
  }),
  ...IdentifiedBy({
    description: 'Who shares the limit, as in rate-limiting. `service`: all requests to the same service.',
    example: 'service'
  }),
  exempt: Exempt,
  queue: Type.Integer({
    title: 'Queue',
    description: 'Requests of one client that may wait for their turn; those beyond are refused at once.',
    minimum: 0,
    default: 0,
    examples: [20]
  }),
  queue_timeout: Type.Integer({
    title: 'Queue timeout',
    description: 'Milliseconds that a request waits at most before it is refused.',
    minimum: 1,
    default: 1000,
    examples: [500]
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
    default: 'Too many requests at the same time',
    examples: ['Busy']
  })
}, {
  title: 'concurrency-limiting',
  description: 'Limits how many requests of a client run at the same time; some more may wait for their turn.',
  additionalProperties: false
})

export type Config = Static<typeof ConcurrencyLimiting>
