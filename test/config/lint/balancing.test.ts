import t from 'tap'
import { findings, findingsOf } from './findings.ts'

const used = (service: string, upstream: string): string => `services: [{ name: s, ${service}, routes: [{ paths: [/] }] }]\nupstreams: [{ name: users, ${upstream} }]\n`

t.test('an upstream that is used and has targets is fine', async t => {
  t.same(await findings(used('host: users', 'targets: [{ target: 10.0.0.1 }]')), [])
  t.same(await findings(used('url: "http://users/v1"', 'targets: [{ target: 10.0.0.1 }, { target: 10.0.0.2, weight: 0 }]')), [])
})

t.test('an upstream without targets, or with drained ones only', async t => {
  t.match(await findings(used('host: users', 'targets: []')), [{ rule: 'upstream-without-target', path: 'upstreams[users].name', cause: /has no targets/ }])
  t.match(await findings(used('host: users', 'targets: [{ target: a, weight: 0 }]')), [{ rule: 'upstream-without-target', cause: /weight 0/ }])
})

t.test('a host that is nearly the name of an upstream, case included', async t => {
  t.match(await findings(used('host: user', 'targets: [{ target: 10.0.0.1 }]')), [
    { rule: 'near-upstream', path: 'services[s].host', mend: "Did you mean the upstream 'users'?" },
    { rule: 'unused-upstream', path: 'upstreams[users].name' }
  ])
  t.match(await findingsOf('near-upstream', used('url: "http://Users/"', 'targets: [{ target: 10.0.0.1 }]')), [{ path: 'services[s].url' }])
})

t.test('https to an address, unless a name is verified or nothing', async t => {
  const https = (fields: string, more = ''): Promise<unknown> => findingsOf('address-certificate', used(`protocol: https, host: users${more}`, fields))
  t.match(await https('targets: [{ target: a.internal }, { target: "[::1]:443" }]'), [{ path: 'upstreams[users].targets[1].target' }])
  t.same(await https('host_header: a.internal, targets: [{ target: 10.0.0.1 }]'), [])
  t.same(await https('targets: [{ target: a.internal }]'), [])
  t.same(await https('targets: [{ target: 10.0.0.1 }]', ', tls_verify: false'), [])
})

t.test('plain http is looked for at the targets, not at the name', async t => {
  const file = 'services: [{ name: s, host: users.example.com, routes: [{ paths: [/] }] }]\nupstreams: [{ name: users.example.com, targets: [{ target: 10.0.0.1 }, { target: "8.8.8.8:80" }] }]'
  t.match(await findingsOf('plain-http-upstream', file), [{ path: /targets\[1\]/, cause: /'8.8.8.8:80'/ }])
})
