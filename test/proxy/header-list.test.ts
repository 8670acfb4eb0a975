import t from 'tap'
import { HeaderList } from '../../src/proxy/fields/header-list.ts'

t.test('names are compared without case and kept as written', async t => {
  const list = new HeaderList(['Accept', 'a', 'X-One', '1', 'accept', 'b'])
  t.equal(list.get('ACCEPT'), 'a')
  t.strictSame(list.getAll('accept'), ['a', 'b'])
  t.equal(list.get('accep'), undefined)
  t.ok(list.has('x-one'))
  t.strictSame([...list.entries()][1], ['X-One', '1'])
})

t.test('set puts one field in the place of all', async t => {
  const list = new HeaderList(['A', '1', 'B', '2', 'a', '3'])
  list.set('a', '4')
  t.strictSame(list.raw, ['a', '4', 'B', '2'])
  list.set('C', '5')
  t.strictSame(list.raw, ['a', '4', 'B', '2', 'C', '5'])
})

t.test('delete takes all and says whether there were any', async t => {
  const list = new HeaderList(['A', '1', 'B', '2', 'a', '3'])
  t.equal(list.delete('A'), true)
  t.strictSame(list.raw, ['B', '2'])
  t.equal(list.delete('A'), false)
})

t.test('append adds a line beside others', async t => {
  const list = new HeaderList(['A', '1'])
  list.append('a', '2')
  t.strictSame(list.getAll('A'), ['1', '2'])
})
