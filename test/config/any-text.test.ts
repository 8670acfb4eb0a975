/* eslint-disable no-template-curly-in-string -- that is how decK's references look */
import fc from 'fast-check'
import { dump } from 'js-yaml'
import t from 'tap'
import { hasErrors } from '../../src/config/diagnostics.ts'
import { keptCases, runsOf, seed } from '../helpers/fuzz.ts'
import { holds } from '../helpers/holds.ts'
import { loadText } from '../helpers/marked-yaml.ts'

const VALID = `_format_version: "3.0"
_info: {select_tags: [a], defaults: {service: {retries: 2}, route: {strip_path: false}}}
_plugin_configs: {base: {text: shared}}
gateway:
  listen: [{host: 0.0.0.0, port: 8000}]
  admin: {port: 8001}
  trusted_ips: [10.0.0.0/8]
services:
- &s
  name: users
  url: http://users.internal:8080/v1
  tags: [a, b]
  routes:
  - name: list
    paths: ['/users', '~/x/(?<id>\\d+)$']
    hosts: ['*.a.b', x:80]
    headers: {x-a: ['~*v[12]']}
    plugins:
    - {name: fixture, config: {text: a, list: [b], nested: {deep: x}}}
- name: two
  host: '{vault://env/HOST}'
  port: $\u007b{ env "DECK_PORT" | toInt }}
routes:
- {paths: [/], service: two}
consumers: [{username: bob, plugins: [{name: fixture, _config: base}]}]
`

const BITS = ['null', '~', '5', '-1', '""', '[]', '{}', '*s', '&s ', '<<: *s', ': ', '- ', '\n', '\n  ', '\t', '"', '\'', '[', '}', ',', '#', '|', '!!str ', '!x ',
  '$\u007b{ env "DECK_X" }}', '{vault://env/X}', '\u0000', '\ud800', 'é', '__proto__', 'constructor', '---\n', '? ', '@', '1e999', '.nan', '9007199254740993']

/** Puts bits in, takes bits out. */
const damaged = fc.array(fc.record({ at: fc.nat(VALID.length), cut: fc.nat(8), bit: fc.constantFrom('', ...BITS) }), { minLength: 1, maxLength: 4 })
  .map(edits => edits.reduce((text, { at, cut, bit }) => text.slice(0, at) + bit + text.slice(at + cut), VALID))

t.test('whatever a file holds, it loads or is told what is wrong, inside its text', async t => {
  t.equal(hasErrors((await loadText(VALID, { env: { HOST: 'h.internal', DECK_PORT: '80' } })).diagnostics), false)
  await holds(t, fc.asyncProperty(damaged, async text => {
    const { config, diagnostics } = await loadText(text, { env: { HOST: 'h.internal', DECK_PORT: '80' } })
    const lines = text.split('\n').length
    const places = diagnostics.flatMap(({ range, related = [] }) => [range, ...related.map(place => place.range)])
    return (config === null) === hasErrors(diagnostics) &&
      places.every(({ line, column, endLine, endColumn }) => line >= 1 && column >= 1 && endLine <= lines && (endLine > line || (endLine === line && endColumn >= column))) &&
      diagnostics.every(({ cause, mend, path }) => cause !== '' && mend !== '' && !/undefined|\[object/.test(cause + mend + path))
  }), { numRuns: 300 })
})

const KEYS = ['services', 'routes', 'plugins', 'consumers', 'upstreams', 'targets', 'gateway', 'listen', 'path_policy', 'name', 'host', 'url', 'paths', 'headers', 'config', 'tags', 'id', 'port', 'service', 'route', '_info', 'defaults', '_plugin_configs', '_config', '__proto__', 'constructor', 'prototype', 'toString', '', 'ä']
const scalar = fc.oneof(fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', '/', '~/(', '~/(a+)+$', 'users', 'fixture', '__proto__', '{vault://env/HOST}', '$\u007b{ env "DECK_X" }}', '*', 'http://h', '10.0.0.0/8', 'reject'), fc.string({ unit: 'binary', maxLength: 8 }))
const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, scalar, fc.array(tie('value'), { maxLength: 4 }), fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 6 }).map(entries => Object.defineProperties({}, Object.fromEntries(entries.map(([key, inner]) => [key, { value: inner, enumerable: true }])))))
}))
const documents = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom(...KEYS.slice(0, 7)), value), { maxLength: 5 }).map(entries => `_format_version: "3.0"\n${dump(Object.fromEntries(entries), { skipInvalid: true })}`),
  fc.array(fc.constantFrom(...BITS, ...KEYS.map(key => `${key}: `)), { maxLength: 30 }).map(parts => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 })
)

t.test(`any YAML and any text is answered with a configuration or with findings, and nothing is thrown (seed ${seed})`, async t => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort()
  for (const text of [...keptCases('yaml'), ...fc.sample(documents, { seed, numRuns: runsOf(200) })]) {
    const { config, diagnostics } = await loadText(text, { env: { HOST: 'h.internal' } }).catch(error => {
      t.fail('thrown', { text, error })
      return { config: null, diagnostics: [] }
    })
    t.equal(config === null, hasErrors(diagnostics), JSON.stringify(text))
    for (const { cause, mend } of diagnostics) if (cause === '' || mend === '' || /undefined|\[object/.test(cause + mend)) t.fail('a finding that says nothing', { text, cause, mend })
  }
  t.same(Object.getOwnPropertyNames(Object.prototype).sort(), before)
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})
