import { Type, type Static } from 'typebox'
import { closed, milliseconds } from './common.ts'

const share = { exclusiveMinimum: 0, maximum: 1 }

/** Options of a circuit breaker: of a service's field and of the plugin alike. */
export const circuitBreakerOptions = {
  per: Type.Enum(['service', 'target'], {
    title: 'Per',
    description: 'One breaker for the whole service, or one for each of its targets: then the others serve while one is open.',
    default: 'service',
    examples: ['target']
  }),
  failure_threshold: Type.Integer({
    title: 'Failure threshold',
    description: 'Failures in a row that open it; 0: any number may fail in a row.',
    minimum: 0,
    default: 5,
    examples: [10]
  }),
  failure_ratio: Type.Optional(Type.Number({
    ...share,
    title: 'Failure ratio',
    description: 'Share of failures among the calls of `window` that opens it. Without it the share doesn\'t matter.',
    examples: [0.5]
  })),
  slow_call_duration: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Slow call duration',
    description: 'Milliseconds until the head of the answer, beyond which a call is slow.',
    examples: [2000]
  })),
  slow_ratio: Type.Optional(Type.Number({
    ...share,
    title: 'Slow ratio',
    description: 'Share of slow calls among the calls of `window` that opens it.',
    examples: [0.8]
  })),
  window: Type.Integer({
    minimum: 100,
    maximum: 3600000,
    title: 'Window',
    description: 'Milliseconds in which calls are counted for the ratios; it slides in tenths.',
    default: 10000,
    examples: [60000]
  }),
  minimum_calls: Type.Integer({
    title: 'Minimum calls',
    description: 'Calls in `window` below which the ratios mean nothing.',
    minimum: 1,
    default: 20,
    examples: [100]
  }),
  reset_timeout: Type.Integer({
    ...milliseconds,
    title: 'Reset timeout',
    description: 'Milliseconds that it stays open before a call is let through on trial.',
    default: 30000,
    examples: [5000]
  }),
  max_reset_timeout: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Longest reset timeout',
    description: 'The pause doubles after each trial that fails, up to this many milliseconds. Without it the pause stays the same.',
    examples: [300000]
  })),
  success_threshold: Type.Integer({
    title: 'Success threshold',
    description: 'Trials that must succeed before it closes; one that fails opens it again.',
    minimum: 1,
    default: 2,
    examples: [3]
  }),
  half_open_calls: Type.Integer({
    title: 'Half-open calls',
    description: 'Trials that may run at the same time.',
    minimum: 1,
    default: 1,
    examples: [5]
  }),
  failure_on: Type.Array(Type.Union([
    Type.Enum(['connect', 'timeout', 'reset', 'invalid', '4xx', '5xx'], { title: 'Kind', description: 'A kind of failure.', examples: ['timeout'] }),
    Type.Integer({ title: 'Status', description: 'A status.', minimum: 200, maximum: 999, examples: [503] })
  ], { title: 'Failure', description: '`connect`, `timeout`, `reset`, `invalid`, `4xx`, `5xx` or a status.', examples: ['5xx', 429] }), {
    title: 'Failures',
    description: 'What counts as a failure: no connection, or none within `connect_timeout` (`connect`), no answer in time (`timeout`), a connection that broke (`reset`), an answer that can\'t be passed on (`invalid`), statuses and their classes. A client that leaves never counts.',
    minItems: 1,
    uniqueItems: true,
    default: ['connect', 'timeout', 'reset', 'invalid', '5xx'],
    examples: [['connect', 'timeout', 'reset', 502, 503, 504]]
  }),
  error_code: Type.Integer({
    title: 'Status',
    description: 'Status of the answer while it is open.',
    minimum: 400,
    maximum: 599,
    default: 503,
    examples: [502]
  }),
  error_message: Type.String({
    title: 'Message',
    description: 'Message of the answer while it is open.',
    default: 'The service is temporarily unavailable',
    examples: ['Back in a minute']
  }),
  body: Type.Optional(Type.String({
    title: 'Body',
    description: 'The whole answer while it is open, in place of the message.',
    examples: ['{"orders": []}']
  })),
  content_type: Type.Optional(Type.String({
    title: 'Content type',
    description: 'Content-Type of `body`; `application/json` without it.',
    pattern: '^[\\x20-\\x7e]+$',
    examples: ['text/html; charset=utf-8']
  })),
  fallback_service: Type.Optional(Type.String({
    title: 'Fallback service',
    description: 'Service (name or id) that gets the requests while the breaker is open, in place of an answer of the gateway. Only with `per: service`.',
    minLength: 1,
    refersTo: 'service',
    examples: ['orders-cached']
  }))
}

/** `circuit_breaker` of a service. */
export const CircuitBreaker = closed(circuitBreakerOptions, {
  description: 'Stops asking a service that fails, and tries it again after a pause.'
})

export type CircuitBreakerOptions = Static<typeof CircuitBreaker>
