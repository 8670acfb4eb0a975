import t from 'tap'
import fc from 'fast-check'
import { JsonMembers } from '../../src/plugin-kit/json-members.ts'
import { holds } from '../helpers/holds.ts'

function edit (text: string, change: (members: JsonMembers) => void): string {
  const members = JsonMembers.parse(text)
  if (members === null) throw new Error('not an object')
  change(members)
  return members.toString()
}

t.test('values that nobody touches keep their bytes', async t => {
  const text = '{"id":9007199254740993,"price":1.00,"e":1E2,"text":"\\u00e9\\/","deep":{"b":[1,{"a":"}\\","}]},"7":null}'
  t.equal(edit(text, () => {}), text)
})

t.test('blanks between members go, those inside values stay', async t => {
  t.equal(edit(' {\n "a" : [ 1, 2 ] ,\t"b":{ "c": 1 }\n} ', () => {}), '{"a":[ 1, 2 ],"b":{ "c": 1 }}')
})

t.test('what is no object is not read', async t => {
  for (const text of ['', 'null', '[]', '1', '"{}"', '{', '{"a":1}x', '{a:1}', '{"a":01}']) t.equal(JsonMembers.parse(text), null, text)
})

t.test('names are compared decoded', async t => {
  t.equal(edit('{"\\u0061":1,"b":2}', members => members.remove('a')), '{"b":2}')
})

t.test('a name that is special in JavaScript is a name like others', async t => {
  t.equal(edit('{"__proto__":1,"constructor":2}', members => members.set('__proto__', '3')), '{"__proto__":3,"constructor":2}')
})

t.test('of two members with one name the later is kept', async t => {
  t.equal(edit('{"a":1,"b":2,"a":3}', () => {}), '{"a":3,"b":2}')
})

t.test('null and false do not exist, zero and the empty text do', async t => {
  const members = JsonMembers.parse('{"n":null,"f":false,"z":0,"e":"","a":[]}')
  t.same(['n', 'f', 'z', 'e', 'a', 'x'].filter(name => members?.has(name)), ['z', 'e', 'a'])
})

t.test('remove takes null and false too, and says what it found', async t => {
  const members = JsonMembers.parse('{"n":null,"f":false}')
  t.equal(members?.remove('n'), true)
  t.equal(members?.remove('x'), false)
  t.equal(members?.toString(), '{"f":false}')
})

t.test('append makes a list or extends it', async t => {
  for (const [before, after] of [
    ['{}', '{"a":["v"]}'],
    ['{"a":null}', '{"a":["v"]}'],
    ['{"a":"x"}', '{"a":["x","v"]}'],
    ['{"a":5}', '{"a":[5,"v"]}'],
    ['{"a":{"b":1}}', '{"a":[{"b":1},"v"]}'],
    ['{"a":[]}', '{"a":["v"]}'],
    ['{"a":[ ]}', '{"a":["v"]}'],
    ['{"a":[1, 2 ]}', '{"a":[1, 2,"v"]}']
  ] as const) t.equal(edit(before, members => members.append('a', '"v"')), after, before)
})

t.test('a rename moves the value over the one that is there', async t => {
  t.equal(edit('{"a":1,"b":2,"c":3}', members => members.rename('a', 'b')), '{"b":1,"c":3}')
})

t.test('whatever the object, it reads the same before and after', async t => {
  holds(t, fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.integer({ min: 0, max: 3 }), (value, indent) => {
    const text = JSON.stringify(value, null, indent)
    const members = JsonMembers.parse(text)
    return members !== null && JSON.stringify(JSON.parse(members.toString())) === JSON.stringify(JSON.parse(text))
  }))
})
