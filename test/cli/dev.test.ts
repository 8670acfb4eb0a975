import { EventEmitter } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createPainter } from '../../src/cli/paint.ts'
import { openInBrowser } from '../../src/dev/open.ts'
import { accessLine, prettyAccess, prettyLog } from '../../src/dev/pretty.ts'
import { runCli, type CliOptions } from '../helpers/cli.ts'

const file = (more = ''): string => `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], workers: 2, modules: [./mark.ts], log: { access: false } }
plugins: [{ name: mark }]
routes: [{ name: all, paths: [/], plugins: [{ name: request-termination, config: { status_code: 204 } }]${more} }]
`
const MARK = `import { definePlugin, Type } from 'sallyport/plugin'
import { mark } from './text.ts'
export default definePlugin({
  name: 'mark', priority: 3, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'],
  register (scope: any) { scope.addHook('onSend', async (request: any, reply: any, payload: unknown) => { reply.header('x-mark', mark); return payload }) }
})
`
const text = (mark: string): string => `export const mark: string = '${mark}'\n`

/** A session whose output can be waited for. */
function session (t: Test, cwd: string, args: readonly string[], options: CliOptions = {}) {
  const signals = new EventEmitter()
  const written = { stdout: '', stderr: '' }
  const told = new EventEmitter()
  const note = (name: keyof typeof written) => (piece: string): void => {
    written[name] += piece
    told.emit('output')
  }
  const ended = runCli(['dev', ...args], { cwd, signals, ...options, onStderr: note('stderr'), onStdout: note('stdout') })
  t.teardown(async () => {
    signals.emit('SIGTERM', 'SIGTERM')
    await ended
  })
  const until = async (name: keyof typeof written, pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(written[name])
      if (found !== null) return found
      await new Promise(resolve => told.once('output', resolve))
    }
  }
  return { signals, ended, until, written }
}

