import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
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
  rmSync(path.dirname(file), { recursive: true })
  writer.reopen()
  writer.write('c\n')
  await writer.flush()
  t.equal(writer.counts.failed, 1)
  const large = 'x'.repeat(5 * 1024 * 1024)
  writer.write(large)
  writer.write(large)
  t.equal(writer.counts.dropped, 1)
  await writer.close()
})

t.test('workers write to one file, and SIGUSR1 reaches them', async t => {
  const port = await upstream(t, (_request, response) => response.end('hello'))
  const directory = folder(t)
  const file = path.join(directory, 'x.log')
  chmodSync(directory, 0o755)
  const gateway = await startProcess(t, gatewayYaml(port, { workers: 2, log: { level: 'info', access: false } }, `plugins: [{ name: file-log, config: { path: ${file} } }]\n`))
  for (let index = 0; index < 6; index++) await ask(gateway.port, `/${index}`)
  await until('six lines', () => linesOf(file).length === 6)
  renameSync(file, `${file}.moved`)
  gateway.child.kill('SIGUSR1')
  await gateway.logged(/log files are opened again/)
  await ask(gateway.port, '/after')
  await until('it is in the new file', () => linesOf(file).some(({ request }) => request.uri === '/after'))
  t.equal(linesOf(`${file}.moved`).length, 6)
})
