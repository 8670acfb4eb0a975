import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { writeAnswer } from '../../src/proxy/answer-writer.ts'
import { get } from '../helpers/hop.ts'
import { value } from '../helpers/http-messages.ts'
import { rawClient } from '../helpers/raw-client.ts'

const DATE = 'Sun, 22 Nov 2026 11:00:00 GMT'

/** A server that answers with this body and these fields beside its length. */
async function serverOf (t: Test, body: Buffer | null, fields: string[] = ['X-Name', 'caf\u00e9', 'Date', DATE], status = 200): Promise<number> {
  const server = createServer((_, response) => {
    writeAnswer(response, status, 'Fine', [...fields, 'Content-Length', String(body?.length ?? 0)], body, body?.length ?? 0)
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
