/** Breakers before a destination, with simulated time and without sockets. */
import t from 'tap'
import plugin from '../../../plugins/circuit-breaker/index.ts'
import type { CircuitBreakerOptions } from '../../../src/config/entities/circuit-breaker.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Context } from '../../../src/gateway/context.ts'
import type { Target } from '../../../src/proxy/transport/transport.ts'
import type { Turn } from '../../../src/proxy/turn.ts'
import { Breakers } from '../../../src/upstream/breaker/breakers.ts'
import { BreakerSet } from '../../../src/upstream/breaker/breaker-set.ts'
import { guard } from '../../../src/upstream/breaker/guard.ts'
import { breakerRules } from '../../../src/upstream/breaker/options.ts'
import type { Destination } from '../../../src/upstream/destination.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'
import { recordingLog } from '../../helpers/recording-log.ts'

const options = (overrides: object): CircuitBreakerOptions => completeConfig(plugin, overrides) as CircuitBreakerOptions

/** Targets in turn, an untried one where there is one. */
class InTurn implements Destination {
  readonly protocol = 'http'
  readonly host = 'users'
  readonly port = 80
  readonly turn = null as unknown as Turn
  readonly targets: readonly Target[]
  readonly calls: string[] = []
  released = 0
  #next = 0

  constructor (count: number) {
    this.targets = Array.from({ length: count }, (_, index) => ({ protocol: 'http', host: `10.0.0.${index}`, port: 80, origin: `http://10.0.0.${index}:80` }) as unknown as Target)
  }

  admit (): void { this.calls.push('admit') }

  pick (_context: Context, tried: readonly Target[]): Target {
    const left = this.targets.filter(target => !tried.includes(target))
    const among = left.length > 0 ? left : this.targets
    return among[this.#next++ % among.length] as Target
  }

  begin (target: Target): void { this.calls.push(`begin ${target.host}`) }
  head (target: Target, status: number): void { this.calls.push(`head ${target.host} ${status}`) }
  end (target: Target, ending: string): void { this.calls.push(`end ${target.host} ${ending}`) }
  release (): void { this.released++ }
}

function create (overrides: object, count = 3) {
  const { log, lines } = recordingLog()
  const breakers = new Breakers(log)
  const inner = new InTurn(count)
  const clock = { now: 1000 }
  const destination = guard(inner, { breakers, key: 'users', owner: { service: 'users', route: null }, options: options(overrides), tick: () => clock.now })
  const context = { headTick: 0 } as Context
  return {
    inner,
    breakers,
    destination,
    clock,
    lines,
    context,
    states: () => Object.fromEntries(breakers.facts().map(({ target, state }) => [target, state])),
    /** One attempt, which ends with this status. */
    attempt (status: (target: Target) => number, tried: readonly Target[] = []): Target {
      const begun = clock.now
      const target = destination.pick(context, tried, begun)
      destination.begin(target, begun, context)
      context.headTick = ++clock.now
      destination.head(target, status(target), begun, context)
      destination.end(target, 'complete', status(target), begun, context)
      return target
    }
  }
}

t.test('per target: one that fails is passed over, and tried again after its pause', async t => {
  const { inner, attempt, clock, lines, states } = create({ per: 'target', failure_threshold: 2, reset_timeout: 100, success_threshold: 1 })
  const [bad] = inner.targets as [Target, Target, Target]
  for (let count = 0; count < 12; count++) attempt(target => target === bad ? 500 : 200)
  t.equal(inner.calls.filter(call => call === `begin ${bad.host}`).length, 2)
  t.match(states(), { [bad.origin]: 'open' })
  t.match(lines[0], { service: 'users', target: bad.origin, msg: 'a circuit breaker has opened' })
  clock.now += 100
  for (let count = 0; count < 3; count++) attempt(() => 200)
  t.match(states(), { [bad.origin]: 'closed' })
})

t.test('per target: what was tried for a request comes back only where no other is left', async t => {
  const { inner, attempt } = create({ per: 'target', failure_threshold: 1, reset_timeout: 100_000 })
  const [one, two, three] = inner.targets as [Target, Target, Target]
  attempt(() => 500, [two, three])
  t.equal(attempt(() => 200, [two]), three)
  t.equal(attempt(() => 200, [three]), two)
  t.ok([two, three].includes(attempt(() => 200, [two, three])))
  t.not(attempt(() => 200, []), one)
})

t.test('per target: one that was tried is asked again where the breakers of all others are open', async t => {
  const { inner, attempt } = create({ per: 'target', failure_threshold: 1, reset_timeout: 100_000 })
  const [one, two, three] = inner.targets as [Target, Target, Target]
  attempt(() => 500, [two, three])
  attempt(() => 500, [one, three])
  for (let count = 0; count < 6; count++) t.equal(attempt(() => 200, [three]), three)
  attempt(() => 500, [three])
  t.throws(() => attempt(() => 200, [three]), { code: 'SP_BREAKER_OPEN' })
  t.throws(() => attempt(() => 200, [one, two, three]), { code: 'SP_BREAKER_OPEN' })
})

t.test('per target: all open is a refusal, until the first of them may be tried', async t => {
  const { inner, destination, context, attempt, clock } = create({ per: 'target', failure_threshold: 1, reset_timeout: 10_000 })
  for (let count = 0; count < 3; count++) {
    attempt(() => 500)
    clock.now += 1000
  }
  const before = inner.calls.length
  try {
    destination.pick(context, [], clock.now)
    t.fail('it picked one')
  } catch (error) {
    t.match(error, { code: 'SP_BREAKER_OPEN', statusCode: 503, headers: { 'retry-after': '7' } })
    t.ok(error instanceof GatewayError)
  }
  t.equal(inner.calls.length, before)
})

t.test('what is behind it is told of everything, and is not its to release', async t => {
  for (const per of ['service', 'target']) {
    const { inner, destination, context, clock, breakers } = create({ per }, 1)
    destination.admit(context)
    const target = destination.pick(context, [], clock.now)
    destination.begin(target, clock.now, context)
    destination.head(target, 200, clock.now, context)
    destination.end(target, 'reset', 200, clock.now, context)
    t.same(inner.calls, ['admit', 'begin 10.0.0.0', 'head 10.0.0.0 200', 'end 10.0.0.0 reset'])
    t.match(destination, { protocol: 'http', host: 'users', port: 80 })
    destination.release()
    t.equal(inner.released, 0)
    t.same(breakers.facts(), [])
  }
})

t.test('time-outs are slow calls, too', async t => {
  const { destination, context, clock, states } = create({ failure_threshold: 0, slow_call_duration: 50, slow_ratio: 1, minimum_calls: 1 })
  const target = destination.pick(context, [], clock.now)
  const begun = clock.now
  destination.begin(target, begun, context)
  clock.now += 51
  destination.end(target, 'timeout', 0, begun, context)
  t.same(states(), { null: 'open' })
})

t.test('memory is bounded: breakers that are closed make room first', async t => {
  const { log } = recordingLog()
  const set = new BreakerSet({ service: 'users', route: null }, breakerRules(options({ failure_threshold: 1 })), log)
  const bad = set.of('bad')
  bad.fail(1, false, false, 1)
  for (let count = 0; count < 5000; count++) set.of(String(count))
  t.ok(set.facts().length <= 4096)
  t.equal(set.of('bad'), bad)
  for (let count = 0; count < 5000; count++) set.of(`bad-${count}`).fail(1, false, false, 1)
  t.ok(set.facts().length <= 4096)
  t.not(set.of('bad'), bad)
})
