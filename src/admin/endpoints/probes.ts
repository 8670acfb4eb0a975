/** What orchestrators and Prometheus ask for. */
import { Type } from 'typebox'
import { Failure } from '../api/schemas/common.ts'
import { ok, Refused } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'

const State = Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) }, { additionalProperties: false })

export const probes: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/livez',
    access: 'open',
    tag: 'probes',
    summary: 'Whether the process answers.',
    answers: { 200: State },
    run: () => ok({ status: 'live' })
  }),
  endpoint({
    method: 'GET',
    path: '/readyz',
    access: 'open',
    tag: 'probes',
    summary: 'Whether requests are served.',
    answers: { 200: State, 503: State },
    run ({ source }) {
      const reason = source.notReady()
      return reason === null ? ok({ status: 'ready' }) : { status: 503, body: { status: 'not ready', reason } }
    }
  }),
  endpoint({
    method: 'GET',
    path: '/status',
    access: 'read',
    tag: 'probes',
    summary: 'What runs, and how it fares.',
    query: { brief: '`true`: without what grows with the file: of the processes\' `limits`, `upstreams` and `pools` nothing, of circuit breakers those that are not closed, of diagnostics the first 20.' },
    answers: { 200: Type.Object({ version: Type.String(), state: Type.String(), configuration: Type.Object({}, { additionalProperties: true }), processes: Type.Array(Type.Object({}, { additionalProperties: true })) }, { additionalProperties: true, description: 'See docs/running.md.' }), 400: Failure },
    async run ({ source, query }) {
      const brief = query.get('brief') ?? 'false'
      if (brief !== 'true' && brief !== 'false') throw new Refused(400, 'brief has to be true or false')
      return ok(await source.status(brief === 'true'))
    }
  }),
  endpoint({
    method: 'GET',
    path: '/metrics',
    access: 'metrics',
    tag: 'probes',
    summary: 'Metrics, for Prometheus.',
    answers: { 200: null },
    run: async ({ source }) => ({ status: 200, body: null, page: await source.metrics() })
  })
]
