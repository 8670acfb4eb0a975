import fc from 'fast-check'
import t from 'tap'
import { createSteadyClock } from '../../src/stores/steady-clock.ts'
import { holds } from '../helpers/holds.ts'

t.test('a clock that goes on is passed through', async t => {
  let time = 1000
  const clock = createSteadyClock(() => time)
  t.equal(clock(), 1000)
  time = 61_000
  t.equal(clock(), 61_000)
})

t.test('after a jump back time goes on at half the pace until the clock has caught up', async t => {
  let time = 10_000
  const clock = createSteadyClock(() => time)
  time = 4000
  t.equal(clock(), 10_000, 'stands')
  time = 8000
  t.equal(clock(), 12_000, 'half of 4 s later')
  time = 16_000
  t.equal(clock(), 16_000, 'caught up')
  time = 17_000
  t.equal(clock(), 17_000)
})

t.test('whatever the clock does, time never goes back, and never lags', async t => {
  holds(t, fc.property(fc.array(fc.integer({ min: -100_000, max: 100_000 })), jumps => {
    let time = 1e9
    const clock = createSteadyClock(() => time)
    let last = clock()
    for (const jump of jumps) {
      time += jump
      const now = clock()
      if (now < last || now < time) return false
      last = now
    }
    return true
  }))
})
