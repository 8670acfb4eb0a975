/**
 * Cost of the router: CPU per match, memory and build time. `npm run build && node --expose-gc bench/router.js`
 *
 * Each figure is user and system CPU of this process, the best of seven rounds. Warm: the same requests again and again.
 * Cold: every request is made of new strings, as when it comes from a socket, and making them has swept the caches.
 */
import { loadavg } from 'node:os'
import { compileRouter } from '../dist/src/router/compile.js'
import { normalizeTarget } from '../dist/src/router/normalize.js'
import { makeRandom, mixedRequests, mixedRoutes, worstCases } from './router-cases.js'

const ROUNDS = 7
const BATCH = 100

function fresh (text) {
  return Buffer.from(text).toString()
}

function cpuNanoseconds () {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

function copy (request) {
  return { ...request, method: fresh(request.method), host: fresh(request.host), path: fresh(request.path), headers: request.headers.map(fresh) }
}

/** CPU of one `run` in nanoseconds; `matches` runs a round. */
function measure (requests, run, matches, prepare) {
  let best = Infinity
  let hits = 0
  for (let round = 0; round < ROUNDS; round++) {
    let spent = 0
    hits = 0
    for (let done = 0; done < matches; done += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, index) => prepare(requests[(done + index) % requests.length]))
      const start = cpuNanoseconds()
      for (const request of batch) if (run(request)) hits++
      spent += cpuNanoseconds() - start
    }
    best = Math.min(best, spent / matches)
  }
  return { ns: Math.round(best), hits: Math.round(hits / matches * 100) }
}

function heap () {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function build (routes) {
  const before = heap()
  const start = cpuNanoseconds()
  const router = compileRouter(routes)
  const milliseconds = Math.round((cpuNanoseconds() - start) / 1e6)
  return { router, milliseconds, megabytes: globalThis.gc ? Number(((heap() - before) / 2 ** 20).toFixed(1)) : null }
}

function row (name, routes, requests, matches = 20_000) {
  const { router, milliseconds, megabytes } = build(routes)
  const run = request => router.match(request) !== null
  const warm = measure(requests, run, matches, request => request)
  const cold = measure(requests, run, matches, copy)
  return { case: name, routes: routes.length, 'warm ns': warm.ns, 'cold ns': cold.ns, 'hits %': cold.hits, 'build ms': milliseconds, 'heap MiB': megabytes }
}

const mixed = [10, 1000, 10_000].map(size => {
  const random = makeRandom(7)
  const routes = mixedRoutes(size, random)
  return row('mixed', routes, mixedRequests(routes, 5000, random))
})
const worst = worstCases(10_000).map(({ name, routes, requests, matches }) => row(name, routes, requests, matches))
console.table([...mixed, ...worst])

const targets = ['/api/v1/users/42?page=2', '/caf%C3%A9/a%20b', '/a/./b/../c//d', `/${'a/../'.repeat(1600)}`, `/${'%2e%2e/'.repeat(1100)}`]
console.table(targets.map(target => {
  const requests = [{ method: '', host: '', headers: [], path: target }]
  const { ns } = measure(requests, ({ path }) => normalizeTarget(path) !== null, target.length > 1000 ? 500 : 20_000, copy)
  return { normalize: target.length > 40 ? `${target.slice(0, 14)}… (${target.length} bytes)` : target, 'cold ns': ns }
}))
console.log(`node ${process.version}, load ${loadavg().map(load => load.toFixed(2)).join(' ')}`)
