import t from 'tap'
import { breathe, breathless, createBreath } from '../src/breath.ts'

t.test('work that is short goes on at once, long work lets others have their turn', async t => {
  let now = 0
  const breath = createBreath(() => now)
  let turns = 0
  const timer = setInterval(() => { turns++ }, 1)
  t.teardown(() => { clearInterval(timer) })
  for (let step = 0; step < 1_000; step++) await breath()
  t.equal(turns, 0, 'a thousand awaits of nothing')
  now = 5
  await breath()
  t.ok(turns > 0, 'others had their turn')
  turns = 0
  now = 9
  await breath()
  t.equal(turns, 0, 'the next slice has begun')
})

t.test('steps are done with a breath between them, and what they come to is given back', async t => {
  const done: string[] = []
  function * steps (): Generator<undefined, number> {
    done.push('one')
    yield
    done.push('two')
    yield
    return 3
  }
  t.equal(await breathe(steps(), async () => { done.push('breath') }), 3)
  t.same(done, ['one', 'breath', 'two', 'breath'])
  await t.rejects(breathe((function * (): Generator<undefined, number> {
    yield
    throw new Error('half way')
  })(), breathless), { message: 'half way' })
})
