import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { adoptedRules } from '../../src/audit/adopted.ts'
import { audit, ruleIds, type Audit } from '../../src/audit/audit.ts'
import { auditRules } from '../../src/audit/rules/index.ts'
import { rules as checkRules } from '../../src/config/rules.ts'
import { loadConfig } from '../../src/config/load.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { makeCertificate, makeCrl } from '../helpers/certificates.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { placeOf, unmark } from '../helpers/marked-yaml.ts'
import { cases, more } from './cases.ts'

const HEAD = '_format_version: "3.0"\n'
const later = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 400 * 86_400_000) }
const authority = makeCertificate('ca', later)
const server = makeCertificate('api.example.com', { names: ['api.example.com'], bits: 2048, ...later })
const folder = t.testdir({ 'partners.crl': makeCrl(authority, []).pem })
const env = { CA: authority.cert, CERT: server.cert, KEY: server.key, SECRET: 'not-so-short-a-secret-0123456789abcdef', S: 'not-so-short-a-secret-0123456789abcdef' }

/** Audits a text that has to be free of errors. */
async function run (t: Test, text: string): Promise<Audit> {
  const { config, diagnostics, source, plugins } = await loadConfig({ file: `${folder}/gateway.yaml`, text: HEAD + text, env })
  t.strictSame(diagnostics.filter(({ severity }) => severity === 'error').map(({ cause, range }) => `${range.line}: ${cause}`), [], 'the file has no errors')
  if (config === null) return { findings: [], spots: [], ignored: 0, known: 0, mended: 0 }
  return audit({ config, diagnostics, source, plugins }, { now: Date.now(), file: 'gateway.yaml' })
}

t.test('every rule has a case, and every case a rule', async t => {
  t.strictSame(Object.keys(cases), auditRules.map(({ id }) => id))
})

t.test('no rule has the name of a rule of check, and those that are taken over are rules of check', async t => {
  t.strictSame(auditRules.filter(({ id }) => id in checkRules).map(({ id }) => id), [])
  t.strictSame(Object.keys(adoptedRules).filter(id => !(id in checkRules)), [])
  t.equal(ruleIds().size, auditRules.length + Object.keys(adoptedRules).length, 'no id stands twice')
})

t.test('rules speak of plugins that exist', async t => {
  const { registry } = await loadPlugins([], folder)
  const sources = readdirSync(join(packageRoot, 'src/audit/rules')).map(file => readFileSync(join(packageRoot, 'src/audit/rules', file), 'utf8')).join('\n')
  const named = [...sources.matchAll(/(?:uses|entryOn|chainHas)\((?:route, )?((?:'[a-z-]+'(?:, )?)+)/g)].flatMap(([, list = '']) => [...list.matchAll(/[a-z-]+/g)].map(([name]) => name))
  t.ok(named.length > 50)
  t.strictSame(named.filter(name => !registry.has(name)), [])
})

for (const [id, { bad, good }] of Object.entries(cases)) {
  t.test(`${id} is told where it applies, and not where the value is right`, async t => {
    const { text, place } = unmark(HEAD + bad)
    const { findings } = await run(t, text.slice(HEAD.length))
    const found = findings.find(({ rule }) => rule === id)
    t.ok(found, 'the bad file has the finding')
    if (found !== undefined) t.equal(placeOf(found), place, `${found.cause} at the value`)
    t.notOk((await run(t, good)).findings.find(({ rule }) => rule === id), 'the good file has not')
  })
}

for (const [id, bad, severity] of more) {
  const { text, place } = unmark(HEAD + bad)
  t.test(`${id} is told in ${text.slice(HEAD.length).replaceAll(/\s+/g, ' ').slice(0, 200)}`, async t => {
    const found = (await run(t, text.slice(HEAD.length))).findings.filter(({ rule }) => rule === id)
    t.ok(found.some(finding => placeOf(finding) === place), `${found.map(finding => `${placeOf(finding)} ${finding.cause}`).join(', ')}, at the value`)
    if (severity !== undefined) t.ok(found.some(finding => finding.severity === severity), severity)
  })
}

/** What an API may look like that follows all advice. */
const RIGHT = `gateway:
  listen: [{ port: 8443, tls: true, http2: true }]
  overload: { event_loop_delay: 200 }
  headers: { server_tokens: false }
services:
  - name: orders
    url: https://orders.internal
    connect_timeout: 2000
    read_timeout: 10000
    total_timeout: 30000
    retries: 2
    circuit_breaker: {}
    ca_certificates: [internal]
    routes:
      - { name: orders, hosts: [api.example.com], paths: [/orders], protocols: [https] }
      - { name: graphql, hosts: [api.example.com], paths: [/graphql], protocols: [https], plugins: [{ name: graphql-guard }] }
      - name: status
        hosts: [api.example.com]
        paths: ["~/status$"]
        methods: [GET]
        protocols: [https]
        plugins: [{ name: auth-policy, config: { public: true } }, { name: rate-limiting, config: { minute: 60, limit_by: ip } }]
plugins:
  - { name: auth-policy, config: { default: deny } }
  - { name: jwt, config: { issuer: "https://auth.example.com/", audience: [orders], claims_to_verify: [exp], uri_param_names: [], strip_token: true } }
  - { name: auth-policy, instance_name: x, config: { any_of: [jwt] }, service: orders }
  - { name: rate-limiting, config: { minute: 600, limit_by: credential, policy: redis, redis: { host: redis.internal, password: "{vault://env/SECRET}" } } }
  - { name: request-size-limiting, config: { allowed_payload_size: 1 } }
  - { name: security-headers }
  - { name: cors, config: { origins: ["https://app.example.com"], credentials: true } }
  - { name: prometheus }
ca_certificates: [{ name: internal, cert: "{vault://env/CA}" }]
certificates: [{ cert: "{vault://env/CERT}", key: "{vault://env/KEY}", snis: [{ name: api.example.com }] }]
`

t.test('a file in which all is right has nothing to tell, down to the last rule', async t => {
  t.strictSame((await run(t, RIGHT)).findings.map(({ rule, cause }) => `${rule}: ${cause}`), [])
})
