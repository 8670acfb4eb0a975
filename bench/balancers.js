/**
 * What it costs to choose a target, by algorithm and number of targets: nanoseconds of CPU and bytes of heap a choice.
 * And a hash ring beside the hashing that we use, for docs/decisions/0008-rendezvous-hashing.md.
 *
 * npm run build && node --expose-gc bench/balancers.js
 */
import { HeaderList } from '../dist/src/proxy/fields/header-list.js'
import { Address } from '../dist/src/upstream/address.js'
import { createBalancer } from '../dist/src/upstream/balancer/create.js'
import { hashText, mix } from '../dist/src/upstream/balancer/hash.js'
import { Endpoint } from '../dist/src/upstream/endpoint.js'

const CHOICES = 300_000
const ROUNDS = 7
const KEYS = 1_000_000
const NONE = Object.freeze([])

function endpoints (count, weights = [100]) {
  return Array.from({ length: count }, (_, index) => {
    const host = `10.0.${index >> 8}.${index & 255}`
    return new Endpoint({ host, port: 8080, name: host, srvName: null, weight: weights[index % weights.length], failover: false }, new Address(0), null)
  })
}

function upstream (algorithm, more = {}) {
  return { name: 'users', algorithm, hash_on: 'none', hash_fallback: 'none', slow_start: 0, sticky_sessions_cookie_path: '/', ...more }
}

const ALGORITHMS = [
  ['round-robin', upstream('round-robin')],
  ['least-connections', upstream('least-connections')],
  ['latency', upstream('latency')],
  ['consistent-hashing, by ip', upstream('consistent-hashing', { hash_on: 'ip' })],
  ['consistent-hashing, equal weights', upstream('consistent-hashing', { hash_on: 'ip' }), [100]],
  ['sticky-sessions, known', upstream('sticky-sessions', { sticky_sessions_cookie: 'at' })],
  ['round-robin, slow start', upstream('round-robin', { slow_start: 60_000 })]
]

/** Requests, so that the strings of one are not the strings of the next. */
function requests (cookie) {
  return Array.from({ length: 1000 }, (_, index) => ({
    clientIp: `192.0.2.${index & 255}`,
    scheme: 'http',
    affinityKey: null,
    affinityCookie: null,
    upstream: { headers: new HeaderList(['accept', '*/*', 'user-agent', 'bench/1.0 (something of usual length)', ...cookie === undefined ? [] : ['cookie', `a=b; ${cookie}`]]) }
  }))
}

/** A choice, and what happens to an attempt. */
function run (balancer, contexts, count, start) {
  const { measures } = balancer
  for (let nth = 0; nth < count; nth++) {
    const now = start + nth
    const endpoint = balancer.pick(contexts[nth % contexts.length], NONE, now)
    endpoint.address.inFlight++
    if (measures) endpoint.address.measure(3, now)
    endpoint.address.inFlight--
  }
}

function measure (balancer, contexts) {
  run(balancer, contexts, CHOICES, 0)
  let nanoseconds = Infinity
  let bytes = Infinity
  for (let round = 1; round <= ROUNDS; round++) {
    globalThis.gc?.()
    const heap = process.memoryUsage().heapUsed
    const before = process.cpuUsage()
    run(balancer, contexts, CHOICES, round * CHOICES)
    const { user, system } = process.cpuUsage(before)
    bytes = Math.min(bytes, (process.memoryUsage().heapUsed - heap) / CHOICES)
    nanoseconds = Math.min(nanoseconds, (user + system) * 1000 / CHOICES)
  }
  return `${nanoseconds.toFixed(0)} ns, ${Math.max(0, bytes).toFixed(1)} B`
}

function costs () {
  const counts = [3, 10, 100]
  console.log(`| a choice, its begin and end | ${counts.map(count => `${count} targets`).join(' | ')} |\n|---|${counts.map(() => '---:').join('|')}|`)
  for (const [name, options, weights = [100, 50]] of ALGORITHMS) {
    const cells = counts.map(count => {
      const balancer = createBalancer(options)
      balancer.update(endpoints(count, weights))
      const [first] = requests()
      balancer.pick(first, NONE, 0)
      return measure(balancer, requests(first.affinityCookie?.split(';', 1)[0]))
    })
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
}

/** Ketama: points of each endpoint on a circle, a key belongs to the next one. */
function ring (list, points) {
  const total = list.reduce((sum, { weight }) => sum + weight, 0)
  const made = list.flatMap(({ host, weight }, owner) => Array.from({ length: Math.round(points * weight / total) }, (_, nth) => ({ at: hashText(`${host}|${nth}`), owner })))
  made.sort((one, other) => one.at - other.at)
  const at = Uint32Array.from(made.map(point => point.at))
  const owners = Uint16Array.from(made.map(point => point.owner))
  return key => {
    let low = 0
    let high = at.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (at[middle] < key) low = middle + 1
      else high = middle
    }
    return owners[low === at.length ? 0 : low]
  }
}

/** As ConsistentHashing does it, on a key that is hashed already. @param uniform weights are equal */
function rendezvous (list, uniform) {
  if (uniform) {
    return key => {
      let best = 0
      let most = -1
      for (let index = 0; index < list.length; index++) {
        const score = mix(key ^ list[index].seed)
        if (score > most) { most = score; best = index }
      }
      return best
    }
  }
  return key => {
    let best = 0
    let least = Infinity
    for (let index = 0; index < list.length; index++) {
      const score = -Math.log((mix(key ^ list[index].seed) + 0.5) / 0x1_0000_0000) / list[index].weight
      if (score < least) { least = score; best = index }
    }
    return best
  }
}

function spread (owner, list) {
  const counts = new Array(list.length).fill(0)
  const total = list.reduce((sum, { weight }) => sum + weight, 0)
  for (let key = 0; key < KEYS; key++) counts[owner(mix(key))]++
  return Math.max(...counts.map((count, index) => Math.abs(count / (KEYS * list[index].weight / total) - 1)))
}

function moved (make, list) {
  const before = make(list)
  const after = make(list.slice(0, -1))
  let count = 0
  for (let key = 0; key < KEYS; key++) if (before(mix(key)) !== after(mix(key))) count++
  return count / KEYS
}

function time (owner) {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let key = 0; key < KEYS; key++) owner(mix(key))
    least = Math.min(least, process.cpuUsage(before).user * 1000 / KEYS)
  }
  return least
}

function rings () {
  const ways = [['a ring of 160 points a target', list => ring(list, 160 * list.length)], ['a ring of 10,000 points', list => ring(list, 10_000)], ['rendezvous', list => rendezvous(list, false)], ['rendezvous, equal weights', list => rendezvous(list, true)]]
  console.log('\n| | targets | furthest from its share | keys that move when one goes | ns a key |\n|---|---:|---:|---:|---:|')
  for (const count of [3, 10, 100]) {
    for (const [name, make] of ways) {
      const list = endpoints(count)
      console.log(`| ${name} | ${count} | ${(spread(make(list), list) * 100).toFixed(1)} % | ${(moved(make, list) * 100).toFixed(1)} % | ${time(make(list)).toFixed(0)} |`)
    }
  }
}

costs()
rings()
