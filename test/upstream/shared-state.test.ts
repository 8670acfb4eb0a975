import t from 'tap'
import { SharedState } from '../../src/upstream/shared-state.ts'

class Follower {
  readonly seen: number[] = []
  follow ({ value }: { value: number }): void { this.seen.push(value) }
}

t.test('it is made once, follows the youngest user that serves, and is closed with the last one', async t => {
  const closed: Follower[] = []
  const shared = new SharedState<Follower, { value: number }>(state => closed.push(state))
  const first = shared.acquire('a', { value: 1 }, () => new Follower())
  const second = shared.acquire('a', { value: 2 }, () => new Follower())
  t.equal(first.state, second.state)
  t.same(first.state.seen, [], 'one that does not serve yet changes nothing')
  shared.commit()
  shared.commit()
  t.same(first.state.seen, [2])
  const discarded = shared.acquire('a', { value: 3 }, () => new Follower())
  discarded.release()
  discarded.release()
  shared.commit()
  t.same(first.state.seen, [2], 'what was discarded has changed nothing')
  first.release()
  t.same(first.state.seen, [2], 'an old one that ends changes nothing')
  t.same(shared.states(), [first.state])
  second.release()
  t.same(closed, [first.state])
  t.not(shared.acquire('a', { value: 1 }, () => new Follower()).state, first.state)
})

t.test('equal settings are still two users\'', async t => {
  const shared = new SharedState<Follower, { value: number }>()
  const settings = { value: 1 }
  const one = shared.acquire('a', settings, () => new Follower())
  const two = shared.acquire('a', settings, () => new Follower())
  one.release()
  one.release()
  t.same(shared.states().length, 1)
  two.release()
  t.same(shared.states(), [])
})
