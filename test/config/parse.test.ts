import t from 'tap'
import { loaderRules } from '../../src/config/loader-rules.ts'
import { parseYaml } from '../../src/config/yaml/parse.ts'
import { Source } from '../../src/config/source.ts'
import { loadText, placeOf, unmark } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'

function sourceOf (text: string): Source {
  return new Source('gateway.yaml', text, parseYaml(text).root)
}

t.test('values are those of YAML 1.2\'s core schema', async t => {
  const values: ReadonlyArray<readonly [string, unknown]> = [
    ['text', 'text'], ['"3"', '3'], ['\'it\'\'s\'', 'it\'s'], ['"a\\tb"', 'a\tb'], ['12', 12], ['-3', -3], ['+3', 3], ['0x1F', 31], ['0o17', 15],
    ['017', 17], ['1.5', 1.5], ['.5', 0.5], ['1e3', 1000], ['1.2.3', '1.2.3'], ['true', true], ['True', true], ['FALSE', false], ['yes', 'yes'],
    ['on', 'on'], ['', null], ['~', null], ['null', null], ['NULL', null], ['nothing', 'nothing'], ['truth', 'truth'], ['2001-01-01', '2001-01-01'],
    ['!!str 12', '12'], ['! 12', '12'], ['!!int "12"', 12], ['!!float "1.5"', 1.5], ['!!bool "true"', true], ['!!null ""', null],
    ['[a, 1]', ['a', 1]], ['{a: 1, b: {c: d}}', { a: 1, b: { c: 'd' } }], ['!!seq [a]', ['a']], ['!!map {a: 1}', { a: 1 }],
    ['|\n  a\n  b\n', 'a\nb\n'], ['>-\n  a\n  b\n', 'a b'], ['a\n  b', 'a b'], ['{200: a, true: b, null: c}', { 200: 'a', true: 'b', null: 'c' }]
  ]
  for (const [text, value] of values) t.strictSame(sourceOf(`k: ${text}`).value, { k: value }, JSON.stringify(text))
})

t.test('every value and key is located, in whatever style it is written', async t => {
  const places: ReadonlyArray<readonly [string, string, 'key' | 'value']> = [
    ['a:\n  b: «text»\n', '/a/b', 'value'],
    ['a:\n  «b»: text\n', '/a/b', 'key'],
    ['a: {b: [x, «"y z"»]}\n', '/a/b/1', 'value'],
    ['a: {«"b"»: 1}\n', '/a/b', 'key'],
    ['a: «{b: 1, # note }\n  c: 2,\n }»\nd: 1\n', '/a', 'value'],
    ['a: «[1, 2]»\n', '/a', 'value'],
    ['a: «[]»\n', '/a', 'value'],
    ['a:\n- x\n- «k: v\n  l: w»\n- y\n', '/a/1', 'value'],
    ['a: |\n  «one\n  two»\n\nb: 1\n', '/a', 'value'],
    ['«a»:\nb: 1\n', '/a', 'value'],
    ['a:\n- x\n-«» # nothing\n', '/a/1', 'value'],
    ['? a\n: «b»\n', '/a', 'value'],
    ['a: «one\n  two»\n', '/a', 'value'],
    ['x/y: {~z: «1»}\n', '/x~1y/~0z', 'value'],
    ['ü: {b: «😀»}\n', '/ü/b', 'value'],
    ['a: 1\r\nb: «2»\r\n', '/b', 'value']
  ]
  for (const [marked, pointer, part] of places) {
    const { text, place } = unmark(marked)
    t.equal(placeOf({ range: sourceOf(text).locate(pointer, part) }), place, JSON.stringify(text))
  }
})

t.test('what isn\'t in the file is located at the nearest thing around it', async t => {
  const source = sourceOf('a:\n  b: 1\n')
  t.equal(placeOf({ range: source.locate('/a/c/d') }), '2:3-2:7')
  t.equal(placeOf({ range: source.locate('/a/b/0') }), '2:6-2:7')
  t.equal(placeOf({ range: source.locate('/a/c', 'key') }), '2:3-2:7')
  t.notOk(source.has('/a/c'))
  t.ok(source.has('/a/b'))
  t.notOk(sourceOf('[a]').has('/x'))
  t.equal(placeOf({ range: sourceOf('').locate('/a') }), '1:1-1:1')
  t.notOk(sourceOf('').has(''))
})

