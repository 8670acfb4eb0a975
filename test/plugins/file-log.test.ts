import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import fileLog from '../../plugins/file-log/index.ts'
import { LogFile } from '../../src/log-kit/log-file.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

function folder (t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'sallyport-file-log-'))
  t.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

interface Line { readonly request: { readonly uri: string, readonly headers: Record<string, string> }, readonly [field: string]: unknown }

const linesOf = (file: string): Line[] => existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(text => text !== '').map(text => JSON.parse(text) as Line) : []

t.test('each request is a line, with fields of its own and without secrets, also where the access log is off', async t => {
  const file = path.join(folder(t), 'x.log')
  const run = await testPlugin(t, {
    plugin: fileLog,
    config: { path: file, custom_fields: { tenant: '$(request.headers.x-tenant)' }, custom_fields_by_lua: { who: 'return ngx.var.http_authorization' } },
    gateway: { log: { access: false } },
    upstream: () => ({ status: 201 })
  })
  await run.request({ path: '/a?token=s3cret-value', headers: { 'x-tenant': 'acme', authorization: 'Bearer s3cret-value' } })
  await until('its line', () => linesOf(file).length === 1)
  t.match(linesOf(file)[0], { request: { uri: '/a?token=REDACTED', headers: { authorization: 'REDACTED' } }, response: { status: 201 }, end_reason: '-', tenant: 'acme', who: 'REDACTED' })
  t.notMatch(readFileSync(file, 'utf8'), /s3cret/)
  t.equal(statSync(file).mode & 0o777, 0o640)
})

