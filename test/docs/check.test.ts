import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { rules } from '../../src/config/rules.ts'
import { codeBlocks } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

const page = readFileSync(join(packageRoot, 'docs/check.md'), 'utf8')
const sections = page.slice(page.indexOf('\n## Rules')).split(/^### /m).slice(1).map(text => ({ rule: text.slice(0, text.indexOf('\n')), text }))

/** Rules without an example that a file alone could show. */
const WITHOUT_EXAMPLE = ['alias-limit', 'certificate-chain', 'certificate-expires', 'expired-certificate', 'live-certificate', 'live-connect', 'live-dns', 'live-expires', 'live-file', 'live-provider', 'live-redis', 'live-tls', 'mixed-keys', 'ocsp-response', 'restart-needed', 'short-secret', 'too-long', 'uncovered-sni', 'unused-module']

/** Those of `plan` are of changes, not of files. */
function idsInCode (): string[] {
  const folder = join(packageRoot, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts') && !file.startsWith('plan/'))
  const found = files.flatMap(file => [...readFileSync(join(folder, file), 'utf8').matchAll(/(?:\brule: |#problem\()((?:'[a-z-]+'(?: \| )?)+)/g)])
  return [...new Set(found.flatMap(([, ids = '']) => ids.split(' | ').map(id => id.slice(1, -1))))].sort()
}

t.test('the catalogue, the code and the page know the same rules', async t => {
  t.same(Object.keys(rules), idsInCode(), 'catalogue')
  t.same(sections.map(section => section.rule), idsInCode(), 'page')
})

for (const { rule, text } of sections) {
  t.test(`the section on ${rule} has a mend, and an example in which it is found`, async t => {
    t.match(text, /^Mend: \S/m)
    const [block] = codeBlocks('docs/check.md', text)
    t.equal(block === undefined, WITHOUT_EXAMPLE.includes(rule), 'an example')
    if (block === undefined) return
    const whole = block.info.endsWith('fragment') ? `_format_version: "3.0"\n${block.text}` : block.text
    const { diagnostics } = await loadConfig({ file: join(packageRoot, 'gateway.yaml'), text: whole, env: {} })
    t.strictSame([...new Set(diagnostics.map(diagnostic => diagnostic.rule))], [rule])
    t.match(text, diagnostics[0]?.severity === 'error' ? /\n\nError\. / : /\n\nWarning\. /)
  })
}