t.test('aliases and merge keys point to where the text stands, and tell where they were used', async t => {
  const source = sourceOf(`base: &base
  retries: 1
  tags: [x]
more: &more {retries: 2, port: 3}
one:
  <<: *base
  name: one
two:
  <<: [*base, *more]
  retries: 9
three: *base
list: [*more]
`)
  t.strictSame(source.value, {
    base: { retries: 1, tags: ['x'] },
    more: { retries: 2, port: 3 },
    one: { name: 'one', retries: 1, tags: ['x'] },
    two: { retries: 9, tags: ['x'], port: 3 },
    three: { retries: 1, tags: ['x'] },
    list: [{ retries: 2, port: 3 }]
  })
  const expected: ReadonlyArray<readonly [string, string, ReadonlyArray<readonly [number, string]>]> = [
    ['/one/retries', '2:12-2:13', [[6, 'merged in here']]],
    ['/one/tags/0', '3:10-3:11', [[6, 'merged in here']]],
    ['/one/name', '7:9-7:12', []],
    ['/two/retries', '10:12-10:13', []],
    ['/two/port', '4:32-4:33', [[9, 'merged in here']]],
    ['/three/retries', '2:12-2:13', [[11, 'used here as \'*base\'']]],
    ['/list/0/port', '4:32-4:33', [[12, 'used here as \'*more\'']]]
  ]
  for (const [pointer, place, via] of expected) {
    t.equal(placeOf({ range: source.locate(pointer) }), place, pointer)
    t.strictSame(source.via(pointer).map(({ range, message }) => [range.line, message]), via, pointer)
  }
})

t.test('what aliases share is copied: nobody writes into two places at once', async t => {
  const value = sourceOf('a: &x {b: [1]}\nc: *x\n').value as { a: { b: number[] }, c: { b: number[] } }
  t.not(value.a, value.c)
  t.not(value.a.b, value.c.b)
})

t.test('objects are called as their author calls them', async t => {
  const source = sourceOf('services:\n- name: orders\n  routes:\n  - paths: [/a, /b]\n  - name: 7\nconsumers: [{username: bob}, {custom_id: x}]\n')
  t.equal(source.describe('/services/0/routes/0/paths/1'), 'services[orders].routes[0].paths[1]')
  t.equal(source.describe('/services/0/routes/1/x'), 'services[orders].routes[1].x')
  t.equal(source.describe('/consumers/0'), 'consumers[bob]')
  t.equal(source.describe('/consumers/1'), 'consumers[x]')
  t.equal(source.describe('/consumers/2/a'), 'consumers[2].a')
  t.equal(source.describe(''), '')
})

interface Refused {
  readonly yaml: string
  readonly rule: string
  readonly cause: string
  readonly mend?: RegExp
}

const refused: readonly Refused[] = [
  { yaml: `${HEAD}services:\n«\t»- name: x\n`, rule: 'yaml-syntax', cause: 'a tab indents this line', mend: /spaces/ },
  { yaml: `${HEAD}a: "«x»`, rule: 'yaml-syntax', cause: 'a quote is never closed' },
  { yaml: `${HEAD}a: "x\n«b»: 1\n`, rule: 'yaml-syntax', cause: 'a quote, bracket or brace is still open where this line starts' },
  { yaml: `${HEAD}a: [1, «2»`, rule: 'yaml-syntax', cause: 'a bracket or brace is never closed' },
  { yaml: `${HEAD}a: ["1" «"»2"]\n`, rule: 'yaml-syntax', cause: 'a comma is missing between two entries in brackets' },
  { yaml: `${HEAD}a:\n  «config»\n    b: 1\n`, rule: 'yaml-syntax', cause: 'a `:` is missing at the end of this line', mend: /^Write `config:`\.$/ },
  { yaml: `${HEAD}a: b«:» c\n`, rule: 'yaml-syntax', cause: 'this fits no map above it', mend: /needs quotes/ },
  { yaml: `${HEAD}a: «@»x\n`, rule: 'yaml-syntax', cause: 'this fits no map above it', mend: /starts with `@`/ },
  { yaml: `${HEAD}a: "\\«q»"\n`, rule: 'yaml-syntax', cause: 'this is no escape sequence of a double-quoted text', mend: /single quotes/ },
  { yaml: `${HEAD}a:\n  - b: 1\n«    »- c\n`.replace('«    »-', '    «-»'), rule: 'yaml-syntax', cause: 'this line fits no list above it' },
  { yaml: `${HEAD}a: "\${{ env "«D»ECK_X" }}"\n`, rule: 'yaml-syntax', cause: 'this fits no map above it', mend: /'\$\{\{ env "DECK_NAME" \}\}'/ },
  { yaml: `${HEAD}_ignore:\n- «*.b»\n`, rule: 'unknown-alias', cause: 'no anchor \'&.b\' stands before this alias', mend: /quotes/ },
  { yaml: `${HEAD}_ignore: [«*bass»]\n`, rule: 'unknown-alias', cause: 'no anchor \'&bass\' stands before this alias' },
  { yaml: `_ignore: [&base 1, «*bass»]\n${HEAD}`, rule: 'unknown-alias', cause: 'no anchor \'&bass\' stands before this alias', mend: /did you mean 'base'/ },
  { yaml: `_ignore: &x [«*x»]\n${HEAD}`, rule: 'unknown-alias', cause: 'the alias \'*x\' stands inside the value that it names' },
  { yaml: `${HEAD}_ignore: [«!foo» 1]\n`, rule: 'unknown-tag', cause: 'the tag \'!foo\' is not accepted here' },
  { yaml: `${HEAD}_ignore: [«!!int» x]\n`, rule: 'unknown-tag', cause: 'the tag \'!!int\' is not accepted here' },
  { yaml: `${HEAD}_ignore: [«!!set» {a: b}]\n`, rule: 'unknown-tag', cause: 'the tag \'!!set\' is not accepted here' },
  { yaml: `${HEAD}_comment: a\n«_comment»: b\n`, rule: 'duplicate-key', cause: 'the key \'_comment\' stands here for the second time' },
  { yaml: `${HEAD}_ignore: [{a: 1, «"a"»: 2}]\n`, rule: 'duplicate-key', cause: 'the key \'a\' stands here for the second time' },
  { yaml: `${HEAD}_ignore: [&a {x: 1}, {<<: *a, «<<»: *a}]\n`, rule: 'duplicate-key', cause: 'the key \'<<\' stands here for the second time', mend: /`<<: \[\*first, \*second\]`/ },
  { yaml: `${HEAD}_ignore: [«.inf»]\n`, rule: 'out-of-range', cause: 'this is no finite number' },
  { yaml: `${HEAD}_ignore: [{«<<»: 1}]\n`, rule: 'bad-merge', cause: '`<<` takes a map, or a list of maps' },
  { yaml: `${HEAD}_ignore: [{«<<»: [{a: 1}, 2]}]\n`, rule: 'bad-merge', cause: '`<<` takes a map, or a list of maps' },
  { yaml: `${HEAD}_ignore: [{? «[a]» : b}]\n`, rule: 'bad-key', cause: 'a key must be plain text' },
  { yaml: `${HEAD}_ignore: [{«__proto__»: {x: 1}}]\n`, rule: 'bad-key', cause: 'the key \'__proto__\' is not accepted' },
  { yaml: `${HEAD}«---»\n${HEAD}`, rule: 'one-document', cause: 'the file holds more than one YAML document' }
]

