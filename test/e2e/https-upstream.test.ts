import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { ask } from '../helpers/raw-client.ts'
import { OK, rawUpstream } from '../helpers/raw-upstream.ts'

const fixtures = join(packageRoot, 'test/fixtures/tls')
/** For upstream.test; signed by nobody but itself. */
const certificate = { key: readFileSync(join(fixtures, 'upstream.key')), cert: readFileSync(join(fixtures, 'upstream.crt')) }

/** Answers everything. */
async function tlsUpstream (t: Test): Promise<{ port: number, names: Array<string | false | null>, requests: string[] }> {
  const names: Array<string | false | null> = []
  const requests: string[] = []
  const server = createTlsServer(certificate, (socket: TLSSocket) => {
    names.push(socket.servername)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      requests.push(chunk.toString())
      socket.write(OK)
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return { port: (server.address() as AddressInfo).port, names, requests }
}

t.test('a certificate that nobody vouches for is a 502', async t => {
  const upstream = await tlsUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { service: { protocol: 'https', host: 'localhost', retries: 0 } })
  const { answer, client } = await ask(t, port, get())
  t.equal(statusOf(answer), 502)
  t.notMatch(client.text, /self|certificate|localhost/i)
  t.same(upstream.requests, [], 'not a byte of the request went out')
  await settled(server)
})

t.test('unless the service says tls_verify: false', async t => {
  const upstream = await tlsUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { service: { protocol: 'https', host: 'localhost', tls_verify: false } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 200)
  t.match(upstream.requests[0], new RegExp(`^host: localhost:${upstream.port}\r$`, 'm'))
  t.same(upstream.names, ['localhost'])
  await settled(server)
})

t.test('one service may verify and another not', async t => {
  const upstream = await tlsUpstream(t)
  const lax = await startHop(t, upstream.port, { service: { protocol: 'https', host: 'localhost', tls_verify: false } })
  const strict = await startHop(t, upstream.port, { service: { protocol: 'https', host: 'localhost', retries: 0 } })
  t.equal(statusOf((await ask(t, lax.port, get())).answer), 200)
  t.equal(statusOf((await ask(t, strict.port, get())).answer), 502)
  t.equal(statusOf((await ask(t, lax.port, get())).answer), 200)
})

t.test('the name of the handshake is the Host that is sent', async t => {
  const upstream = await tlsUpstream(t)
  const { port } = await startHop(t, upstream.port, { service: { protocol: 'https', tls_verify: false }, route: { preserve_host: true } })
  for (const host of ['one.test', 'two.test:8443', 'one.test']) t.equal(statusOf((await ask(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).answer), 200)
  t.same(upstream.names, ['one.test', 'two.test', 'one.test'], 'a connection is made anew for another name')
})

t.test('an upstream that speaks no TLS is a 502', async t => {
  const upstream = await rawUpstream(t, '', socket => { socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n') })
  const { server, port } = await startHop(t, upstream.port, { service: { protocol: 'https', host: 'localhost', retries: 0 } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 502)
  await settled(server)
})

t.test('an upstream that never finishes its TLS handshake is a 504 after connect_timeout', async t => {
  const upstream = await plainUpstream(t, socket => { socket.on('data', () => {}) })
  const { server, port } = await startHop(t, upstream, { service: { protocol: 'https', host: 'localhost', retries: 0, connect_timeout: 300 } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 504)
  await settled(server)
})

// docs/limits.md: Node says the same of both ends
t.test('an answer that ends with its TLS connection counts as whole, however that ended', async t => {
  for (const how of ['as TLS has it', 'without close_notify']) {
    const connections: Socket[] = []
    const server = createTlsServer(certificate, socket => {
      socket.on('error', () => {})
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nok')
        if (how === 'as TLS has it') socket.end()
        else connections[0]?.end()
      })
    }).on('connection', socket => { connections.push(socket) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => { server.close() })
    const hop = await startHop(t, (server.address() as AddressInfo).port, { service: { protocol: 'https', host: 'localhost', tls_verify: false } })
    const { answer } = await ask(t, hop.port, get())
    t.equal(answer.body.toString(), 'ok', how)
    await settled(hop.server)
  }
})
