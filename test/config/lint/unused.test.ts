import t from 'tap'
import { lint } from '../../../src/config/lint/index.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { findings, findingsOf } from './findings.ts'

t.test('a service that no route leads to', async t => {
  t.match(await findings('services: [{ name: a, host: a.internal }]'), [{
    rule: 'service-without-route', path: 'services[a].name', cause: "no route leads to service 'a': it never gets a request"
  }])
  t.same(await findings('services: [{ name: a, host: a.internal, enabled: false }]'), [], 'but not one that is switched off')
})

t.test('a service without a name is called by its place', async t => {
  t.match(await findings('services: [{ host: a.internal }]'), [{ path: 'services[0]', cause: /no route leads to the service services\[0\]/ }])
})

t.test('a consumer that nothing speaks of', async t => {
  t.match(await findings('consumers: [{ custom_id: "7" }]'), [{ rule: 'unused-consumer', path: 'consumers[7].custom_id', cause: "nothing in the file uses '7'" }])
  t.same(await findings('consumers: [{ username: bob, plugins: [{ name: request-termination }] }]'), [])
})

t.test('an entry of a service whose routes all have their own', async t => {
  const file = (second: string): string => `services:
  - name: s
    host: s.internal
    plugins: [{ name: request-termination, instance_name: wide }]
    routes:
      - { name: a, paths: [/a], plugins: [{ name: request-termination }] }
      - { name: b, paths: [/b], plugins: [${second}] }
`
  t.match(await findingsOf('idle-plugin', file('{ name: request-termination }')), [{
    path: 'services[s].plugins[request-termination].name',
    cause: 'this entry never runs: every route of its service has an entry of its own for this plugin, which wins',
    related: [{ range: { line: 7 } }]
  }])
  t.same(await findingsOf('idle-plugin', file('{ name: correlation-id }')), [], 'one route is left')
  t.same(await findingsOf('idle-plugin', file('{ name: request-termination, enabled: false }')), [], 'a disabled entry leaves its route')
})

t.test('an entry whose route belongs to another service', async t => {
  t.match(await findingsOf('idle-plugin', `services:
  - { name: s, host: s.internal, routes: [{ name: a, paths: [/a] }] }
  - { name: z, host: z.internal, routes: [{ name: b, paths: [/b] }] }
plugins: [{ name: correlation-id, service: s, route: b }]
`), [{ path: 'plugins[correlation-id].name', cause: "this entry never runs: route 'b' belongs to another service" }])
})

t.test('a module of which nothing is used', async t => {
  const result = await loadConfig({ file: 'gateway.yaml', text: '_format_version: "3.0"', env: {} })
  const plugins = { ...result.plugins, modules: [['geo'], ['other', 'correlation-id']] }
  const config = { ...result.config as NonNullable<typeof result.config>, plugins: [] }
  t.match(lint({ ...result, config, plugins }).map(({ rule, cause }) => [rule, cause]), [
    ['unused-module', 'no entry of the file uses a plugin of this module (geo)'],
    ['unused-module', 'no entry of the file uses a plugin of this module (other, correlation-id)']
  ])
})
