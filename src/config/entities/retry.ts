import { Type, type Static } from 'typebox'
import { closed, milliseconds } from './common.ts'

/** Methods that are safe to send again after bytes went out (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PROPFIND', 'QUERY']

/** What is asked again, and how: of a service's field and of the plugin alike. */
export const retryOptions = {
  retry_on: Type.Array(Type.Union([
    Type.Enum(['connect', 'reset', 'timeout'], { title: 'Failure', description: 'A kind of failure.', examples: ['timeout'] }),
    Type.Integer({ title: 'Status', description: 'A status of the upstream.', minimum: 400, maximum: 599, examples: [503] })
  ], { title: 'Reason', description: '`connect`, `reset`, `timeout` or a status.', examples: ['connect', 503] }), {
    title: 'Retry on',
    description: 'Reasons to ask again: no connection, or none in time (`connect`), a connection that broke before the answer began (`reset`), a connection but no answer in time (`timeout`), and statuses. The last answer goes to the client whatever its status is.',
    minItems: 1,
    uniqueItems: true,
    default: ['connect', 'reset'],
    examples: [['connect', 'reset', 'timeout', 502, 503, 504]]
  }),
  methods: Type.Array(Type.String({ title: 'Method', description: 'A method, in upper case.', pattern: '^[A-Z][A-Z_-]*$', examples: ['POST'] }), {
    title: 'Methods',
    description: 'Methods that may be sent twice. A request that never left is tried again whatever its method is.',
    uniqueItems: true,
    default: IDEMPOTENT,
    examples: [['GET', 'HEAD', 'POST']]
  }),
  body_limit: Type.Integer({
    title: 'Body limit',
    description: 'Request bodies of a known length up to this many bytes are held, so that they can be sent again. Longer ones stream, and are sent once.',
    minimum: 65536,
    maximum: 67108864,
    default: 65536,
    examples: [1048576]
  }),
  backoff: Type.Integer({
    title: 'Backoff',
    description: 'Milliseconds before the same target is asked again: at random between 0 and this, which doubles each time. Another target is asked at once.',
    minimum: 0,
    maximum: 60000,
    default: 25,
    examples: [100]
  }),
  max_backoff: Type.Integer({
    title: 'Longest backoff',
    description: 'Milliseconds that a pause lasts at most. A longer `Retry-After` is waited for only where a deadline leaves the time; else the answer goes to the client.',
    minimum: 0,
    maximum: 600000,
    default: 1000,
    examples: [5000]
  }),
  hedge_delay: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Hedge delay',
    description: 'Milliseconds after which a second target is asked as well, while the first has not answered; the sooner answer counts, the other is cut. Only GET and HEAD without a body. Without it none is.',
    examples: [200]
  }))
}

/** `retry` of a service. */
export const Retry = closed({
  ...retryOptions,
  budget_percent: Type.Integer({
    title: 'Budget',
    description: 'Retries of the service in any ten seconds, in percent of its requests in them; see also `budget_minimum`.',
    minimum: 0,
    maximum: 1000,
    default: 20,
    examples: [10]
  }),
  budget_minimum: Type.Integer({
    title: 'Least budget',
    description: 'Retries a second that are allowed beyond that, however few the requests are.',
    minimum: 0,
    maximum: 10000,
    default: 3,
    examples: [10]
  })
}, {
  description: 'When the service is asked again, beside `retries`.'
})

export type RetryOptions = Static<typeof Retry>

/** `deadline` of a service. */
export const Deadline = closed({
  header: Type.Enum(['x-request-deadline', 'grpc-timeout', 'x-envoy-expected-rq-timeout-ms'], {
    title: 'Header',
    description: 'Field that tells it. `x-request-deadline`: a moment, as in `2026-01-31T12:00:00.250Z`; `grpc-timeout`: the time left, as in `250m`; `x-envoy-expected-rq-timeout-ms`: the milliseconds left.',
    default: 'x-request-deadline',
    examples: ['grpc-timeout']
  }),
  accept: Type.Boolean({
    title: 'Accept',
    description: 'Honour the field of a request from `trusted_ips`, where it leaves less time than `total_timeout`. From others it is removed.',
    default: true,
    examples: [false]
  }),
  send: Type.Boolean({
    title: 'Send',
    description: 'Tell the service how much time is left, in each attempt anew.',
    default: true,
    examples: [false]
  })
}, {
  description: 'Deadlines that pass through the gateway.'
})

export type DeadlineOptions = Static<typeof Deadline>

/** What a service that says nothing about retries has. */
export const DEFAULT_RETRY = Object.freeze(Object.fromEntries(
  Object.entries(Retry.properties).flatMap(([name, part]) => 'default' in part ? [[name, part.default]] : [])
)) as RetryOptions
