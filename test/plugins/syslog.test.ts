import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import syslog from '../../plugins/syslog/index.ts'
import { type PluginTest, testPlugin } from '../../src/testing/index.ts'
import { receiver } from '../helpers/datagrams.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { until } from '../helpers/running.ts'

const MESSAGE = /^<(\d+)>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ (\S+) \d+ access - (\{.*\})$/

t.test('a message of RFC 5424 each, with a severity by its status; the less severe ones stay', async t => {
  const { port, messages } = await receiver(t)
  const run = await testPlugin(t, {
    plugin: syslog,
    config: { port, facility: 'local0', ident: 'kong', log_level: 'notice', client_errors_severity: 'notice', server_errors_severity: 'err', custom_fields: { tenant: 'acme' }, queue: { max_coalescing_delay: 0.01 } },
    upstream: request => ({ status: Number(request.path.slice(1)) })
  })
  for (const status of [200, 404, 503]) await run.request(`/${status}`)
  await until('two messages', () => messages.length === 2)
  const [missing, failed] = messages.map(message => MESSAGE.exec(message))
  // local0 is 16
  t.same([missing?.[1], missing?.[2], failed?.[1]], [String(16 * 8 + 5), 'kong', String(16 * 8 + 3)])
  t.match(JSON.parse(failed?.[3] as string), { response: { status: 503 }, tenant: 'acme' })
})

t.test('what is longer than a server takes is made shorter, and stays JSON', async t => {
  const { port, messages } = await receiver(t)
  const run = await testPlugin(t, { plugin: syslog, config: { port, max_length: 2048, custom_fields: { kept: '$(request.headers.x-kept)' }, queue: { max_coalescing_delay: 0.01 } } })
  const forged = `${'x'.repeat(3000)} <14>1 - evil`
  await run.request({ path: '/headers', headers: { 'x-long': forged, 'x-kept': 'yes' } })
  await run.request({ path: `/path${'y'.repeat(3000)}` })
  await run.request({ path: '/field', headers: { 'x-kept': forged } })
  await until('three messages', () => messages.length === 3)
  for (const message of messages) t.ok(message.length <= 2048 && !message.includes('evil'))
  const [headers, path, field] = messages.map(message => JSON.parse(MESSAGE.exec(message)?.[3] as string) as Record<string, unknown>)
  t.match(headers, { request: { uri: '/headers', headers: {} }, kept: 'yes', shortened: true, end_reason: '-' })
  t.match(path, { request: { uri: `/path${'y'.repeat(251)}` }, response: { status: 200 }, shortened: true, end_reason: '-' })
  t.match(field, { request: { uri: '/field' }, shortened: true })
  t.notOk('kept' in (field as object))
})

t.test('over TCP each message has its length before it', async t => {
  let text = ''
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('data', chunk => { text += String(chunk) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const run = await testPlugin(t, { plugin: syslog, config: { protocol: 'tcp', port: (server.address() as AddressInfo).port, queue: { max_coalescing_delay: 0.01 } } })
  await run.request('/ä'.replace('ä', '%C3%A4'))
  await run.request('/b')
  const read = (): string[] => {
    const found: string[] = []
    for (let rest = text; rest !== '';) {
      const space = rest.indexOf(' ')
      const end = space + 1 + Number(rest.slice(0, space))
      found.push(rest.slice(space + 1, end))
      rest = rest.slice(end)
    }
    return found
  }
  await until('both', () => text.includes('"/b"') && read().length === 2)
  for (const message of read()) t.match(message, MESSAGE)
})

t.test('over TLS the same, and nothing goes to a server that nobody vouches for', async t => {
  const { cert, key } = makeCertificate('localhost', { names: ['localhost'] })
  let text = ''
  let handshakes = 0
  const server = createTlsServer({ cert, key }, socket => {
    handshakes++
    socket.setEncoding('utf8').on('data', chunk => { text += String(chunk) })
    socket.on('error', () => {})
  })
  server.on('tlsClientError', () => { handshakes++ })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const start = async (verify: boolean): Promise<PluginTest> => await testPlugin(t, { plugin: syslog, config: { protocol: 'tls', host: 'localhost', port: (server.address() as AddressInfo).port, ssl_verify: verify, queue: { max_coalescing_delay: 0.01, max_retry_time: 0.05 } } })
  const strict = await start(true)
  await strict.request('/secret')
  await until('it was tried', () => handshakes > 0)
  t.equal(text, '')
  const lax = await start(false)
  await lax.request('/a')
  await until('the message', () => text.includes('/a'))
  t.match(text, /^\d+ <\d+>1 /)
  t.notMatch(text, /secret/)
})
