import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { endInOnePiece } from '../../src/proxy/one-piece.ts'
import { get } from '../helpers/hop.ts'
import { value } from '../helpers/http-messages.ts'
import { rawClient } from '../helpers/raw-client.ts'

/** A server that answers with this body, its head written before. */
async function serverOf (t: Test, body: Buffer): Promise<number> {
  const server = createServer((_, response) => {
    response.writeHead(200, 'Fine', ['X-Name', 'caf\u00e9', 'Content-Length', String(body.length)])
    endInOnePiece(response, body)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

for (const [name, body] of [
  ['every byte', EVERY_BYTE],
  ['one byte', Buffer.from([255])],
  ['the longest that goes with the head', Buffer.alloc(4_096, EVERY_BYTE)],
  ['a longer one', Buffer.alloc(4_097, EVERY_BYTE)],
  ['a long one', Buffer.alloc(300_000, EVERY_BYTE)]
] as const) {
  t.test(`a body arrives as it was, and the connection serves the next request: ${name}`, async t => {
    const client = await rawClient(t, await serverOf(t, body))
    for (let number = 1; number <= 2; number++) {
      client.send(get())
      const answer = await client.answer(number)
      t.ok(answer.body.equals(body))
      t.equal(value(answer, 'x-name'), 'caf\u00e9')
    }
  })
}

t.test('a short answer is one write', async t => {
  const port = await serverOf(t, Buffer.from('short'))
  const client = await rawClient(t, port)
  let pieces = 0
  client.socket.on('data', () => { pieces++ })
  client.send(get())
  await client.answer()
  t.equal(pieces, 1)
})
