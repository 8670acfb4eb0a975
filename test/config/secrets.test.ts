/* eslint-disable no-template-curly-in-string -- that is how decK's references look */
import t from 'tap'
import { definePlugin } from '../../src/plugin.ts'
import { fixture, loadText } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'
const CANARY = 'canary-7f3a//{x%'

const loud = definePlugin({
  ...fixture,
  name: 'loud',
  * check (config) {
    yield { path: '', message: `the options ${JSON.stringify(config)} are wrong`, mend: `don't write ${String(config.text)}` }
  }
})

/** Every field whose message quotes what stands there. */
const fields = [
  'services: [{name: @, host: x}]',
  'services: [{host: @}]',
  'services: [{host: x, path: @}]',
  'services: [{host: x, id: @}]',
  'services: [{host: x, port: @}]',
  'services: [{host: x, protocol: @}]',
  'services: [{host: x, tags: [@]}]',
  'services: [{host: x, tags: @}]',
  'services: [{url: @}]',
  'routes: [{paths: [@]}]',
  'routes: [{methods: [@]}]',
  'routes: [{hosts: [@]}]',
  'routes: [{headers: {a: [@]}, service: @}]',
  'routes: [{paths: [/], service: {name: @}}]',
  'consumers: [{username: @}, {username: @}]',
  'plugins: [{name: @}]',
  'plugins: [{name: fixture, config: {mode: @, either: @, nested: {deep: @}, list: @}}]',
  'plugins: [{name: loud, config: {text: @}}]',
  'plugins: [{name: fixture, _config: @}]',
  'gateway: {trusted_ips: [@], listen: [{port: 1, host: @}], workers: @}'
]

t.test('a value from the environment is in no message', async t => {
  for (const field of fields) {
    for (const reference of ['\'{vault://env/CANARY}\'', '\'${{ env "DECK_CANARY" }}\'']) {
      const text = `${HEAD}${field.replaceAll('@', reference)}\n`
      const { diagnostics } = await loadText(text, { env: { CANARY, DECK_CANARY: CANARY }, plugins: [fixture, loud] })
      t.ok(diagnostics.length > 0, `something is wrong with ${text}`)
      t.notMatch(JSON.stringify(diagnostics), /canary/i, text)
    }
  }
})

t.test('values from references are known as secrets, with what is computed from them', async t => {
  const { source, config } = await loadText(`${HEAD}services:
- name: users
  url: http://\${{ env "DECK_NAME" }}.internal
- &two
  name: two
  host: '{vault://env/DECK_NAME}'
plugins:
- name: fixture
  config: {text: 'Bearer \${{ env "DECK_NAME" }}', list: [a, '{vault://env/DECK_NAME}']}
`, { env: { DECK_NAME: 'secret-name' } })
  t.equal(config?.services[0]?.host, 'secret-name.internal')
  const secret = ['/services/0/url', '/services/0/host', '/services/0/port', '/services/1/host', '/plugins/0/config/text', '/plugins/0/config/list/1', '/plugins/0/config/list/1/x']
  const open = ['', '/services/0', '/services/0/name', '/services/1/name', '/plugins/0/config', '/plugins/0/config/list', '/plugins/0/config/list/0', '/nowhere']
  for (const pointer of secret) t.ok(source.isSecret(pointer), pointer)
  for (const pointer of open) t.notOk(source.isSecret(pointer), pointer)
})

t.test('an entity whose name is a secret is called by its position', async t => {
  const { diagnostics } = await loadText(`${HEAD}services:\n- name: '{vault://env/NAME}'\n  host: x\n  prot: 1\n`, { env: { NAME: 'canary' } })
  t.equal(diagnostics[0]?.path, 'services[0].prot')
})
