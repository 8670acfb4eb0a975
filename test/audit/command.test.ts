import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { auditRulesPage, isAuditRulesPageCurrent } from '../../scripts/generate-audit-rules.ts'
import { runCli, type CliRun } from '../helpers/cli.ts'

const HEAD = '_format_version: "3.0"\n'
const KEYS = `services:
  - name: s
    url: https://s.internal
    routes: [{ name: r, paths: [/r] }]
plugins:
  - { name: key-auth }
  - { name: rate-limiting, config: { minute: 5 } }
`

const run = (text: string, ...args: string[]): Promise<CliRun> => runCli(['audit', '-', ...args], { stdin: HEAD + text })

function ignore (...items: string[]): string {
  return `gateway:\n  listen: [{ host: 127.0.0.1, port: 8000 }]\n  audit:\n    ignore:\n${items.map(item => `      - ${item}\n`).join('')}${KEYS}`
}

t.test('docs/audit-rules.md is what the rules say (npm run generate)', async t => {
  t.ok(isAuditRulesPageCurrent())
  t.match(auditRulesPage(), /### key-in-query\n\n\*\*medium\*\*: /)
})

t.test('the exit code is 2 for what is at or above --fail-on, whatever is shown', async t => {
  t.equal((await run(KEYS)).code, 2, 'credentials over http are high')
  t.equal((await run(KEYS, '--fail-on', 'critical')).code, 0)
  t.equal((await run(KEYS, '--fail-on', 'never')).code, 0)
  const hidden = await run(KEYS, '--severity', 'critical', '--fail-on', 'low')
  t.equal(hidden.code, 2)
  t.match(hidden.stdout, /nothing to tell; \d+ less severe not shown/)
})

t.test('a file with errors is told as check tells it, with exit code 1', async t => {
  const { code, stdout, stderr } = await run('services: [{ name: s }]\n', '--format', 'json')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /required field missing: 'host'/)
})

