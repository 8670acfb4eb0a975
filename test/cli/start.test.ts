import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

const main = join(packageRoot, 'dist/src/cli/main.js')
const FILE = '_format_version: "3.0"\nroutes: [{ name: all, paths: [/], plugins: [{ name: request-termination, config: { status_code: 204 } }] }]\n'

/** The bin as a user runs it. */
function start (t: Test, args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => { written.stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { written.stderr += text })
  return { child, written, exit: once(child, 'close') as Promise<[number | null, string | null]> }
}

t.test('the bin runs the gateway, and ends with 0 on SIGTERM', async t => {
  const cwd = t.testdir({ 'gateway.yaml': FILE })
  const { child, written, exit } = start(t, ['start', '--port', '0', '--host', '127.0.0.1', '--admin-port', 'off'], cwd)
  while (!/listening on http:\/\/127\.0\.0\.1:\d+/.test(written.stderr)) await once(child.stderr, 'data')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(written.stderr) ?? []
  t.equal((await fetch(url)).status, 204)
  child.kill('SIGTERM')
  t.same(await exit, [0, null])
})

t.test('the bin reports a bad file as check does, and does not start', async t => {
  const cwd = t.testdir({ 'gateway.yaml': 'routes: [{ name: all, pahts: [/] }]\n' })
  const check = await runCli(['check'], { cwd })
  const { written, exit } = start(t, ['start'], cwd)
  t.same(await exit, [1, null])
  t.equal(written.stderr, check.stdout)
  t.equal(written.stdout, '')
})

t.test('the bin says in the log which port is in use', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const { written, exit } = start(t, ['start', '--port', String(port), '--host', '127.0.0.1', '--admin-port', 'off'], t.testdir({ 'gateway.yaml': FILE }))
  t.same(await exit, [1, null])
  t.match(written.stderr, `the gateway could not start: 127.0.0.1:${port} is in use: another process listens there; stop it, or choose another port (gateway.listen[0])`)
  t.notMatch(written.stderr, 'stack', 'its words tell all')
})

t.test('the bin reads a pipe, and writes to one', async t => {
  const { child, written, exit } = start(t, ['check', '-'], t.testdir({}))
  child.stdin.end(FILE)
  t.same(await exit, [0, null])
  t.match(written.stdout, /^ok: <stdin> can run/)
})

t.test('on a terminal one line says where it listens', async t => {
  const signals = new EventEmitter()
  const cwd = t.testdir({ 'gateway.yaml': `gateway: { log: { level: silent, access: false } }\n${FILE}` })
  const running = runCli(['start', '--port', '0', '--host', '127.0.0.1', '--admin-port', '0'], {
    cwd, signals, terminal: true, env: { NO_COLOR: '1' }, onStderr: text => { if (text.includes('listens on')) signals.emit('SIGTERM', 'SIGTERM') }
  })
  const { code, stderr } = await running
  t.equal(code, 0)
  t.match(stderr, /^sallyport \S+ listens on http:\/\/127\.0\.0\.1:\d+, its dashboard on http:\/\/127\.0\.0\.1:\d+\/dashboard\/\n$/)
})

t.test('on a terminal one line says why it can\'t', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const cwd = t.testdir({ 'gateway.yaml': `gateway: { log: { level: silent, access: false } }\n${FILE}` })
  const { code, stderr } = await runCli(['start', '--port', String(port), '--host', '127.0.0.1', '--admin-port', 'off'], { cwd, terminal: true, env: { NO_COLOR: '1' } })
  t.equal(code, 1)
  t.equal(stderr, `error: 127.0.0.1:${port} is in use: another process listens there; stop it, or choose another port (gateway.listen[0])\n`)
})

t.test('warnings don\'t keep it from starting, and are counted', async t => {
  const signals = new EventEmitter()
  const cwd = t.testdir({ 'gateway.yaml': `gateway: { log: { level: silent, access: false } }\nconsumers: [{ username: bob }]\n${FILE}` })
  const { code, stderr } = await runCli(['start', '--port', '0', '--admin-port', 'off', '--host', '127.0.0.1'], {
    cwd, signals, terminal: true, env: { NO_COLOR: '1' }, onStderr: text => { if (text.includes('listens on')) signals.emit('SIGTERM', 'SIGTERM') }
  })
  t.equal(code, 0)
  t.match(stderr, /^warning: 1 warning in gateway\.yaml; `sallyport check` shows them\n/)
})
