import t from 'tap'
import { lint } from '../../../src/config/lint/index.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { finish } from '../../../src/steps.ts'
import { makeCertificate } from '../../helpers/certificates.ts'
import { findings, findingsOf, routes } from './findings.ts'

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
  t.match(finish(lint({ ...result, config, plugins })).map(({ rule, cause }) => [rule, cause]), [
    ['unused-module', 'no entry of the file uses a plugin of this module (geo)'],
    ['unused-module', 'no entry of the file uses a plugin of this module (other, correlation-id)']
  ])
})

/** A file with one route, `more` of it and its one plugin entry. */
const guarded = (more: string, entry: string, gateway = ''): string => `${gateway === '' ? '' : `gateway: { ${gateway} }\n`}services:
  - name: s
    host: s.internal
    routes:
      - { name: a, ${more}, plugins: [{ name: ${entry} }] }
ca_certificates: [{ name: partners, cert: "{vault://env/CA}" }]
certificates: [{ cert: "{vault://env/CERT}", key: "{vault://env/KEY}" }]
`

t.test('an entry that can\'t do its work on its route', async t => {
  const root = makeCertificate('partners')
  const server = makeCertificate('gateway.example.com', { issuer: root, bits: 2048 })
  const env = { CA: root.cert, CERT: server.cert, KEY: server.key }
  const found = async (more: string, entry: string, gateway = ''): Promise<unknown[]> => (await findingsOf('plugin-route', guarded(more, entry, gateway), env)).map(({ path, cause, severity }) => `${severity} ${path}: ${cause}`)
  const mtls = 'mtls-auth, config: { ca_certificates: [partners] }'
  const at = 'warning services[s].routes[a].plugins'
  t.same(await found('paths: [/a]', mtls), [`${at}[mtls-auth].name: no listener asks for certificates, so nobody can show one`])
  t.same(await found('paths: [/a]', mtls, 'listen: [{ port: 8443, tls: true, client_certificate: request }]'), [])
  const header = 'header-cert-auth, config: { ca_certificates: [partners], certificate_header_name: X-Cert, certificate_header_format: url_encoded }'
  t.same(await found('paths: [/a]', header), [`${at}[header-cert-auth].name: there is no proxy whose word about a certificate counts, so nobody can pass`])
  t.same(await found('paths: [/a]', header, 'trusted_ips: [10.0.0.0/8]'), [])
  const validator = 'request-validator, config: { parameter_schema: [{ in: query, name: q }, { in: path, name: id }] }'
  t.same(await found('paths: [/a]', validator), [`${at}[request-validator].config.parameter_schema[id].name: no path captures a parameter 'id'`])
  t.same(await found('paths: ["~/a/(?<id>[^/]+)$"]', validator), [])
  t.same(await found('paths: ["~/a/(?P<id>[^/]+)$"]', validator), [])
  t.same(await found('paths: [/a], methods: [GET]', 'cors'), [`${at}[cors].name: no route takes \`OPTIONS\` there, so that browsers get a 404 for a preflight, and send nothing`])
  for (const more of ['paths: [/a]', 'paths: [/a], methods: [GET, OPTIONS]']) t.same(await found(more, 'cors'), [])
})

t.test('preflights that another route takes are no finding, and one entry is told of once', async t => {
  const file = (...others: string[]): string => `plugins: [{ name: cors }]\n${routes('name: a, methods: [GET], paths: [/a/b]', 'name: b, methods: [POST], paths: ["~/a/b$"]', ...others)}`
  t.match(await findingsOf('plugin-route', file()), [{ path: 'plugins[cors].name', cause: /^on route 'a': no route takes/, related: [{ message: 'the route' }] }])
  t.match(await findingsOf('plugin-route', file('name: c, paths: [/c]')), [{}])
  for (const other of ['name: c, paths: [/a]', 'name: c, paths: ["~/a/.*"]', 'name: c, hosts: [a.example.com], methods: [OPTIONS]']) t.same(await findingsOf('plugin-route', file(other)), [], other)
})
