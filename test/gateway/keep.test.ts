import t from 'tap'
import { KeptState } from '../../src/gateway/keep.ts'

t.test('state lives while anyone has asked for it, and is closed after the last', async t => {
  const kept = new KeptState()
  const closed: number[] = []
  const first = kept.acquire('a', () => ({ n: 1 }), state => { closed.push(state.n) })
  const second = kept.acquire('a', () => ({ n: 2 }))
  t.equal(first, second)
  await kept.release('a')
  t.strictSame(closed, [])
  await kept.release('a')
  t.strictSame(closed, [1])
  t.strictSame(kept.acquire('a', () => ({ n: 3 })), { n: 3 })
})
