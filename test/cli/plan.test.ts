import t from 'tap'
import { runCli } from '../helpers/cli.ts'

const OLD = `_format_version: "3.0"
services:
  - name: orders
    url: http://orders.internal
    plugins: [{ name: key-auth }, { name: rate-limiting, config: { minute: 100 } }]
    routes:
      - { name: list, paths: [/orders] }
`
const NEW = OLD.replace('{ name: key-auth }, ', '').replace('100', '1000').replace('http://orders', 'http://sales')

t.test('text names places in both files, the worst first', async t => {
  const cwd = t.testdir({ 'old.yaml': OLD, 'new.yaml': NEW })
  const { code, stdout } = await runCli(['plan', 'old.yaml', 'new.yaml'], { cwd })
  t.equal(code, 2)
  t.equal(stdout, `HIGH
  route 'list' loses key-auth: open to anybody now [authentication-lost]
    old old.yaml:5:23 services[orders].plugins[key-auth].name
  service 'orders': upstream host orders.internal → sales.internal [upstream-changed]
    old old.yaml:3:5 services[orders].host
    new new.yaml:3:5 services[orders].host

MEDIUM
  route 'list': rate-limiting minute 100 → 1000 [limit-changed]
    old old.yaml:5:76 services[orders].plugins[rate-limiting].config.minute
    new new.yaml:5:56 services[orders].plugins[rate-limiting].config.minute

3 changes: 2 high, 1 medium
`)
  t.match((await runCli(['plan', 'old.yaml', 'new.yaml'], { cwd, terminal: true })).stdout, '\x1b[1;31mHIGH\x1b[0m')
  t.match(await runCli(['plan', 'old.yaml', 'old.yaml'], { cwd }), { code: 0, stdout: 'no changes: old.yaml and old.yaml mean the same\n' })
})

t.test('markdown is a table with details, in which names of the file are only text', async t => {
  const route = '      - { name: a~b_c, paths: ["~/(?<id>a|b)@all$"] }\n'
  const cwd = t.testdir({ 'new.yaml': NEW + route })
  const { code, stdout } = await runCli(['plan', '--format', 'markdown', '-', 'new.yaml'], { cwd, stdin: OLD })
  t.equal(code, 2)
  t.match(stdout, /^\*\*Gateway: 4 changes: 3 high, 1 medium\*\* ⚠️\n\n\| Risk \| Change \| Where \|\n\|---\|---\|---\|\n/)
  t.match(stdout, "| 🔴 high | route 'list' loses key-auth: open to anybody now | `<stdin>:5` |\n")
  t.match(stdout, "- 'a\\~b\\_c' takes any method \\~/(?&lt;id>a\\|b)@\u200ball$, for service 'orders'")
  t.match(stdout, /<details><summary>Details<\/summary>\n\n[^]*\n<\/details>\n$/)
  t.match(await runCli(['plan', '--format', 'markdown', '-', 'new.yaml'], { cwd, stdin: NEW + route }), { code: 0, stdout: '**Gateway: no changes.** `<stdin>` and `new.yaml` mean the same.\n' })
})

t.test('a pull request of any size fits into a comment', async t => {
  const routes = Array.from({ length: 300 }, (_, index) => `  - { name: r${index}, paths: [/r${index}], service: orders, plugins: [{ name: request-termination, config: { status_code: ${400 + index % 100} } }, { name: cors, config: { max_age: ${index} } }] }\n`).join('')
  const cwd = t.testdir({ 'old.yaml': OLD, 'new.yaml': `${OLD}routes:\n${routes}` })
  const { stdout } = await runCli(['plan', '--format', 'markdown', 'old.yaml', 'new.yaml'], { cwd })
  t.ok(stdout.length < 65_536)
  t.match(stdout, /300 routes \('r0', 'r1' and 298 more\) are new/)
})

t.test('errors of both files are told at once, and nothing is compared', async t => {
  const cwd = t.testdir({ 'old.yaml': OLD.replace('paths', 'pathes'), 'new.yaml': NEW.replace('minute', 'minuet'), 'good.yaml': OLD })
  const { code, stdout, stderr } = await runCli(['plan', 'old.yaml', 'new.yaml'], { cwd })
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /old\.yaml:7:.*\n[^]*new\.yaml:5:/)
  t.match(await runCli(['plan', '-', '-'], { cwd }), { code: 3, stderr: /Only one of the two/ })
  t.match(await runCli(['plan', 'good.yaml', 'none.yaml'], { cwd }), { code: 3, stderr: /none\.yaml: no such file/ })
  t.match(await runCli(['plan', 'good.yaml'], { cwd }), { code: 3 })
})
