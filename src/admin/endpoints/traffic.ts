/** What went through lately. */
import { Failure, list } from '../api/schemas/common.ts'
import { RequestDetails, RequestView, TrafficView } from '../api/schemas/traffic.ts'
import type * as types from '../api/types.ts'
import { found, listOf, ok, Refused } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { quantile, STEP, STEPS, WIDTH } from '../record/series.ts'
import type { Row, TrafficPart } from '../record/traffic.ts'
import type { AdminSource } from '../source.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import { placed } from '../views/placed.ts'

const MOST_REQUESTS = 600

export const traffic: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/traffic',
    access: 'read',
    tag: 'traffic',
    summary: 'Requests, errors and latencies of the last half hour, in steps of five seconds.',
    query: { route: 'Name or id of a route whose series is wanted; without it, that of all requests.' },
    answers: { 200: TrafficView },
    async run ({ source, query, spread }) {
      const route = query.get('route')
      const named = route === null ? undefined : source.running().config.routes.find(({ id }) => id === route)
      return ok(await spread(trafficView(await source.ask('traffic', { route: named?.name ?? route }), route)))
    }
  }),
  endpoint({
    method: 'GET',
    path: '/requests',
    access: 'read',
    tag: 'traffic',
    summary: 'The requests that ended last, newest first. Those that went wrong are kept longer.',
    query: {
      route: 'Name of a route; of one without, its id.',
      status: 'A status, or a class of them: `503`, `4xx`.',
      end: 'End reason.',
      consumer: 'Username, or custom_id.',
      size: `How many at most; 100 without it, ${MOST_REQUESTS} at most.`
    },
    answers: { 200: list(RequestView, 'Requests.'), 400: Failure },
    async run ({ source, query }) {
      const size = query.get('size') ?? '100'
      if (!/^\d{1,6}$/.test(size)) throw new Refused(400, 'size has to be a number')
      const status = query.get('status')
      if (status !== null && !/^[1-5](?:xx|\d\d)$/.test(status)) throw new Refused(400, 'status has to be a status, or a class of them, such as 503 or 4xx')
      const most = Math.min(Number(size), MOST_REQUESTS)
      const filter = Object.fromEntries(['route', 'status', 'end', 'consumer'].flatMap(name => query.has(name) ? [[name, query.get(name)]] : []))
      const parts = await source.ask('requests', { ...filter, size: most })
      return listOf(parts.flat().sort((a, b) => end(b) - end(a)).slice(0, most))
    }
  }),
  endpoint({
    method: 'GET',
    path: '/requests/{id}',
    access: 'read',
    tag: 'traffic',
    summary: 'One request, with its timeline where it has one.',
    answers: { 200: RequestDetails, 404: Failure },
    async run ({ source, params }) {
      const parts = await source.ask('request', { id: params['id'] as string })
      return ok(withPlaces(found(parts.find(part => part !== null), 'request, or it is too long ago'), source))
    }
  })
]

/** Says where in the file the parts of the explanation stand, as long as the file that served the request is known. */
function withPlaces (request: types.RequestDetails, source: AdminSource): types.RequestDetails {
  const { timeline, snapshot } = request
  const file = source.history.file(snapshot)
  if (timeline === null || file === undefined) return request
  return { ...request, timeline: { ...timeline, explanation: placed(timeline.explanation, file, file.source.text === source.running().source.text) } }
}

function end ({ at, latencies }: types.RequestView): number {
  return Date.parse(at) + latencies.total
}

/** Adds up what the processes say. */
function * trafficView (parts: readonly TrafficPart[], route: string | null): Steps<types.TrafficView> {
  // processes are asked one after the other: a step may have ended in between
  const first = Math.min(...parts.map(part => part.first), Math.floor(Date.now() / STEP) - STEPS + 1)
  const rows = Array.from({ length: STEPS }, () => new Array<number>(WIDTH).fill(0))
  const routes = new Map<string | null, number[]>()
  for (const part of parts) {
    for (const [index, row] of part.rows.entries()) add(rows[index + part.first - first], row)
    for (const [name, row] of part.routes) {
      const known = routes.get(name)
      if (known === undefined) routes.set(name, [...row])
      else add(known, row)
      yield
    }
  }
  return {
    step: STEP,
    route,
    series: {
      at: rows.map((_, index) => (first + index) * STEP),
      requests: rows.map(row => row[0] as number),
      refused: rows.map(row => row[1] as number),
      errors: rows.map(row => row[2] as number),
      p50: rows.map(row => quantile(row, 0.5)),
      p90: rows.map(row => quantile(row, 0.9)),
      p99: rows.map(row => quantile(row, 0.99))
    },
    routes: (yield * mapSteps([...routes], ([name, row]) => ({
      route: name,
      requests: row[0] as number,
      refused: row[1] as number,
      errors: row[2] as number,
      per_second: Math.round((row[0] as number) / 60 * 100) / 100,
      p50: quantile(row, 0.5),
      p90: quantile(row, 0.9),
      p99: quantile(row, 0.99)
    }))).sort((a, b) => b.requests - a.requests),
    uncounted_routes: parts.some(part => part.crowded)
  }
}

function add (sum: number[] | undefined, row: Row): void {
  if (sum === undefined || row === null) return
  for (let index = 0; index < WIDTH; index++) sum[index] = (sum[index] as number) + (row[index] as number)
}
