import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { ClientMessage } from '../../src/gateway/listener/client-message.ts'
import { skipEmptyBody } from '../../src/gateway/listener/empty-request.ts'
import { get } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'

/** A server that marks its requests and remembers them; answers with what it read of the body. */
async function server (t: Test): Promise<{ port: number, requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer({ IncomingMessage: ClientMessage }, (raw, response) => {
    requests.push(raw)
    skipEmptyBody(raw)
    if (raw.readableEnded) {
      response.end('nothing')
      return
    }
    let text = ''
    raw.on('data', chunk => { text += String(chunk) })
    raw.on('end', () => response.end(text))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

t.test('a request without a body has ended when it is handed on, and its connection serves the next', async t => {
  const { port, requests } = await server(t)
  const client = await rawClient(t, port)
  for (let number = 1; number <= 3; number++) {
    client.send(get())
    t.equal((await client.answer(number)).body.toString(), 'nothing')
  }
  t.equal(requests.length, 3)
  t.ok(requests.every(raw => raw.complete && raw.readableEnded))
})

t.test('a body is read as ever, whatever its framing', async t => {
  const { port } = await server(t)
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc')
  t.equal((await client.answer(1)).body.toString(), 'abc')
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n')
  t.equal((await client.answer(2)).body.toString(), 'de')
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 0\r\n\r\n')
  t.equal((await client.answer(3)).body.toString(), 'nothing')
})
