import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { HttpSender } from '../../src/plugin.ts'

/** A sender to a server that answers like this. */
async function start (t: Test, answer: (request: IncomingMessage, response: ServerResponse, body: string) => void, headers: Record<string, string> = {}, more: object = {}) {
  const connections = new Set<number | undefined>()
  const server = createServer((request, response) => {
    connections.add(request.socket.remotePort)
    let body = ''
    request.on('data', chunk => { body += chunk }).on('end', () => answer(request, response, body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sender = new HttpSender({ url: new URL(`http://127.0.0.1:${port}/in?x=1`), headers, longest: 100, ...more })
  t.teardown(() => {
    sender.close()
    server.close()
    server.closeAllConnections()
  })
  return { sender, port, connections }
}

const bytes = Buffer.from('a body')

t.test('posts bytes, one after the other on one connection', async t => {
  const seen: unknown[] = []
  const { sender, port, connections } = await start(t, ({ method, url, headers }, response, body) => {
    seen.push({ method, url, headers, body })
    response.writeHead(202, { 'Retry-After': '7' }).end('taken')
  }, { 'X-Key': 'k', Connection: 'close', 'Content-Length': '9' })
  for (let index = 0; index < 2; index++) {
    const { status, fields, body, error } = await sender.send(bytes, 5_000)
    t.strictSame([status, String(body), error], [202, 'taken', null])
    t.strictSame(fields.slice(0, 2), ['Retry-After', '7'])
    // a connection is taken again when the loop has looked at it once
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.strictSame(seen, Array(2).fill({ method: 'POST', url: '/in?x=1', headers: { host: `127.0.0.1:${port}`, 'x-key': 'k', connection: 'keep-alive', 'content-length': '6' }, body: 'a body' }))
  t.equal(connections.size, 1)
})

t.test('with another method, and a connection for each', async t => {
  const { sender, connections } = await start(t, ({ method }, response) => { response.end(method) }, {}, { method: 'PUT', idle: 0 })
  for (let index = 0; index < 2; index++) t.equal(String((await sender.send(bytes, 5_000)).body), 'PUT')
  t.equal(connections.size, 2)
})

t.test('the Host field may be said', async t => {
  const { sender } = await start(t, ({ headers }, response) => { response.end(headers.host) }, { Host: 'logs.test' })
  t.equal(String((await sender.send(bytes, 5_000)).body), 'logs.test')
})

t.test('an answer that is too long, breaks off, or does not come in time, leaves its status and says why', async t => {
  for (const [answer, status, error] of [
    [(_: unknown, response: ServerResponse) => { response.end('x'.repeat(101)) }, 200, 'its answer is too long'],
    [(_: unknown, response: ServerResponse) => { response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()) }, 200, /./],
    [() => {}, null, 'no answer in time'],
    [(_: unknown, response: ServerResponse) => { response.writeHead(201).write('x') }, 201, 'no answer in time'],
    [(_: unknown, response: ServerResponse) => { response.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end() }, null, /./]
  ] as const) {
    const { sender } = await start(t, answer)
    const sent = await sender.send(bytes, 300)
    t.equal(sent.status, status)
    t.equal(sent.body, null)
    t.match(sent.error, { message: error })
  }
})

t.test('nobody listens, and a field that may not be sent', async t => {
  const { sender } = await start(t, () => {}, { 'X-Key': 'a\nb' })
  t.match(await sender.send(bytes, 300), { status: null, body: null, error: { code: 'UND_ERR_INVALID_ARG' } })
  const nowhere = new HttpSender({ url: new URL('http://127.0.0.1:1/'), headers: {}, longest: 1 })
  t.match(await nowhere.send(bytes, 2_000), { status: null, body: null, error: { code: 'ECONNREFUSED' } })
})

t.test('closing cuts what is under way', async t => {
  const { sender } = await start(t, () => sender.close())
  t.match(await sender.send(bytes, 5_000), { status: null, body: null, error: Error })
})
