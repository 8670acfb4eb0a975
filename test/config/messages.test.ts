import t from 'tap'
import { definePlugin, Type } from '../../src/plugin.ts'
import type { TObject } from '../../src/plugin.ts'
import { fixture, loadText, placeOf, unmark } from '../helpers/marked-yaml.ts'

/** What the schemas of plugins may say beyond those of the file. */
const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    port: { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 },
    most: { type: 'number', maximum: 5 },
    even: { type: 'integer', multipleOf: 2 },
    short: { type: 'string', maxLength: 3 },
    few: { type: 'array', items: { type: 'string' }, maxItems: 1 },
    unique: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    some: { type: 'array', items: { type: 'string' }, contains: { type: 'string', const: 'a' } },
    mail: { type: 'string', format: 'email', description: 'Write an address.' },
    not: { type: 'string', not: { const: 'x' }, description: 'Anything but x.' },
    one: { type: 'string', const: 'fixed' },
    names: { type: 'object', propertyNames: { pattern: '^x-' }, additionalProperties: { type: 'string' } },
    filled: { type: 'object', minProperties: 1, maxProperties: 1, additionalProperties: { type: 'integer' } },
    need: { type: 'object', additionalProperties: false, properties: { a: { type: 'string' }, b: { type: 'string' } }, dependencies: { a: ['b'] } },
    or: { type: 'object', additionalProperties: false, properties: { a: { type: 'string' }, b: { type: 'string' } }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    xor: { type: 'object', additionalProperties: false, properties: { a: { type: 'string' }, b: { type: 'string' } }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    overlap: { oneOf: [{ type: 'integer' }, { type: 'integer', minimum: 5 }] },
    kinds: {
      anyOf: [
        { type: 'object', additionalProperties: false, required: ['type', 'url'], properties: { type: { const: 'web' }, url: { type: 'string', minLength: 1 } } },
        { type: 'object', additionalProperties: false, required: ['type', 'file'], properties: { type: { const: 'disk' }, file: { type: 'string' } } }
      ]
    },
    text: { anyOf: [{ type: 'string', minLength: 2 }, { type: 'array', items: { type: 'string' } }] },
    conditional: { type: 'object', additionalProperties: false, properties: { on: { type: 'boolean' }, key: { type: 'string' } }, if: { properties: { on: { const: true } }, required: ['on'] }, then: { required: ['key'] } },
    nothing: { type: 'null' }
  }
}

const odd = definePlugin({ ...fixture, name: 'odd', schema: Type.Unsafe(schema) as unknown as TObject, check: () => [] })

const cases: ReadonlyArray<readonly [yaml: string, rule: string, cause: string]> = [
  ['port: «0»', 'out-of-range', 'value must be greater than 0'],
  ['port: «10»', 'out-of-range', 'value must be less than 10'],
  ['most: «6»', 'out-of-range', 'value must be at most 5'],
  ['most: «"x"»', 'wrong-type', 'expected a number'],
  ['even: «3»', 'out-of-range', 'value must be a multiple of 2'],
  ['short: «abcd»', 'too-long', 'length must be at most 3'],
  ['few: «[a, b]»', 'too-long', 'length must be at most 1'],
  ['unique: «[a, b, a]»', 'not-unique', 'the items 0 and 2 of this list are equal'],
  ['some: «[b]»', 'bad-format', 'an item that must be in this list is missing'],
  ['mail: «x»', 'bad-format', 'expected a valid email'],
  ['not: «x»', 'bad-format', 'this value is not allowed here'],
  ['one: «fixd»', 'not-one-of', 'expected one of: fixed'],
  ['names: {«y»: a}', 'bad-format', 'value does not match the pattern ^x-'],
  ['filled: «{}»', 'too-short', 'length must be at least 1'],
  ['filled: «{a: 1, b: 2}»', 'too-long', 'length must be at most 1'],
  ['need: {«a»: x}', 'required', 'required field missing: \'b\', which \'a\' needs'],
  ['or: «{}»', 'required', 'at least one of these fields must be non-empty: \'a\', \'b\''],
  ['xor: «{}»', 'required', 'exactly one of these fields must be non-empty: \'a\', \'b\''],
  ['xor: «{a: x, b: y}»', 'required', 'exactly one of these fields must be non-empty: \'a\', \'b\''],
  ['overlap: «7»', 'bad-format', 'this value fits more than one of the allowed forms'],
  ['kinds: {type: web, url: «""»}', 'too-short', 'length must be at least 1'],
  ['kinds: {type: disk, «fil»: x}', 'unknown-key', 'unknown field \'fil\''],
  ['kinds: «5»', 'wrong-type', 'expected a record'],
  ['text: «x»', 'too-short', 'length must be at least 2'],
  ['text: [«1»]', 'wrong-type', 'expected a string'],
  ['text: «{}»', 'wrong-type', 'expected a string or an array'],
  ['conditional: «{on: true}»', 'required', 'required field missing: \'key\''],
  ['nothing: «x»', 'wrong-type', 'expected null']
]

t.test('schemas of plugins are explained in the same words', async t => {
  for (const [yaml, rule, cause] of cases) {
    const { text, place } = unmark(`_format_version: "3.0"\nplugins: [{name: odd, config: {${yaml}}}]\n`)
    const { diagnostics } = await loadText(text, { plugins: [odd] })
    t.ok(diagnostics.some(item => item.rule === rule && item.cause === cause && placeOf(item) === place), `${yaml}: ${diagnostics.map(item => `${placeOf(item)} ${item.rule} ${item.cause}`).join(' | ')}`)
    t.ok(diagnostics.length <= 2, yaml)
  }
})

t.test('where an object is wanted, its keys are told', async t => {
  const mends = async (text: string): Promise<Array<string | undefined>> => (await loadText(`_format_version: "3.0"\n${text}\n`)).diagnostics.filter(({ rule }) => rule === 'wrong-type').map(({ mend }) => mend)
  t.same(await mends('gateway: { listen: "127.0.0.1:8000" }'), ['Write a list of maps: [{ port: …, host: …, path_policy: … }].'])
  t.same(await mends('gateway: { log: debug }'), ['Write a map: { level: …, access: …, redact: … }.'])
  t.same(await mends('consumers: [ann]'), ['Write a map: { username: …, custom_id: …, groups: … }.'])
  t.same(await mends('routes: [{ name: r, paths: /a }]'), ['Write a list: [/a].'])
})
