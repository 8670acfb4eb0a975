import fc from 'fast-check'
import t from 'tap'
import { parseJsonObject } from '../../../src/auth/jwt/json.ts'
import { holds } from '../../helpers/holds.ts'

function parse (text: string | Buffer): unknown {
  return parseJsonObject(Buffer.from(text as string))
}

t.test('any object of JSON is read as JSON.parse reads it', async t => {
  holds(t, fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5 })), value => {
    const text = JSON.stringify(value)
    return JSON.stringify(parse(text)) === text
  }), { numRuns: 2_000 })
  t.same(parse('{"__proto__":{"a":1},"constructor":2}'), JSON.parse('{"__proto__":{"a":1},"constructor":2}'))
  t.same(parse(' { "a:b" : "c:\\"d:" , "e":[{"f":":"}, "\\\\"] } '), { 'a:b': 'c:"d:', e: [{ f: ':' }, '\\'] })
})

t.test('a member that is there twice is refused, wherever it is', async t => {
  for (const text of [
    '{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":2}}', '{"a":[{"b":1},{"c":1,"c":1}]}', '{"__proto__":1,"__proto__":2}',
    '{"":1,"":1}', '{"a:":1,"a:":2}', '{"a":{"b":1},"a":{"b":1}}'
  ]) t.equal(parse(text), null, text)
})

t.test('what is no object, no JSON or no UTF-8 is refused', async t => {
  for (const text of ['', 'null', '[]', '[{}]', '"a"', '1', '{', '{"a":1}x', '{a:1}', '\ufeff{}', '{"a":1,}', "{'a':1}", '{"a":NaN}']) {
    t.equal(parse(text), null, JSON.stringify(text))
  }
  t.equal(parse(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), null, 'a byte that is no UTF-8')
  t.equal(parse(Buffer.from([0x7b, 0x22, 0xc0, 0xa2, 0x22, 0x3a, 0x31, 0x7d])), null, 'an overlong form')
})

t.test('depth is bounded', async t => {
  const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
  t.ok(parse(nested(32)))
  t.equal(parse(nested(33)), null)
  t.equal(parse(`{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`), null)
})
