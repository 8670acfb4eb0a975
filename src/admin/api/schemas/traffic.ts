/** What went through. */
import { Type } from 'typebox'
import { amount, closed, nullable, text, time, truth, whole } from './common.ts'

const counts = (description: string) => Type.Array(Type.Integer(), { description })
const quantiles = (description: string) => Type.Array(nullable(Type.Number()), { description })

export const SeriesView = closed({
  at: counts('Beginning of each step: milliseconds since the epoch, rising without gaps. The last step is not over yet.'),
  requests: counts('That ended in the step.'),
  refused: counts('Answered with 4xx.'),
  errors: counts('Answered with 5xx.'),
  p50: quantiles('Milliseconds, altogether; null: there were no requests.'),
  p90: quantiles('The same of nine in ten.'),
  p99: quantiles('The same of 99 in 100.')
}, { description: 'Lists of the same length.' })

export const RouteTraffic = closed({
  route: nullable(Type.String(), { description: 'Name or id; null: requests that no route matched.' }),
  requests: whole('Of the last minute.'),
  refused: Type.Integer(),
  errors: Type.Integer(),
  per_second: amount('Requests a second, over the last minute.'),
  p50: nullable(Type.Number(), { description: 'Milliseconds.' }),
  p90: nullable(Type.Number()),
  p99: nullable(Type.Number())
})

export const TrafficView = closed({
  step: whole('Length of a step, in milliseconds.'),
  route: nullable(Type.String(), { description: 'Whose series it is; null: that of all requests.' }),
  series: SeriesView,
  routes: Type.Array(RouteTraffic, { description: 'Those with requests in the last minute, busiest first.' }),
  uncounted_routes: truth('There are so many routes that those used last are part of the total alone.')
}, { description: 'Traffic of the last half hour.' })

const latencies = closed({
  total: amount('Milliseconds, as the others.'),
  gateway: amount('In the gateway, before the upstream was called.'),
  upstream: nullable(Type.Number(), { description: 'Until the head of the upstream\'s answer; null: none came.' })
})

export const RequestView = closed({
  id: text('As in log and header.'),
  at: time('When it began.'),
  method: Type.String(),
  url: text('Scheme, host and target; values of secret arguments cut.'),
  client_ip: Type.String(),
  route: nullable(Type.String(), { description: 'Name or id; null: none matched.' }),
  service: nullable(Type.String()),
  consumer: nullable(Type.String()),
  upstream: nullable(Type.String(), { description: 'Address that was asked last.' }),
  status: whole('499: the client left before the answer began.'),
  upstream_status: nullable(Type.Integer()),
  end: text('End reason (docs/end-reasons.md); `-`: nothing out of the ordinary.'),
  error: nullable(Type.String(), { description: 'Code.' }),
  plugin: nullable(Type.String(), { description: 'That ended it.' }),
  latencies,
  tries: whole('Attempts at the upstream: those that came to nothing, and the one that did not.'),
  reason: nullable(Type.String(), { description: 'Of a request that failed: why the last attempt at the upstream came to nothing (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), or what a refused client was told (`token expired`), as in the log.' }),
  request_bytes: Type.Integer(),
  response_bytes: Type.Integer(),
  snapshot: whole('Configuration that served it.'),
  has_timeline: truth('GET /requests/{id} tells where its time went.')
}, { description: 'A request that has ended.' })

/** An interval of a request; milliseconds since it began. */
const span = { from: amount('Milliseconds since the request began.'), to: Type.Number() }

export const TimelineView = closed({
  total: amount('Milliseconds.'),
  plugins: Type.Array(closed({
    plugin: Type.String(),
    phase: Type.Enum(['access', 'request', 'response']),
    ...span,
    outcome: Type.Enum(['passed', 'answered', 'failed', 'unfinished'], { description: '`failed`: its error became the answer. `unfinished`: it still waited for something when the request ended.' }),
    error: nullable(Type.String(), { description: 'Code.' })
  }), { description: 'In the order in which they ran.' }),
  tries: Type.Array(closed({
    host: Type.String(),
    port: Type.Integer(),
    ...span,
    head: nullable(Type.Number(), { description: 'When the head of the answer came.' }),
    status: nullable(Type.Integer()),
    error: nullable(Type.String())
  }), { description: 'Attempts at the upstream.' }),
  cache: nullable(Type.String(), { description: 'What the cache said (`Hit`, `Miss`, …); null: there is none.' }),
  explanation: nullable(Type.Unknown(), { description: 'What `explain` says of the request, by what it came with; null: nobody asked. Lines are there as long as the file that runs is the one that has served it.' })
}, { description: 'Where the time of a request went.' })

export const RequestDetails = closed({
  ...RequestView.properties,
  timeline: nullable(TimelineView, { description: 'null: none was kept; see docs/guides/debugging.md.' })
}, { description: 'A request with its timeline.' })