t.test('what is saved is taken over: the file, a plugin in TypeScript, and what it imports', async t => {
  const cwd = t.testdir({ 'gateway.yaml': file(), 'mark.ts': MARK, 'text.ts': text('one') })
  const { signals, ended, until, written } = session(t, cwd, ['--admin-port', '0'])
  const [, url = ''] = await until('stderr', /listens on (http:\S+)/)
  await until('stderr', /dashboard {2}http:\/\/127\.0\.0\.1:\d+\/dashboard\/\n/)
  const mark = async (): Promise<string | null> => (await fetch(`${url}/a?b=%1b`)).headers.get('x-mark')
  t.equal(await mark(), 'one')
  await until('stdout', /^GET +204 +\d+\.\d ms {2}\/a\?b=%1b {2}all {2}\w+/m)
  writeFileSync(join(cwd, 'text.ts'), text('two'))
  await until('stderr', /configuration reloaded/)
  t.equal(await mark(), 'two')
  writeFileSync(join(cwd, 'mark.ts'), 'const a: = 1')
  await until('stderr', /gateway\.yaml:2:.*module '\.\/mark\.ts' fails to load: [^\n]*mark\.ts:1:9/)
  t.equal(await mark(), 'two', 'what runs goes on')
  writeFileSync(join(cwd, 'mark.ts'), MARK)
  await until('stderr', /configuration reloaded[^]*configuration reloaded/)
  writeFileSync(join(cwd, 'gateway.yaml'), file(', pahts: [/b]'))
  await until('stderr', /unknown field 'pahts'/)
  signals.emit('SIGTERM', 'SIGTERM')
  t.equal((await ended).code, 0)
  t.notMatch(written.stderr, /^\{/m)
})

t.test('a file with errors is waited for', async t => {
  const cwd = t.testdir({ 'gateway.yaml': file(', pahts: [/b]'), 'mark.ts': 'broken(', 'text.ts': text('one') })
  const { until, signals, ended } = session(t, cwd, ['--admin-port', 'off'])
  await until('stderr', /unknown field 'pahts'[^]*gateway\.yaml can't run yet: waiting for a change\.\n/)
  writeFileSync(join(cwd, 'gateway.yaml'), file())
  await until('stderr', /fails to load[^]*waiting for a change\.\n[^]*waiting for a change\.\n/)
  writeFileSync(join(cwd, 'mark.ts'), MARK)
  await until('stderr', /listens on/)
  signals.emit('SIGTERM', 'SIGTERM')
  t.match(await ended, { code: 0, stderr: /^(?![^]*dashboard)/ })
  writeFileSync(join(cwd, 'mark.ts'), 'broken(')
  const other = session(t, cwd, [])
  await other.until('stderr', /waiting for a change/)
  other.signals.emit('SIGINT', 'SIGINT')
  t.equal((await other.ended).code, 0)
  t.match(await runCli(['dev', '-'], { cwd }), { code: 3, stderr: /dev reads a file/ })
})

t.test('on a terminal the dashboard is opened, unless --no-open says otherwise', async t => {
  const cwd = t.testdir({ 'gateway.yaml': file(), 'mark.ts': MARK, 'text.ts': text('one'), 'xdg-open': '#!/bin/sh\nprintf %s "$1" > "$OPENED.part"\nmv "$OPENED.part" "$OPENED"\n' })
  chmodSync(join(cwd, 'xdg-open'), 0o755)
  const opened = join(cwd, 'opened')
  const env = { PATH: `${cwd}:${process.env['PATH']}`, OPENED: opened, TERM: 'dumb' }
  for (const args of [['--no-open'], []]) {
    const { until, signals, ended } = session(t, cwd, ['--admin-port', '0', ...args], { terminal: true, env })
    const [, url] = await until('stderr', /dashboard {2}(\S+)\n/)
    if (args.length === 0 && process.platform === 'linux') {
      while (!existsSync(opened)) await wait(10)
      t.equal(readFileSync(opened, 'utf8'), url)
    }
    signals.emit('SIGTERM', 'SIGTERM')
    await ended
    if (args.length > 0) t.notOk(existsSync(opened))
  }
  // there is no such command: nothing happens
  for (const platform of ['linux', 'darwin', 'win32'] as const) openInBrowser('http://127.0.0.1', { PATH: cwd + '/none' }, platform)
})

t.test('a report in the log keeps its colours, stands below its line, and acts on no terminal', t => {
  const written: string[] = []
  const line = (msg: string): string => JSON.stringify({ level: 'error', time: '2026-01-01T00:00:00Z', trigger: 'file', msg })
  const log = prettyLog(text => written.push(text), true)
  log.write(line('refused: 1 error\n\x1b[1mgateway.yaml:1:2:\x1b[0m bad \x1b[2J\u009b2J\n\n1 error\n'))
  t.match(written.join(''), /refused: 1 error.*trigger.*\n\x1b\[1mgateway\.yaml:1:2:\x1b\[0m bad \\x1b\[2J\\x9b2J\n\n1 error\n$/) // eslint-disable-line no-control-regex
  log.write('no json\u0007')
  t.equal(written[1], 'no json\\x07\n')
  const plain = prettyLog(text => written.push(text), false)
  plain.write(line('a\n\x1b[1mb'))
  t.match(written[2], /\n\\x1b\[1mb\n$/)
  t.end()
})

t.test('a line of the access log is one for a person, and acts on no terminal', t => {
  const plain = createPainter(false, {})
  const record = { request: { method: 'GET', uri: '/a\u001b[2J' }, response: { status: 401 }, latencies: { request: 1.25 }, route: { name: null, id: 'id-of-it' }, consumer: { username: null, custom_id: 'c' }, end_reason: 'UNAUTHORIZED', ended_by: 'key-auth', error: 'no key' }
  t.equal(accessLine(JSON.stringify(record), plain), 'GET     401     1.3 ms  /a\\x1b[2J  id-of-it  as c  UNAUTHORIZED  by key-auth  no key')
  t.equal(accessLine('{"request":{"id":"x"}}', plain), '        0     0.0 ms    no route')
  t.equal(accessLine('no json\u0007', plain), 'no json\\x07')
  t.match(accessLine(JSON.stringify({ ...record, response: { status: 502 } }), createPainter(true, {})), '\x1b[1;31m502')
  const written: string[] = []
  const access = prettyAccess(line => written.push(line), plain)
  access.writeAscii('one\ntwo\n')
  access.writeLines(Buffer.from('three\n'))
  t.same(written, ['one\n', 'two\n', 'three\n'])
  t.end()
})
