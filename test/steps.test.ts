import t from 'tap'
import { bytesSteps, createSpread, finish, jsonSteps, mapSteps, type Steps } from '../src/steps.ts'

t.test('the JSON that is put together in steps is that of JSON.stringify', async t => {
  const values: unknown[] = [
    null, 1, 'a"b', true, undefined, [], {}, [undefined, () => 1, null],
    { a: undefined, b: [1, [2, [3, [4, { c: undefined }]]]], 'd"': { e: { f: { g: { h: new Date(0) } } } } },
    new Date(0), [new URL('http://x/')], { __proto__: null, 'é\u2028': '\ud800', list: [{ deep: [{ deeper: ['x'] }] }] }
  ]
  for (const [index, value] of values.entries()) t.ok(finish(jsonSteps(value))?.join('') === JSON.stringify(value), `value ${index}`)
})

t.test('long work leaves pauses, in which others have their turn, and short work waits for none', async t => {
  let clock = 0
  const order: string[] = []
  const waiting: Array<() => void> = []
  const spread = createSpread({ now: () => clock, pause: async () => await new Promise(resolve => { waiting.push(resolve) }) })
  const work = (name: string, items: number): Steps<number[]> => mapSteps(Array.from({ length: items }, (_, index) => index), index => {
    order.push(`${name}${index}`)
    clock += 3
    return index
  })
  const one = spread(work('a', 3))
  t.same(order, ['a0', 'a1'], 'five milliseconds, and the step that began in them')
  const other = spread(work('b', 3))
  t.same(await spread(work('c', 1)), [0], 'short')
  t.same(order, ['a0', 'a1', 'b0', 'b1', 'c0'])
  await Promise.resolve()
  t.equal(waiting.length, 1, 'one pause at a time')
  waiting.shift()?.()
  t.same(await one, [0, 1, 2])
  t.same(order.slice(5), ['a2'])
  t.equal(waiting.length, 1, 'the other one still waits')
  waiting.shift()?.()
  t.same(await other, [0, 1, 2])
})

t.test('what fails on its way is told', async t => {
  await t.rejects(createSpread()(mapSteps([1], () => { throw new Error('no') })), /no/)
})

t.test('a text becomes bytes in pieces, none of which cuts a character', async t => {
  const pieces = ['', 'é'.repeat(70_000), 'a', '😀', 'b'.repeat(65_536), '']
  const buffers = finish(bytesSteps(pieces))
  t.equal(Buffer.concat(buffers).toString(), pieces.join(''))
  t.ok(buffers.length > 1)
  t.same(finish(bytesSteps([])), [])
})
