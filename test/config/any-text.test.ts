/* eslint-disable no-template-curly-in-string -- that is how decK's references look */
import fc from 'fast-check'
import t from 'tap'
import { hasErrors } from '../../src/config/diagnostics.ts'
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
  await fc.assert(fc.asyncProperty(damaged, async text => {
    const { config, diagnostics } = await loadText(text, { env: { HOST: 'h.internal', DECK_PORT: '80' } })
    const lines = text.split('\n').length
    const places = diagnostics.flatMap(({ range, related = [] }) => [range, ...related.map(place => place.range)])
    return (config === null) === hasErrors(diagnostics) &&
      places.every(({ line, column, endLine, endColumn }) => line >= 1 && column >= 1 && endLine <= lines && (endLine > line || (endLine === line && endColumn >= column))) &&
      diagnostics.every(({ cause, mend, path }) => cause !== '' && mend !== '' && !/undefined|\[object/.test(cause + mend + path))
  }), { numRuns: 300 })
  t.pass('300 damaged files')
})
