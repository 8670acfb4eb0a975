/**
 * Circuit breakers beside each other: what one call costs in CPU, while they are closed and while they are open.
 * For docs/decisions/0007-circuit-breaker.md: `npm run build && node bench/breaker.js`.
 */
import { circuitBreaker, ConsecutiveBreaker, handleAll, SamplingBreaker } from 'cockatiel'
import CircuitBreaker from 'opossum'
import { Breakers } from '../dist/src/upstream/breaker/breakers.js'
import { CircuitBreaker as Ours } from '../dist/src/upstream/breaker/circuit-breaker.js'
import { guard } from '../dist/src/upstream/breaker/guard.js'

const CALLS = 300_000
const ROUNDS = 7

const RULES = { failureThreshold: 5, failureRatio: 0, slowRatio: 0, window: 10_000, minimumCalls: 20, resetTimeout: 3_600_000, maximumResetTimeout: 3_600_000, successThreshold: 2, halfOpenCalls: 1 }

function ours (rules) {
  const breaker = new Ours(rules, () => {})
  return {
    call () {
      const begun = performance.now()
      if (!breaker.allows(begun)) return false
      breaker.begin(begun)
      breaker.answer(begun, false, false, performance.now())
      breaker.complete(begun)
      return true
    },
    open () {
      for (let count = 0; count < 100; count++) breaker.fail(performance.now(), false, false, performance.now())
    }
  }
}

/** The four calls of an attempt, with and without breakers before its destination. */
function attempt (per) {
  const target = { origin: 'http://10.0.0.1:80' }
  const plain = { protocol: 'http', host: 'users', port: 80, turn: null, admit () {}, pick: () => target, begin () {}, head () {}, end () {}, release () {} }
  const breakers = new Breakers({ info () {}, warn () {} })
  const options = { per, failure_threshold: 5, failure_ratio: 0.5, window: 10_000, minimum_calls: 20, reset_timeout: 3_600_000, success_threshold: 2, half_open_calls: 1, failure_on: ['connect', 'timeout', 'reset', 'invalid', '5xx'], error_code: 503, error_message: 'no' }
  const destination = per === null ? plain : guard(plain, { breakers, key: 'users', owner: { service: 'users', route: null }, options })
  const context = { headTick: 0 }
  const tried = []
  const run = (status, ending) => {
    const begun = performance.now()
    const picked = destination.pick(context, tried, begun)
    destination.begin(picked, begun, context)
    context.headTick = performance.now()
    destination.head(picked, status, begun, context)
    destination.end(picked, ending, status, begun, context)
  }
  return {
    call () {
      try {
        run(200, 'complete')
      } catch {}
    },
    open () {
      if (per !== null) for (let count = 0; count < 5; count++) run(500, 'complete')
    }
  }
}

/** What a promise costs that nobody guards. */
function nothing () {
  const work = async () => true
  return { call: () => work(), open () {} }
}

function opossum () {
  const breaker = new CircuitBreaker(async () => true, { timeout: false, resetTimeout: 3_600_000 })
  return { call: () => breaker.fire().catch(() => false), open: () => breaker.open() }
}

function cockatiel (make) {
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker: make() })
  const work = async () => true
  let held
  return { call: () => policy.execute(work).catch(() => false), open () { held = policy.isolate() }, held: () => held }
}

const PARTICIPANTS = {
  'a promise alone': nothing,
  'ours, failures in a row': () => ours(RULES),
  'an attempt without a breaker': () => attempt(null),
  'an attempt, per service': () => attempt('service'),
  'an attempt, per target': () => attempt('target'),
  'ours, both ratios': () => ours({ ...RULES, failureRatio: 0.5, slowRatio: 0.8 }),
  opossum,
  'cockatiel, ConsecutiveBreaker': () => cockatiel(() => new ConsecutiveBreaker(5)),
  'cockatiel, SamplingBreaker': () => cockatiel(() => new SamplingBreaker({ threshold: 0.5, duration: 10_000 }))
}

/** CPU in µs a call. */
async function measure ({ call }) {
  const before = process.cpuUsage()
  for (let count = 0; count < CALLS; count++) await call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

/** The same without waiting, of those that need none. */
function measureSync ({ call }) {
  const before = process.cpuUsage()
  for (let count = 0; count < CALLS; count++) call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

const best = async run => {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await run())
  return least.toFixed(2)
}

console.log('| breaker | closed, µs | open, µs |\n|---|---:|---:|')
for (const [name, create] of Object.entries(PARTICIPANTS)) {
  const participant = create()
  const run = /^(ours|an attempt)/.test(name) ? measureSync : measure
  const closed = await best(() => run(participant))
  participant.open()
  const open = await best(() => run(participant))
  console.log(`| ${name} | ${closed} | ${open} |`)
}
process.exit()
