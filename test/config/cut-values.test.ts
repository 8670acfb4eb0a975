import t from 'tap'
import { createValueCutter } from '../../src/config/cut-values.ts'

t.test('values are cut wherever they stand, however many there are', async t => {
  const many = Array.from({ length: 2000 }, (_, index) => `value-${index}-of-many`)
  for (const values of [['abcdef', 'defghi', 'abcdefgh', 'aaaaaa'], ['abcdef', 'defghi', 'abcdefgh', 'aaaaaa', ...many]]) {
    const cut = createValueCutter(values, '***')
    t.equal(cut('nothing'), 'nothing')
    t.equal(cut('abcdef'), '***')
    t.equal(cut('x abcdef, abcdefgh; y'), 'x ***, ***; y')
    t.equal(cut('xabcdefghiy'), 'x***y', 'of values that overlap nothing is left')
    t.equal(cut('aaaaaaaab'), '***b')
    t.equal(cut('abcdefabcdef'), '******')
    t.equal(cut('abcde'), 'abcde')
  }
  t.equal(createValueCutter(many, '***')(`a ${many.join(' ')} z`), `a ${many.map(() => '***').join(' ')} z`)
  t.equal(createValueCutter(['short', 'true'], '***')('short and true'), 'short and true')
})

t.test('both ways to look find the same', async t => {
  let state = 7
  const random = (below: number): number => {
    state = Math.imul(state, 1103515245) + 12345 & 0x7fffffff
    return (state >>> 8) % below
  }
  const word = (length: number): string => Array.from({ length }, () => 'ab\u00e9'[random(3)]).join('')
  for (let round = 0; round < 100; round++) {
    const values = Array.from({ length: 4 }, () => word(6 + random(3)))
    const text = word(200)
    // those that stand nowhere only change the way
    t.equal(createValueCutter(values, '*')(text), createValueCutter([...values, ...Array.from({ length: 20 }, (_, index) => `nowhere-${index}`)], '*')(text))
  }
})
