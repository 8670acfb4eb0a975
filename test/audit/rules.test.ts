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
import { cases } from './cases.ts'

const HEAD = '_format_version: "3.0"\n'
const authority = makeCertificate('ca')
const server = makeCertificate('a.example.org', { names: ['a.example.org'], bits: 2048 })
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
