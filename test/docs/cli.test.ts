import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

const file = join(packageRoot, 'docs/cli.md')
const page = readFileSync(file, 'utf8')
const names = [...page.matchAll(/^<!-- help:([\w -]+?):start -->$/gm)].map(([, name = '']) => name)

/** What a command prints about itself, as a block of the page. */
async function help (name: string): Promise<string> {
  const { stdout } = await runCli(name === 'sallyport' ? ['--help'] : [...name.split(' '), '--help'])
  return `<!-- help:${name}:start -->\n\`\`\`console\n$ sallyport${name === 'sallyport' ? '' : ` ${name}`} --help\n${stdout.trimEnd()}\n\`\`\`\n<!-- help:${name}:end -->`
}

t.test('docs/cli.md shows what each command prints about itself', async t => {
  await compare(t, 'help', names, help)
})

/** Holds blocks of the page to what is printed now; UPDATE=1 writes them anew. */
async function compare (t: Test, kind: 'help' | 'output', names: readonly string[], make: (name: string) => Promise<string>): Promise<void> {
  for (const name of names) {
    const pattern = new RegExp(`<!-- ${kind}:${name}:start -->[^]*?<!-- ${kind}:${name}:end -->`)
    const block = await make(name)
    const shown = pattern.exec(page)?.[0] ?? ''
    if (process.env['UPDATE'] === '1' && steady(shown) !== steady(block)) writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, () => block))
    t.equal(steady(shown), steady(block), name)
  }
}

/** Without what is another one each time. */
function steady (text: string): string {
  return text.replace(/\b[0-9a-f]{32,64}\b/g, '…').replace(/\bsp_\w{36}\b/g, 'sp_…').replace(/(latency: |in )\d+(?:\.\d+)?( m?s)?/g, '$1…')
}

const [, GATEWAY = ''] = /## sallyport explain[^]*?```yaml\n([^]*?)```/.exec(page) ?? []
const NEXT = GATEWAY.replace('      - { name: key-auth }\n', '').replace('minute: 60 }', 'minute: 600 }').replace('methods: [GET]', 'methods: [GET, POST]')
const WRONG = GATEWAY.replace('paths: [/orders]', 'pahts: [/orders]').replace('minute: 60 }', 'minute: "60" }').replace('key-auth', 'keyauth')
const KONG = `_format_version: "3.0"
services:
  - name: orders
    url: http://orders.internal
    routes: [{ name: orders, paths: [/orders] }]
    plugins:
      - { name: ldap-auth, config: { ldap_host: ldap.internal } }
      - { name: rate-limiting, config: { minute: 60, policy: cluster } }
`

interface Shown {
  /** What stands behind the `$`. */
  readonly line: string
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly stdin?: string
}

const OUTPUTS: Readonly<Record<string, Shown>> = {
  init: { line: 'sallyport init --yes --upstream http://127.0.0.1:3000', args: ['init', '--yes', '--upstream', 'http://127.0.0.1:3000'] },
  check: { line: 'sallyport check', args: ['check'], files: { 'gateway.yaml': WRONG } },
  explain: { line: 'sallyport explain GET https://api.example.com/orders/7 --consumer acme', args: ['explain', 'GET', 'https://api.example.com/orders/7', '--consumer', 'acme'], files: { 'gateway.yaml': GATEWAY } },
  'explain-run': { line: 'sallyport explain GET /orders/7 --run', args: ['explain', 'GET', '/orders/7', '--run'], files: { 'gateway.yaml': GATEWAY } },
  test: { line: 'sallyport test --coverage', args: ['test', '--coverage'], files: Object.fromEntries(['gateway.yaml', 'gateway.test.yaml'].map(name => [name, readFileSync(join(packageRoot, name), 'utf8')])) },
  audit: { line: 'sallyport audit --severity medium', args: ['audit', '--severity', 'medium'], files: { 'gateway.yaml': GATEWAY } },
  routes: { line: 'sallyport routes', args: ['routes'], files: { 'gateway.yaml': GATEWAY } },
  plan: { line: 'git show main:gateway.yaml | sallyport plan - gateway.yaml', args: ['plan', '-', 'gateway.yaml'], files: { 'gateway.yaml': NEXT }, stdin: GATEWAY },
  print: { line: "sallyport print --origin | sed -n '/^services/,/^routes/p'", args: ['print', '--origin'], files: { 'gateway.yaml': GATEWAY } },
  'keys create': { line: 'sallyport keys create --consumer acme', args: ['keys', 'create', '--consumer', 'acme'] },
  plugins: { line: 'sallyport plugins redirect', args: ['plugins', 'redirect'] },
  import: { line: 'sallyport import kong kong.yaml --output gateway.yaml', args: ['import', 'kong', 'kong.yaml', '--output', 'gateway.yaml'], files: { 'kong.yaml': KONG } }
}

t.test('docs/cli.md shows what commands print', async t => {
  await compare(t, 'output', Object.keys(OUTPUTS), async name => {
    const { line, args, files = {}, stdin } = OUTPUTS[name] as Shown
    const cwd = t.testdir({ ...files })
    const { stdout } = await runCli(args, { cwd, ...stdin === undefined ? {} : { stdin } })
    const text = line.includes('| sed') ? /^services[^]*?^routes:/m.exec(stdout)?.[0] ?? '' : stdout
    return `<!-- output:${name}:start -->\n\`\`\`console\n$ ${line}\n${text.trimEnd()}\n\`\`\`\n<!-- output:${name}:end -->`
  })
})

/** Names that a command lists. */
async function commandsOf (command: string[]): Promise<string[]> {
  const { stdout } = await runCli([...command, '--help'])
  const [, list = ''] = /\nCommands:\n([^]*?)(?:\n\n|$)/.exec(stdout) ?? []
  return [...list.matchAll(/^ {2}([\w-]+)(?: |$)/gm)].map(([, name = '']) => name).filter(name => name !== 'help')
}

t.test('docs/cli.md has every command', async t => {
  const listed = await commandsOf([])
  const nested = await Promise.all(listed.map(async name => [name, ...(await commandsOf([name])).map(inner => `${name} ${inner}`)]))
  t.same(names, ['sallyport', ...nested.flat()])
})
