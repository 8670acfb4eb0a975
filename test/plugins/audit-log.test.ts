import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import auditLog from '../../plugins/audit-log/index.ts'
import { HashChain } from '../../src/log-kit/hash-chain.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { runCli } from '../helpers/cli.ts'
import { until } from '../helpers/running.ts'

const SECRET = 'a-secret-of-the-chain'

function folder (t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'sallyport-audit-'))
  t.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const linesOf = (file: string): string[] => existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(line => line !== '') : []

/** The exit code and what it says. */
async function verify (file: string, secret: string | null = SECRET): Promise<[number, string]> {
  const { code, stdout } = await runCli(['audit-log', 'verify', file, ...secret === null ? [] : ['--secret-env', 'S']], secret === null ? {} : { env: { S: secret } })
  return [code, stdout]
}

t.test('who did what, when, with what outcome; over two runs of the gateway', async t => {
  const file = path.join(folder(t), 'audit.log')
  const options = { plugin: auditLog, config: { path: file, secret: SECRET, methods: ['POST'] }, consumer: { username: 'ann' }, upstream: () => ({ status: 201 }) }
  const first = await testPlugin(options)
  await first.request({ method: 'POST', path: '/orders?token=s3cret-value' })
  await first.request('/orders')
  await until('its record', () => linesOf(file).length === 3)
  await first.close()
  const second = await testPlugin(options)
  await second.request({ method: 'POST', path: '/again' })
  await until('its record', () => linesOf(file).length === 7)

  const records = linesOf(file).map(line => JSON.parse(line) as Record<string, unknown>)
  t.same(records.map(({ event }) => event), ['start', 'configuration', 'request', 'end', 'start', 'configuration', 'request'])
  t.match(records[2], { who: { consumer: 'ann', client_ip: '127.0.0.1' }, what: { method: 'POST', uri: '/orders?token=REDACTED', route: 'route', service: 'service' }, outcome: { status: 201, end_reason: '-', ended_by: null }, time: /^\d{4}-/, request_id: /^\w{32}$/ })
  t.equal(records[4]?.['after'], records[3]?.['hash'], 'a chain holds on to the one before')
  t.match(records[1]?.['sha256'], /^[0-9a-f]{64}$/)
  t.match(await verify(file), [0, /^7 records in 2 chains, 1 without an end: all as they were written\nlast record: [0-9a-f]{64}\n$/])
  await second.close()
  t.match(await verify(file), [0, /2 chains, 0 without an end/])
})

t.test('what was changed, taken out, put in or moved is found', async t => {
  const file = path.join(folder(t), 'audit.log')
  const written: string[] = []
  const chain = new HashChain(SECRET, line => written.push(line) > 0)
  chain.add('start', {})
  for (let index = 0; index < 4; index++) chain.add('request', { index })
  chain.add('end', {})
  const other: string[] = []
  new HashChain(SECRET, line => other.push(line) > 0).add('start', { after: (JSON.parse(written[5] as string) as { hash: string }).hash })
  const verdict = async (lines: readonly string[], secret: string | null = SECRET): Promise<[number, string]> => {
    writeFileSync(file, lines.join(''))
    return await verify(file, secret)
  }
  t.match(await verdict([...written, ...other]), [0, /all as they were written/])
  t.match(await verdict(written.map(line => line.replace('"index":2', '"index":7'))), [1, /audit\.log:4: error: was changed/])
  t.match(await verdict(written.filter((_, index) => index !== 2)), [1, /:3: error: 1 record of chain \w+ before it are gone/])
  t.match(await verdict(written.slice(2)), [1, /:1: error: chain \w+ has lost its beginning/])
  t.match(await verdict([...written.slice(0, 3), written[1] as string, ...written.slice(3)]), [1, /:4: error: does not follow/])
  t.match(await verdict([...written, written[5] as string]), [1, /:7: error: chain \w+ goes on after its end/])
  t.match(await verdict([...written.slice(0, 5), ...other]), [1, /:6: error: the records that its chain was begun after are gone/])
  t.match(await verdict(other), [1, /:1: error: the records that its chain was begun after are gone/])
  t.match(await verdict([...written, 'nonsense\n', '{"chain":1,"hash":"' + 'a'.repeat(64) + '"}\n', '{,"hash":"' + 'a'.repeat(64) + '"}\n']), [1, /3 faults/])
  t.match(await verdict(written, 'another-secret-than-that'), [1, /6 faults/])
  t.match(await verdict(written, null), [1, /written with another secret/])
  t.match(await verdict(written.slice(0, 4)), [0, /1 without an end/], 'a cut at the end looks like a process that runs')

  // half a line, of a process that was killed or a disk that was full, hides nothing that its chain does not tell
  const half = (written[4] as string).slice(0, -20)
  t.match(await verdict([...written.slice(0, 4), `${half}\n`, ...other]), [1, /:6: error: the records .* are gone[^]*1 cut short/])
  t.match(await verdict([...written.slice(0, 4), `${half}\n`, ...written.slice(4), ...other, '{"ch\n']), [0, /; 2 cut short: all as/], 'written again')
  t.match(await verdict([...written.slice(0, 4), half, ...written.slice(4), ...other]), [0, /; 1 cut short: all as/], 'another one went on behind it')
  t.match(await verdict([...written.slice(0, 4), `${half}\n`, ...written.slice(5)]), [1, /:6: error: 1 record of chain \w+ before it are gone/])
  t.match(await verdict(['junk', ...written]), [1, /:1: error: is no record/])

  // what the file alone can't tell: its last chain was taken out
  const last = (JSON.parse(other[0] as string) as { hash: string }).hash
  const known = async (hash: string): Promise<unknown> => {
    const { code, stdout, stderr } = await runCli(['audit-log', 'verify', file, '--secret-env', 'S', '--contains', hash], { env: { S: SECRET } })
    return [code, stdout + stderr]
  }
  await verdict([...written, ...other])
  t.match(await known(last), [0, new RegExp(`last record: ${last}`)])
  t.match(await verdict(written), [0, /0 without an end/])
  t.match(await known(last), [1, new RegExp(`:6: error: the record with the hash ${last} is gone`)])
  t.match(await known('abc'), [3, /64 hexadecimal digits/])

  await verdict(written.slice(0, 4))
  const json = await runCli(['audit-log', 'verify', file, '--secret-env', 'S', '--format', 'json'], { env: { S: SECRET } })
  t.match(JSON.parse(json.stdout), { version: 1, ok: true, records: 4, chains: 1, open: 1, lost: 0, faults: [] })
  t.match(await runCli(['audit-log', 'verify', file, '--secret-env', 'S']), { code: 3, stderr: /variable S is not set/ })
  t.match(await runCli(['audit-log', 'verify', path.join(path.dirname(file), 'none')]), { code: 3, stderr: /ENOENT/ })
})

t.test('records without room are left out, and counted in the next one', async t => {
  const file = path.join(folder(t), 'audit.log')
  const written: string[] = []
  let room = true
  const chain = new HashChain(null, line => {
    if (room) written.push(line)
    return room
  })
  chain.add('start', {})
  room = false
  chain.add('request', {})
  chain.add('request', {})
  t.equal(chain.lost, 2)
  room = true
  chain.add('end', {})
  writeFileSync(file, written.join(''))
  t.match(await verify(file, null), [0, /^2 records in 1 chain, 0 without an end; there was no room for 2 more: all as they were written\n/])
  writeFileSync(file, '')
  t.match(await verify(file, null), [1, /audit\.log:1: error: there are no records, not even that of a start/], 'one that was emptied')
})