t.test('a file that can\'t be opened, and Lua that is not read, are errors of the configuration', async t => {
  await t.rejects(testPlugin({ plugin: fileLog, config: { path: '/nonexistent/x.log' } }), /file-log.*ENOENT/)
  await t.rejects(testPlugin({ plugin: fileLog, config: { path: 'x.log', custom_fields_by_lua: { a: 'os.exit()' } } }), /Lua is not run here/)
  await t.rejects(testPlugin({ plugin: fileLog, config: { path: 'x*.log' } }), /path/)
  await t.rejects(testPlugin({ plugin: fileLog, config: { path: '/dev/stdout', max_size: 1 } }), /max_size/)
  const pipe = path.join(folder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  await t.rejects(testPlugin({ plugin: fileLog, config: { path: pipe } }), /ENXIO/, 'a pipe that nobody reads')
})

const log = { warn () {} } as never

t.test('a file that is long is put aside, and as many are kept as shall be', async t => {
  const file = path.join(folder(t), 'x.log')
  const writer = new LogFile(file, { maxSize: 10, maxFiles: 2 }, log)
  for (const line of ['first-line\n', 'second-line\n', 'third-line\n', 'fourth-line\n']) {
    writer.write(line)
    await writer.flush()
  }
  t.same([file, `${file}.1`, `${file}.2`].map(name => readFileSync(name, 'utf8')), ['fourth-line\n', 'third-line\n', 'second-line\n'])
  t.notOk(existsSync(`${file}.3`))
  t.same(writer.counts, { sent: 4, dropped: 0, failed: 0 })

  // another process is at it: it will be put aside by that one
  writeFileSync(`${file}.lock`, '')
  writer.write('fifth-line\n')
  await writer.flush()
  t.equal(readFileSync(file, 'utf8'), 'fourth-line\nfifth-line\n')
  // or has died over it
  utimesSync(`${file}.lock`, 1, 1)
  for (const line of ['6\n', '7\n']) {
    writer.write(line)
    await writer.flush()
  }
  t.equal(readFileSync(file, 'utf8'), '7\n')
  writer.configure({ maxSize: 1, maxFiles: 0 })
  writer.write('8\n')
  await writer.flush()
  t.equal(readFileSync(file, 'utf8'), '8\n', 'none is kept')
  await writer.close()
})

t.test('a file that was moved is opened anew, and what can\'t be written is counted', async t => {
  const file = path.join(folder(t), 'x.log')
  const writer = new LogFile(file, { maxSize: 0, maxFiles: 1 }, log)
  await writer.ready()
  writer.write('a\n')
  await writer.flush()
  renameSync(file, `${file}.moved`)
  writer.reopen()
  writer.write('b\n')
  await writer.flush()
  t.equal(readFileSync(file, 'utf8'), 'b\n')
  await writer.close()
})

t.test('lines wait while the file takes none, up to a bound; what is too much, or too late, is counted and told', async t => {
  const directory = folder(t)
  const file = path.join(directory, 'x.log')
  const told: unknown[][] = []
  const writer = new LogFile(file, { maxSize: 0, maxFiles: 1 }, { warn: (...words: unknown[]) => { told.push(words) } } as never)
  await writer.ready()
  rmSync(directory, { recursive: true })
  writer.reopen()
  writer.write('a\n')
  await writer.flush()
  t.equal(writer.length, 1)
  await t.rejects(writer.ready(), { code: 'ENOENT' }, 'a reload says so')
  const large = `${'x'.repeat(5 * 1024 * 1024)}\n`
  t.ok(writer.write(large))
  t.notOk(writer.write(large))
  mkdirSync(directory)
  await until('both are there', () => existsSync(file) && statSync(file).size === large.length + 2)
  await writer.flush()
  t.same(writer.counts, { sent: 2, dropped: 1, failed: 0 })
  t.match(told.map(([, message]) => message), ['the log file takes no lines: they wait', 'log lines are lost', 'the log file takes lines again'])

  rmSync(directory, { recursive: true })
  writer.reopen()
  writer.write('b\n')
  await writer.close()
  t.same(writer.counts, { sent: 2, dropped: 1, failed: 1 })
  t.match(told.at(-1), [{ failed: 1, file }, 'log lines are lost'])
})

t.test('a line that was cut short takes no other along', async t => {
  const file = path.join(folder(t), 'x.log')
  writeFileSync(file, 'whole\nhal')
  const writer = new LogFile(file, { maxSize: 0, maxFiles: 1 }, log)
  writer.write('a\n')
  await writer.flush()
  await writer.close()
  t.equal(readFileSync(file, 'utf8'), 'whole\nhal\na\n')
})

t.test('two that write much at once tear none of each other\'s lines', async t => {
  const file = path.join(folder(t), 'x.log')
  const writers = ['a', 'b'].map(letter => ({ letter, writer: new LogFile(file, { maxSize: 0, maxFiles: 1 }, log) }))
  for (const { writer } of writers) await writer.ready()
  for (const { letter, writer } of writers) for (let line = 0; line < 3000; line++) writer.write(`${letter.repeat(999)}\n`)
  await Promise.all(writers.map(async ({ writer }) => await writer.close()))
  t.same([...new Set(readFileSync(file, 'utf8').split('\n').map(line => `${line.length} ${[...new Set(line)].join('')}`))].sort(), ['0 ', '999 a', '999 b'])
})

t.test('a link stays where it is, and what can\'t be put aside grows on', async t => {
  const directory = folder(t)
  const [file, target] = [path.join(directory, 'x.log'), path.join(directory, 'target.log')]
  symlinkSync(target, file)
  const told: unknown[][] = []
  const writer = new LogFile(file, { maxSize: 2, maxFiles: 1 }, { warn: (...words: unknown[]) => { told.push(words) } } as never)
  for (const line of ['a\n', 'b\n']) {
    writer.write(line)
    await writer.flush()
  }
  t.same([target, `${target}.1`].map(name => readFileSync(name, 'utf8')), ['b\n', 'a\n'])
  t.ok(lstatSync(file).isSymbolicLink())
  rmSync(`${target}.1`)
  mkdirSync(`${target}.1`)
  writer.write('c\n')
  await writer.flush()
  await writer.close()
  t.equal(readFileSync(target, 'utf8'), 'b\nc\n')
  t.match(told, [[{ sent: 2, dropped: 0, failed: 0 }, 'the log file can\'t be put aside: it grows on']])
})

t.test('workers write to one file, or to standard output, and SIGUSR1 reaches them', async t => {
  const port = await upstream(t, (_request, response) => response.end('hello'))
  const directory = folder(t)
  const file = path.join(directory, 'x.log')
  chmodSync(directory, 0o755)
  const gateway = await startProcess(t, gatewayYaml(port, { workers: 2, log: { level: 'info', access: false } }, `  - name: out
    url: http://127.0.0.1:${port}
    routes: [{ name: out, paths: [/out], plugins: [{ name: file-log, config: { path: /dev/stdout } }] }]
plugins: [{ name: file-log, config: { path: ${file} } }]
`))
  for (let index = 0; index < 6; index++) await ask(gateway.port, `/${index}`)
  await until('six lines', () => linesOf(file).length === 6)
  renameSync(file, `${file}.moved`)
  gateway.child.kill('SIGUSR1')
  await gateway.logged(/log files are opened again/)
  await ask(gateway.port, '/after')
  await until('it is in the new file', () => linesOf(file).some(({ request }) => request.uri === '/after'))
  t.equal(linesOf(`${file}.moved`).length, 6)
  // a socket here, which has no name that could be opened
  await ask(gateway.port, '/out')
  await until('its line on standard output', () => gateway.access().length === 1)
  t.match(gateway.access(), [{ request: { uri: '/out' } }])
})
