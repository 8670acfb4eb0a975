/**
 * YAML in the documentation is checked by the loader, so that what a reader copies runs.
 *
 *   yaml            a whole file: loads without a finding
 *   yaml fragment   a whole file but for `_format_version`, or a list of `plugins:` entries: loads without an error
 *   yaml invalid    shows a mistake: must be refused
 *   yaml tests      tests of the page's first whole file: they pass
 *   yaml other      is no gateway.yaml
 *
 * What it shows is audited, too.
 */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Diagnostic } from '../../src/config/diagnostics.ts'
import { audit } from '../../src/audit/audit.ts'
import { loadConfig, type LoadResult } from '../../src/config/load.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'
import { codeBlocks, markdownFiles, type CodeBlock } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { certificateFiles } from '../helpers/page-certificates.ts'

const version = '_format_version: "3.0"\n'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })

const client = makeCertificate('gateway', { names: ['gateway'], bits: 2048 })

/** What a variable holds, by the end of its name. */
const VALUES: ReadonlyArray<readonly [end: string, value: string]> = [
  ['CLIENT_CERT', client.cert],
  ['CLIENT_KEY', client.key],
  ['_PRIVATE_KEY', privateKey],
  ['_PUBLIC_KEY', rsa.publicKey],
  ['REDIS_URL', 'redis://127.0.0.1:6379'],
  ['ADMIN_TOKEN', '0123456789abcdef0123456789abcdef'],
  ['_SECRET', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL'],
  ['', 'http://127.0.0.1:3001']
]

/** Every variable has a value: what else it is called is the reader's business. */
const env = new Proxy<Record<string, string>>({}, { get: (_, name) => VALUES.find(([end]) => String(name).endsWith(end))?.[1], has: () => true })

/** `directory` is where the file's relative names start. */
async function loaded (text: string, file: string, directory = packageRoot): Promise<LoadResult> {
  return await loadConfig({ file: join(directory, file), text, env })
}

/** What an audit says that no reader should copy. */
function weaknesses ({ config, ...rest }: LoadResult, accepted: ReadonlySet<string>): string[] {
  if (config === null) return []
  const { findings } = audit({ config, ...rest }, { now: Date.now(), file: '' })
  return findings.filter(({ rule, severity }) => severity === 'critical' || (severity === 'high' && !accepted.has(rule))).map(({ rule, range, cause }) => `${rule} at ${range.line}: ${cause}`)
}

/** What a piece of a file leaves to the rest of it; certificates are made for the test. */
const OF_A_PIECE = new Set(['certificate-expires', 'no-authentication', 'open-admin', 'unlimited-public-route', 'unlimited-login', 'credentials-over-http'])

/** The guide from Express does what the code beside it did, which asked neither for an audience nor for an end. */
function accepted (file: string): ReadonlySet<string> {
  return file === 'docs/guides/from-express.md' ? new Set([...OF_A_PIECE, 'token-audience', 'token-without-end']) : OF_A_PIECE
}

/** JavaScript and lists of a page by file name: a block whose first line is `// name.js` or `# name.txt`. */
function modules (file: string): Record<string, string> {
  return Object.fromEntries(codeBlocks(file)
    .map(block => [/^(?:\/\/|#) (\S+\.(?:js|txt))\n/.exec(block.text)?.[1] ?? '', block.text] as const)
    .filter(([name]) => name !== ''))
}

function whole (block: CodeBlock): string {
  if (!block.info.endsWith('fragment')) return block.text
  if (!/^- /m.test(block.text.trimStart().slice(0, 2))) return version + block.text
  return `${version}plugins:\n${block.text.replace(/^/gm, '  ')}`
}

const words = (found: readonly Diagnostic[]) => found.map(({ severity, rule, range, cause }) => `${severity} ${rule} at ${range.line}: ${cause}`)
const blocks = markdownFiles().flatMap(file => codeBlocks(file)).filter(block => /^ya?ml\b/.test(block.info))

t.test('the documentation has blocks to check', async t => {
  t.ok(blocks.some(block => block.info === 'yaml'))
  t.same(blocks.filter(block => !/^yaml( fragment| invalid| tests| other)?$/.test(block.info)), [], 'each has one of the five marks')
})

for (const block of blocks.filter(block => block.info !== 'yaml other' && block.info !== 'yaml tests')) {
  t.test(`${block.file}:${block.line} is ${block.info === 'yaml invalid' ? 'refused' : 'loaded'}`, async t => {
    const files = { ...modules(block.file), ...block.info === 'yaml invalid' ? {} : certificateFiles(block.text) }
    // made inside the project, so that `sallyport/plugin` is found
    const result = Object.keys(files).length === 0
      ? await loaded(whole(block), block.file)
      : await loaded(whole(block), 'gateway.yaml', t.testdir(files))
    const found = result.diagnostics
    const errors = found.filter(finding => finding.severity === 'error')
    if (block.info === 'yaml invalid') t.not(errors.length, 0)
    else {
      t.same(words(block.info === 'yaml' ? found : errors), [])
      // each of its blocks shows what a rule warns of
      if (block.file !== 'docs/check.md') t.same(weaknesses(result, accepted(block.file)), [], 'nothing that an audit calls critical or high')
    }
  })
}

for (const block of blocks.filter(block => block.info === 'yaml tests')) {
  t.test(`${block.file}:${block.line}: the tests pass`, async t => {
    const config = blocks.find(({ file, info }) => file === block.file && info === 'yaml')?.text ?? ''
    const { code, stdout } = await runCli(['test'], { cwd: t.testdir({ 'gateway.yaml': config, 'gateway.test.yaml': block.text }) })
    t.equal(code, 0, stdout)
  })
}

const files = ['gateway.yaml', 'deploy/config/gateway.yaml', ...readdirSync(join(packageRoot, 'examples'), { recursive: true, encoding: 'utf8' })
  .map(file => join('examples', file)).filter(file => file.endsWith('.yaml') && !file.endsWith('.test.yaml') && !file.includes('node_modules'))]

for (const file of files) {
  t.test(`${file} is loaded`, async t => {
    const result = await loaded(readFileSync(join(packageRoot, file), 'utf8'), file)
    t.same(words(result.diagnostics), [])
    t.same(weaknesses(result, OF_A_PIECE), [], 'nothing that an audit calls critical or high')
  })
}

t.test('the schema that gateway.yaml names for editors is there', async t => {
  const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(packageRoot, 'gateway.yaml'), 'utf8')) ?? []
  t.ok(existsSync(join(packageRoot, schema)), schema)
})

t.test('a block with a mistake is found', async t => {
  t.not((await loaded(`${version}servces: []\n`, 'README.md')).diagnostics.length, 0)
})
