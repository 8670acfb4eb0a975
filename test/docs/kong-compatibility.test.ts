/** The page on Kong says what is refused: each name of that table is put into a file, and the loader has to refuse it. */
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { readMarkdown } from '../helpers/markdown.ts'

const head = '_format_version: "3.0"\n'
const service = (fields = '') => `${head}services:\n- name: users\n  url: https://users.internal\n${fields}  routes:\n  - name: users\n    paths: [/users]\n`
const route = (fields: string) => `${service()}    ${fields}\n`
const entry = (fields: string) => `${service()}plugins:\n- name: correlation-id\n  ${fields}\n`
const consumer = (fields: string) => `${head}consumers:\n- username: ada\n  ${fields}\n`

const refused: Readonly<Record<string, readonly string[]>> = {
  cert_alt: [`${head}certificates: [{ cert: x, key: x, cert_alt: x }]`],
  key_alt: [`${head}certificates: [{ cert: x, key: x, key_alt: x }]`],
  tls_sans: [service('  tls_sans: {}\n')],
  ...Object.fromEntries(['oauth2_tokens', 'oauth2_authorization_codes', 'mtls_auth_credentials', 'keyauth_enc_credentials'].map(key => [key, [`${head}${key}: []`, consumer(`${key}: []`)]])),
  consumer_group_plugins: [`${head}consumer_group_plugins: []`],
  vaults: [`${head}vaults: []`],
  keys: [`${head}keys: []`],
  key_sets: [`${head}key_sets: []`],
  ...Object.fromEntries(['grpc', 'grpcs', 'tcp', 'tls', 'tls_passthrough', 'udp', 'ws', 'wss'].map(protocol => [protocol, [
    route(`protocols: [${protocol}]`),
    `${head}services: [{ name: users, host: users.internal, protocol: ${protocol} }]`
  ]])),
  sources: [route('sources: [{ ip: 10.0.0.1 }]')],
  destinations: [route('destinations: [{ port: 80 }]')],
  expression: [route('expression: http.path == "/users"')],
  priority: [route('priority: 1')],
  ...Object.fromEntries(['type: grpc', 'type: grpcs'].map(type => [type, [
    `${head}upstreams: [{ name: users, healthchecks: { active: { ${type} } } }]`,
    `${head}upstreams: [{ name: users, healthchecks: { passive: { ${type} } } }]`
  ]])),
  ordering: [entry('ordering: { before: { access: [cors] } }')],
  condition: [entry('condition: "true"')],
  partials: [entry('partials: [{ id: x }]')],
  filter_chains: [`${head}filter_chains: []`],
  workspaces: [`${head}workspaces: []`],
  licenses: [`${head}licenses: []`],
  custom_entities: [`${head}custom_entities: []`],
  _workspace: [`${head}_workspace: main`],
  _konnect: [`${head}_konnect: {}`],
  _format_version: ['_format_version: "1.1"', '_format_version: "2.1"']
}

t.test('the samples are files that load without what they add', async t => {
  for (const text of [service(), entry('enabled: true'), consumer('tags: [a]')]) {
    const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text, env: {} })
    t.same(diagnostics.filter(finding => finding.severity === 'error'), [])
  }
})

t.test('each name in the table of what is refused has a sample', async t => {
  const [, part = ''] = /## What is refused([^]*?)\n## /.exec(readMarkdown('docs/kong-compatibility.md')) ?? []
  const names = [...part.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(match => match[1]))
  t.same([...new Set(names)].sort(), Object.keys(refused).sort())
})

for (const [name, texts] of Object.entries(refused)) {
  t.test(`${name} is refused with an error of its own`, async t => {
    for (const text of texts) {
      const { config, diagnostics } = await loadConfig({ file: 'gateway.yaml', text, env: {} })
      t.equal(config, null, text)
      const finding = diagnostics.find(finding => /^(?:not-supported(?:-yet)?|field-conflict|format-version)$/.test(finding.rule))
      t.ok(finding, text)
      t.not(finding?.mend, '')
    }
  })
}
