import fc from 'fast-check'
import t from 'tap'
import { createJsonReader } from '../../src/validation/json-reader.ts'
import { type JsonLimits, JsonScanner } from '../../src/validation/json-scanner.ts'
import { holds } from '../helpers/holds.ts'

const NONE: JsonLimits = { depth: Infinity, members: Infinity, nameLength: Infinity, items: Infinity, textLength: Infinity, totalMembers: Infinity }

const scan = (text: string | Buffer, limits: Partial<JsonLimits> = {}): string | null => new JsonScanner({ ...NONE, ...limits }).scan(Buffer.from(text))

function parses (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Texts that are JSON, or nearly. */
const almostJson = fc.tuple(fc.json({ maxDepth: 4 }), fc.array(fc.tuple(fc.nat(), fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '\\u12', '\\ud800', '0', '-', '.', 'e', '+', ' ', '\t', '\n', '\u00a0', 'true', 'nul', '\u0001', 'é', '😀', '')), { maxLength: 3 }))
  .map(([text, edits]) => edits.reduce((edited, [at, piece]) => {
    const index = edited.length === 0 ? 0 : at % edited.length
    return edited.slice(0, index) + piece + edited.slice(index + (piece === '' ? 1 : 0))
  }, text))

t.test('exactly what JSON.parse takes is taken', async t => {
  holds(t, fc.property(almostJson, text => (scan(text) === null) === parses(text)), { numRuns: 200 })
  for (const text of ['', ' ', '{}', '[]', '[,]', '[1,]', '{"a":1,}', '{,}', '{"a"}', '{"a":}', '{a:1}', '01', '-', '-0', '1.', '.5', '1e', '1e+5', '1E-0', '--1', '"\\x"', '"\\u00G0"', '"\\u00e9"', '"\n"', '"', '"\\', '"\\u1', 'nul', 'nulll', 'true false', '1 1', '[1 2]', '{"a":1 "b":2}', '[}', '{]', '\ufeff1', '\u000b1', '[[]]]']) {
    t.equal(scan(text) === null, parses(text), JSON.stringify(text))
  }
})

t.test('random bytes do no harm', async () => {
  holds(t, fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
    const { fault } = createJsonReader(NONE, false)(Buffer.from(bytes))
    return fault === null || fault === 'syntax' || fault === 'encoding' || fault === 'duplicate'
  }), { numRuns: 200 })
})

t.test('each limit is the largest number that passes', async t => {
  const cases: Array<[keyof JsonLimits, number, string, string]> = [
    ['depth', 2, '{"a":{"b":1}}', '{"a":{"b":[]}}'],
    ['depth', 0, '1', '[]'],
    ['members', 2, '{"a":{"x":1,"y":2},"b":2}', '{"a":1,"b":2,"c":3}'],
    ['members', 0, '{}', '{"a":1}'],
    ['totalMembers', 3, '{"a":{"x":1,"y":2}}', '[{"a":1,"b":2},{"c":3,"d":4}]'],
    ['items', 2, '[[1,2],[3]]', '[1,2,3]'],
    ['items', 0, '[]', '[1]'],
    ['nameLength', 2, '{"éé":1,"\\ud83d\\ude00a":1}', '{"ééé":1}'],
    ['textLength', 2, '{"long name":"\\n\\u00e9"}', '["😀😀x"]']
  ]
  for (const [limit, most, good, bad] of cases) {
    t.equal(scan(good, { [limit]: most }), null, `${limit}: ${good}`)
    t.equal(scan(bad, { [limit]: most }), limit, `${limit}: ${bad}`)
  }
})

t.test('halves of surrogate pairs are counted, each', async t => {
  t.equal(scan('"\\ud83d\\ude00"', { textLength: 1 }), null)
  t.equal(scan('"\\ude00\\ude00"', { textLength: 1 }), 'textLength')
  t.equal(scan('"\\ud83dx\\ude00"', { textLength: 2 }), 'textLength')
})

t.test('depth costs no stack, and a scanner can be used again', async t => {
  const scanner = new JsonScanner(NONE)
  t.equal(scanner.scan(Buffer.from('['.repeat(1_000_000) + ']'.repeat(1_000_000))), null)
  t.equal(scanner.scan(Buffer.from('{"a":[1,{"b":null}]}')), null)
  t.same([scanner.members, scanner.values], [2, 5])
})

t.test('a name that stands twice in one object is found, however it is written', async t => {
  const read = createJsonReader(NONE, false)
  for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"x":{"b":1,"b":{}}}]', '{"__proto__":1,"__proto__":2}', '{"1":1,"1":2}']) t.equal(read(Buffer.from(text)).fault, 'duplicate', text)
  for (const text of ['{"a":{"a":1},"b":[{"a":1},{"a":1}]}', '{"__proto__":{"a":1},"a":1}', '{"toString":1}']) t.equal(read(Buffer.from(text)).fault, null, text)
  t.same(createJsonReader(NONE, true)(Buffer.from('{"a":1,"a":2}')), { fault: null, value: { a: 2 }, values: 3 })
})

t.test('bytes that are not UTF-8 are no JSON', async t => {
  t.equal(createJsonReader(NONE, false)(Buffer.from([0x22, 0xff, 0x22])).fault, 'encoding')
})
