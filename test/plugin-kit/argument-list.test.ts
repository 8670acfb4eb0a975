import t from 'tap'
import { ArgumentList } from '../../src/plugin-kit/argument-list.ts'

function edit (text: string, change: (list: ArgumentList) => void): string {
  const list = ArgumentList.parse(text)
  change(list)
  return list.toString()
}

t.test('arguments that nobody touches keep order and spelling', async t => {
  for (const text of ['', 'b=2&a=1', 'a', 'a=', '=1', 'a=1&&b', 'q=%7e+%2b%zz&é', 'a=1=2', '&']) t.equal(edit(text, () => {}), text)
})

t.test('names are compared unescaped, case matters', async t => {
  t.equal(edit('a%20b=1&a+b=2&A=3', list => list.remove('a b')), 'A=3')
  t.equal(edit('caf%C3%A9=1', list => list.remove('caf\xc3\xa9')), '')
  t.equal(edit('%zz=1', list => list.remove('%zz')), '')
})

t.test('remove says what it found', async t => {
  t.equal(ArgumentList.parse('a=1').remove('a'), true)
  t.equal(ArgumentList.parse('a=1').remove('b'), false)
  t.equal(ArgumentList.parse('').has(''), false)
})

t.test('a rename moves all of the name, over those of the new one, values as written', async t => {
  t.equal(edit('b=0&a=%7e&c&a', list => list.rename('a', 'b')), 'b=%7e&c&b')
})

t.test('set puts one in the place of all', async t => {
  t.equal(edit('x&a=1&b=2&a=3', list => list.set('a', 'v w&=')), 'x&a=v%20w%26%3D&b=2')
  t.equal(edit('x', list => list.set('a', 'v')), 'x&a=v')
})

t.test('append puts one more behind', async t => {
  t.equal(edit('a=1', list => list.append('a', '\xc3\xa9')), 'a=1&a=%C3%A9')
})

t.test('get gives the first value, empty for an argument without one', async t => {
  const list = ArgumentList.parse('a=x%20y+z&a=2&b&c=')
  t.same(['a', 'b', 'c', 'd'].map(name => list.get(name)), ['x y z', '', '', undefined])
})

t.test('all values of a name, and which argument has none', async t => {
  const list = ArgumentList.parse('a=1&b=2&a=x%2By&a&a=&A=3')
  t.same(list.getAll('a'), ['1', 'x+y', null, ''])
  t.same(list.getAll('none'), [])
})