t.test('what is no YAML, or no YAML for a configuration, is named with its place', async t => {
  for (const { yaml, rule, cause, mend } of refused) {
    const { text, place } = unmark(yaml)
    const { diagnostics: [first] } = await loadText(text)
    t.match(first, { rule, cause }, JSON.stringify(text))
    if (first === undefined) continue
    if (place !== undefined) t.equal(placeOf(first), place, JSON.stringify(text))
    t.ok(Object.hasOwn(loaderRules, first.rule), first.rule)
    if (mend !== undefined) t.match(first.mend, mend)
  }
})

t.test('the first place of a duplicate key is named too', async t => {
  const { diagnostics } = await loadText(`${HEAD}_comment: a\n_comment: b\n`)
  t.strictSame(diagnostics[0]?.related?.map(({ range, message }) => [range.line, message]), [[2, 'the first time']])
})

t.test('one mistake in an anchor is one diagnostic, however often it is used', async t => {
  const { diagnostics } = await loadText(`${HEAD}_ignore: [&s {host: x, prot: 1}]
services:
- {<<: *s, name: a}
- {<<: *s, name: b}
`)
  t.equal(diagnostics.length, 1)
  t.equal(placeOf(diagnostics[0] as never), '2:24-2:28')
  t.strictSame(diagnostics[0]?.related?.map(({ range, message }) => [range.line, message]), [[4, 'merged in here']])
})

t.test('an empty file, and one that is no map, is no configuration', async t => {
  for (const text of ['', '# nothing\n', 'text', '3', '[a]']) {
    const { diagnostics, config } = await loadText(text)
    t.match(diagnostics, [{ rule: 'wrong-type', cause: 'expected an object' }])
    t.equal(diagnostics.length, 1)
    t.equal(config, null)
  }
})

t.test('aliases that multiply, or chain without end, are refused before they are expanded', async t => {
  const bomb = ['_ignore:', '- &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level++) bomb.push(`- &a${level} [${Array(10).fill(`*a${level - 1}`).join(', ')}]`)
  const chain = ['_ignore:', '- &a0 [x]']
  for (let level = 1; level < 500; level++) chain.push(`- &a${level} [*a${level - 1}]`)
  for (const lines of [bomb, chain]) {
    const started = process.cpuUsage()
    const { diagnostics } = await loadText(HEAD + lines.join('\n'))
    t.match(diagnostics, [{ rule: 'alias-limit' }])
    t.ok(process.cpuUsage(started).user < 2_000_000)
  }
})

t.test('merge keys that copy without end are refused', async t => {
  const keys = Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join(', ')
  const { diagnostics } = await loadText(`${HEAD}_ignore:\n- &a {${keys}}\n${'- {<<: *a}\n'.repeat(600)}`)
  t.ok(diagnostics.some(({ cause }) => cause === 'merge keys copy more than 1000000 entries'))
  t.ok(diagnostics.length <= 2)
})