t.test('wrong calls are exit code 3', async t => {
  t.equal((await run(KEYS, '--severity', 'worst')).code, 3)
  t.equal((await run(KEYS, '--fail-on', 'often')).code, 3)
  t.match(await run(KEYS, '--write-baseline'), { code: 3, stderr: /needs --baseline/ })
  t.match(await run(KEYS, '--baseline', 'no-such.json'), { code: 3, stderr: /no-such.json can't be read \(ENOENT\)/ })
  t.match(await run(KEYS, '--baseline', '/no/such/folder/b.json', '--write-baseline'), { code: 3, stderr: /can't be written/ })
})

t.test('a finding has place, why, mend and its documentation', async t => {
  const { stdout } = await run(KEYS)
  t.match(stdout, /^<stdin>:7:13: medium: keys are taken from the query, too \[key-in-query\]\n {2}in plugins\[key-auth\]\.config\.key_in_query\n/m)
  t.match(stdout, / = why: Addresses end up .*\n {2}= more: docs\/audit-rules\.md#key-in-query\n {2}= mend: Write `key_in_query: false`\.\n/)
})

t.test('what has one cause at many places is one finding', async t => {
  const routes = Array.from({ length: 12 }, (_, index) => `      - { name: r${index}, paths: [/r${index}] }\n`).join('')
  const text = `services:\n  - name: s\n    url: https://s.internal\n    routes:\n${routes}`
  const { findings } = JSON.parse((await run(text, '--format', 'json')).stdout)
  const [found, ...others] = findings.filter(({ rule }: { rule: string }) => rule === 'unlimited-public-route')
  t.same(others, [])
  t.match(found, { cause: 'nothing limits how often anybody may call route \'r0\', route \'r1\' and 10 more', paths: { length: 12 }, also: { length: 11 } })
  t.match((await run(text)).stdout, /= also at: lines 7, 8, 9, 10, 11, 12, 13, 14 and 3 more\n/)
})

t.test('what check says of many routes is one finding, too', async t => {
  const routes = Array.from({ length: 5 }, (_, index) => `      - { name: r${index}, paths: [/r${index}] }\n`).join('')
  const text = `services:\n  - name: s\n    url: https://s.internal\n    routes:\n${routes}      - { name: k, paths: [/k], plugins: [{ name: key-auth, config: { key_in_query: false } }] }\n`
  const { findings } = JSON.parse((await run(text, '--format', 'json')).stdout)
  t.match(findings.filter(({ rule }: { rule: string }) => rule === 'write-without-auth'), [{ cause: /^route 'r0' takes all methods from anybody: .* \(so it is with 'r1', 'r2' and 2 more\)$/, paths: { length: 5 }, also: { length: 4 } }])
  t.equal(findings.filter(({ rule }: { rule: string }) => rule === 'write-without-auth').length, 1)
})

t.test('what nobody meets is not told', async t => {
  const rules = async (text: string): Promise<string[]> => JSON.parse((await run(text, '--format', 'json')).stdout).findings.map(({ rule }: { rule: string }) => rule)
  const key = '{ name: key-auth, config: { key_in_query: false } }'
  const overridden = `services: [{ name: s, url: "https://s.internal", routes: [{ name: r, paths: [/r], plugins: [${key}] }] }]\nplugins: [{ name: key-auth, config: { key_in_query: true } }]\n`
  t.notOk((await rules(overridden)).includes('key-in-query'), 'each route has its own entry')
  t.ok((await rules(overridden.replace(`, plugins: [${key}]`, ''))).includes('key-in-query'))
  const local = 'services: [{ name: s, url: "https://127.0.0.1", tls_verify: false, routes: [{ name: r, paths: [/r] }] }]\n'
  t.notOk((await rules(local)).includes('tls-verify-off'), 'nobody stands in between')
  t.ok((await rules(local.replace('127.0.0.1', '10.0.0.1'))).includes('tls-verify-off'))
  const off = 'services: [{ name: s, enabled: false, url: "http://api.example.com", routes: [{ name: r, paths: [/r] }] }]\n'
  t.notOk((await rules(off)).includes('plain-http-upstream'), 'the service is switched off')
  t.ok((await rules(off.replace('enabled: false, ', ''))).includes('plain-http-upstream'))
})

t.test('what check finds is told once, by its own id', async t => {
  const { findings } = JSON.parse((await run(KEYS.replace('https://s.internal', 'http://api.acme.com'), '--format', 'json')).stdout)
  t.match(findings.filter(({ rule }: { rule: string }) => rule === 'plain-http-upstream'), [{ severity: 'high', docs: 'docs/check.md#plain-http-upstream' }])
  t.notOk(findings.some(({ rule }: { rule: string }) => rule === 'service-without-route'))
})

t.test('an exception covers its rule at its place and below, through its last day', async t => {
  const today = new Date().toISOString().slice(0, 10)
  const covered = await run(ignore(`{ rule: key-in-query, path: "plugins[key-auth]", reason: old terminals, until: "${today}" }`))
  t.notMatch(covered.stdout, /key-in-query/)
  t.match(covered.stdout, /1 ignored by the file/)
  const elsewhere = await run(ignore('{ rule: key-in-query, path: "plugins[key]", reason: old terminals, until: "2099-01-01" }'))
  t.match(elsewhere.stdout, /medium: keys are taken from the query/)
  t.match(elsewhere.stdout, /low: 'key-in-query' finds nothing there \[unused-ignore\]/)
})

t.test('an exception whose time is over no longer counts, and is told', async t => {
  const { stdout } = await run(ignore('{ rule: key-in-query, reason: old terminals, until: "2020-01-01" }'))
  t.match(stdout, /medium: keys are taken from the query/)
  t.match(stdout, /medium: 'key-in-query' was to be ignored until 2020-01-01 \[expired-ignore\]/)
})

t.test('an exception for a rule that there is not is told, with the one that was meant', async t => {
  const { stdout } = await run(ignore('{ rule: key-in-qery, reason: old terminals, until: "2099-01-01" }'))
  t.match(stdout, /medium: there is no rule 'key-in-qery' \[unused-ignore\]/)
  t.match(stdout, /Did you mean 'key-in-query'\?/)
})

t.test('an exception without a reason, a day or with anything else is an error of the file', async t => {
  for (const item of ['{ rule: a, until: "2099-01-01" }', '{ rule: a, reason: b }', '{ rule: a, reason: b, until: soon }', '{ rule: a, reason: b, until: "2099-01-01", why: c }']) {
    t.equal((await run(ignore(item))).code, 1, item)
  }
})

t.test('a baseline hides what it lists, tells what is new, and counts what was mended', async t => {
  const cwd = t.testdir({ 'gateway.yaml': HEAD + KEYS, 'broken.json': '[', 'other.json': '{}', 'new.yaml': HEAD + KEYS.replace('key-auth }', 'key-auth, config: { key_in_query: false, hide_credentials: false } }') })
  const call = (...args: string[]): Promise<CliRun> => runCli(['audit', ...args], { cwd })
  t.match(await call('--baseline', 'b.json', '--write-baseline'), { code: 0, stdout: '', stderr: /ok: b\.json holds \d+ places/ })
  t.match(JSON.parse(readFileSync(join(cwd, 'b.json'), 'utf8')), { version: 1, findings: [{ rule: String, path: String }] })
  t.match(await call('--baseline', 'b.json', '--fail-on', 'info'), { code: 0, stdout: /nothing to tell; \d+ in the baseline\n$/ })
  const changed = await call('new.yaml', '--baseline', 'b.json', '--fail-on', 'info')
  t.equal(changed.code, 2)
  t.match(changed.stdout, /credentials-passed-on/)
  t.match(changed.stdout, /1 medium; \d+ in the baseline; 1 of the baseline mended: write it anew\n$/)
  t.match(await call('--baseline', 'broken.json'), { code: 3, stderr: /broken\.json: it is no JSON/ })
  t.match(await call('--baseline', 'other.json'), { code: 3, stderr: /other\.json: it is no baseline/ })
})

t.test('SARIF has levels, scores and further places', async t => {
  const { stdout } = await run(KEYS.replace('paths: [/r] }', 'paths: [/r] }, { name: q, paths: [/q] }'), '--format', 'sarif')
  const { tool: { driver: { rules } }, results } = JSON.parse(stdout).runs[0]
  t.match(rules.find(({ id }: { id: string }) => id === 'key-in-query'), { shortDescription: { text: 'API keys in the query' }, properties: { 'security-severity': '5.5' } })
  t.match(results.find(({ ruleId }: { ruleId: string }) => ruleId === 'credentials-over-http'), { level: 'error', locations: [{ physicalLocation: { artifactLocation: { uri: /stdin/ } } }] })
  t.match(results.find(({ ruleId }: { ruleId: string }) => ruleId === 'unlimited-body'), { level: 'warning', relatedLocations: [{ message: { text: 'and here' } }] })
  t.match(results.find(({ ruleId }: { ruleId: string }) => ruleId === 'no-metrics'), { level: 'note' })
})

t.test('GitHub gets errors, warnings and notices', async t => {
  const { stdout } = await run(KEYS, '--format', 'github')
  t.match(stdout, /^::error file=<stdin>,.*title=credentials-over-http.*\(high\)/m)
  t.match(stdout, /^::warning .*title=key-in-query/m)
  t.match(stdout, /^::notice .*title=no-metrics/m)
})

t.test('Markdown is a table', async t => {
  const { stdout } = await run(KEYS.replace('name: r,', 'name: r.b,'), '--format', 'markdown')
  t.match(stdout, /^### Audit of `<stdin>`\n\n1 high, /)
  t.match(stdout, /\| medium \| <stdin>:7 \| keys are taken from the query, too \(`key-in-query`\) \|/)
  const clean = await run(ignore(), '--format', 'markdown', '--severity', 'critical')
  t.match(clean.stdout, /Nothing to tell/)
  t.notMatch(clean.stdout, /\| Severity/)
})

t.test('no value of a reference is told', async t => {
  const text = 'services:\n  - name: "{vault://env/NAME}"\n    url: https://s.internal\n    tls_verify: false\n    routes: [{ name: "{vault://env/ROUTE}", paths: [/login], hosts: ["{vault://env/HOST}"] }]\n'
  const env = { NAME: 'canary-name', ROUTE: 'canary-route', HOST: 'canary.*' }
  for (const format of ['text', 'json', 'sarif', 'github', 'markdown']) {
    const { code, stdout } = await runCli(['audit', '-', '--format', format], { stdin: HEAD + text, env })
    t.equal(code, 2)
    t.notMatch(stdout, /canary/, format)
  }
})

t.test('what stands outside of `issuers` holds for each of them', async t => {
  const text = 'plugins:\n  - name: jwt\n    config: { audience: [a], issuers: [{ issuer: "https://a.example/" }, { issuer: "https://b.example/" }] }\n'
  t.notMatch((await run(text)).stdout, /token-audience/)
  t.match((await run(text.replace('audience: [a], ', ''))).stdout, /token-audience/)
})

t.test('a token that must end is asked for more urgently where keys are signed with by hand', async t => {
  const text = 'plugins:\n  - name: jwt\n    config: { issuer: "https://a.example/", audience: [a] }\n'
  t.match((await run(text)).stdout, /medium: tokens without `exp` are accepted/)
  t.match((await run(text.replace('issuer: "https://a.example/", audience: [a]', ''))).stdout, /high: tokens without `exp` are accepted/)
})
