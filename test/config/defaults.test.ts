import t from 'tap'
import { loadText, placeOf } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'

t.test('decK\'s defaults go into every service and route that doesn\'t set the field', async t => {
  const { config, diagnostics, source } = await loadText(`${HEAD}_info:
  select_tags: [team, all]
  defaults:
    service: {retries: 2, read_timeout: 100, protocol: null}
    route: {strip_path: false, protocols: [http]}
services:
- name: one
  host: x
  tags: [own, all]
  read_timeout: 70
  routes:
  - {name: nested, paths: [/]}
- {name: two, host: y, retries: null, routes: [{name: other, paths: [/b], strip_path: true}]}
routes:
- {name: flat, paths: [/c]}
`)
  t.strictSame(diagnostics, [])
  t.match(config?.services, [
    { retries: 2, read_timeout: 70, protocol: 'http', tags: ['own', 'all', 'team'] },
    { retries: 2, read_timeout: 100, tags: ['team', 'all'] }
  ])
  t.match(config?.routes.map(({ name, strip_path: strip, protocols }) => [name, strip, protocols]), [
    ['nested', false, ['http']], ['other', true, ['http']], ['flat', false, ['http']]
  ])
  t.equal(placeOf({ range: source.locate('/services/0/retries') }), '5:24-5:25')
  t.strictSame(source.via('/services/0/retries').map(({ range, message }) => [range.line, message]), [[8, 'this takes it from _info.defaults']])
  t.strictSame(source.via('/services/0/read_timeout'), [])
})

t.test('a mistake in the defaults is reported once, where it stands', async t => {
  const { diagnostics } = await loadText(`${HEAD}_info: {defaults: {service: {retires: 1, retries: x}, route: {name: r}}}
services: [{host: x}, {host: y}]
`)
  t.strictSame(diagnostics.map(({ rule, path }) => [rule, path]), [
    ['unknown-key', '_info.defaults.service.retires'],
    ['wrong-type', '_info.defaults.service.retries'],
    ['unknown-key', '_info.defaults.route.name']
  ])
})

t.test('a file without services checks its defaults too', async t => {
  const { diagnostics } = await loadText(`${HEAD}_info: {defaults: {service: {port: 70000}, route: {client_certificate: x}}}\n`)
  t.strictSame(diagnostics.map(({ rule }) => rule), ['out-of-range', 'unknown-key'])
})

t.test('entries start from the block of _plugin_configs that they name', async t => {
  const { config, diagnostics, source } = await loadText(`${HEAD}_plugin_configs:
  base: {text: shared, count: 3, list: [x, y]}
services:
- name: one
  host: x
  routes: [{paths: [/]}]
  plugins:
  - {name: fixture, _config: base}
plugins:
- name: fixture
  _config: base
  config: {count: 9, list: null}
`)
  t.strictSame(diagnostics, [])
  t.match(config?.plugins.map(({ config }) => config), [
    { text: 'shared', count: 3, list: ['x', 'y'] },
    { text: 'shared', count: 9, list: ['x', 'y'] }
  ])
  t.equal(placeOf({ range: source.locate('/plugins/0/config/text') }), '3:16-3:22')
  t.equal(placeOf({ range: source.locate('/plugins/0/config/count') }), '13:19-13:20')
  t.match(source.via('/plugins/0/config/text'), [{ message: 'this takes it from _plugin_configs', range: { line: 12 } }])
})

t.test('entries that share a map by an anchor don\'t share what they take from blocks', async t => {
  const { config, diagnostics } = await loadText(`${HEAD}_plugin_configs: {a: {text: from-a}, b: {text: from-b}}
services: [{name: s, host: x, routes: [{paths: [/]}], plugins: [{name: fixture, _config: a, config: &c {count: 2}}]}]
plugins: [{name: fixture, _config: b, config: *c}]
`)
  t.strictSame(diagnostics, [])
  t.match(config?.plugins.map(({ config }) => [config['text'], config['count']]), [['from-a', 2], ['from-b', 2]])
})

t.test('a block that isn\'t there, or is no map, is an error', async t => {
  const missing = await loadText(`${HEAD}_plugin_configs: {base: {}}\nplugins: [{name: fixture, _config: bsae}]\n`)
  t.match(missing.diagnostics, [{ rule: 'unresolved-reference', cause: 'invalid reference \'_config: bsae\' (no such entry in \'_plugin_configs\')', mend: 'Did you mean \'base\'?' }])
  const none = await loadText(`${HEAD}plugins: [{name: fixture, _config: x}]\n`)
  t.match(none.diagnostics, [{ rule: 'unresolved-reference', mend: 'Add it there, or remove `_config`.' }])
  const text = await loadText(`${HEAD}_plugin_configs: {base: text}\nplugins: [{name: fixture, _config: base}]\n`)
  t.match(text.diagnostics, [{ rule: 'wrong-type', cause: 'expected a record', range: { line: 2 } }])
  const both = await loadText(`${HEAD}_plugin_configs: {base: {}}\nplugins: [{name: fixture, _config: base, config: 5}]\n`)
  t.match(both.diagnostics, [{ rule: 'wrong-type', range: { line: 3 } }])
})

t.test('what a block says wrong is located in the block', async t => {
  const { diagnostics } = await loadText(`${HEAD}_plugin_configs: {base: {count: many}}\nplugins: [{name: fixture, _config: base}]\n`)
  t.match(diagnostics, [{ rule: 'wrong-type', path: 'plugins[fixture].config.count', range: { line: 2, column: 33 }, related: [{ range: { line: 3 } }] }])
})
