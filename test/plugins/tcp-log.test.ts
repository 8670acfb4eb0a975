import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import t, { type Test } from 'tap'
import tcpLog from '../../plugins/tcp-log/index.ts'
import { LineSocket } from '../../src/log-kit/line-socket.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { until } from '../helpers/running.ts'

async function lineServer (t: Test, tls?: { key: string, cert: string }): Promise<{ port: number, sockets: Socket[], text: () => string }> {
  const sockets: Socket[] = []
  let text = ''
  const take = (socket: Socket): void => {
    sockets.push(socket)
    socket.on('data', chunk => { text += String(chunk) }).on('error', () => {})
  }
  const server: Server = tls === undefined ? createServer(take) : createTls(tls, take)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, text: () => text }
}

const FAST = { max_coalescing_delay: 0.01, initial_retry_delay: 0.01, max_retry_delay: 0.02 }
const uris = (text: string): string[] => text.split('\n').slice(0, -1).map(line => (JSON.parse(line) as { request: { uri: string } }).request.uri)

t.test('lines over one connection, and over a new one when that was closed', async t => {
  const { port, sockets, text } = await lineServer(t)
  const run = await testPlugin(t, { plugin: tcpLog, config: { host: '127.0.0.1', port, queue: FAST, custom_fields: { tenant: 'acme' } } })
  await run.request('/a')
  await run.request('/b')
  await until('both', () => uris(text()).length === 2)
  t.equal(sockets.length, 1)
  t.match(JSON.parse(text().split('\n')[0] as string), { tenant: 'acme', end_reason: '-' })
  const closed = new Promise(resolve => { sockets[0]?.once('close', resolve) })
  sockets[0]?.end()
  await closed
  await run.request('/c')
  await until('the third', () => uris(text()).length === 3)
  t.same(uris(text()), ['/a', '/b', '/c'])
})

t.test('TLS, verified unless told otherwise; an idle connection goes', async t => {
  const { port, sockets, text } = await lineServer(t, makeCertificate('logs', { names: ['logs.example'] }))
  const strict = new LineSocket({ host: '127.0.0.1', port, timeout: 5000, keepalive: 1000, tls: { name: 'logs.example', verify: true } })
  await t.rejects(strict.send(Buffer.from('no\n')), /self.signed|certificate/)
  const run = await testPlugin(t, { plugin: tcpLog, config: { host: '127.0.0.1', port, tls: true, tls_sni: 'logs.example', ssl_verify: false, keepalive: 0, queue: FAST } })
  await run.request('/a')
  await until('it', () => text() !== '')
  t.same(uris(text()), ['/a'])
  await until('the connection is closed', () => sockets.every(socket => socket.closed || socket.readableEnded))
})

t.test('a server that is not there', async t => {
  const refused = new LineSocket({ host: '127.0.0.1', port: 1, timeout: 5000, keepalive: 0, tls: null })
  await t.rejects(refused.send(Buffer.from('x')), { code: 'ECONNREFUSED' })
})

t.test('what a connection that nobody serves has taken is sent again', async t => {
  let serves = false
  let text = ''
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {}).on('data', chunk => {
      if (serves) text += String(chunk)
      else socket.resetAndDestroy()
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const run = await testPlugin(t, { plugin: tcpLog, config: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, queue: FAST } })
  await run.request('/a')
  await until('it was reset twice', () => sockets.length > 2)
  serves = true
  await until('it arrives', () => text !== '')
  t.same(uris(text), ['/a'])
})
