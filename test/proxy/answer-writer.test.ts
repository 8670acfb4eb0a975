import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { writeAnswer } from '../../src/proxy/answer/answer-writer.ts'
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

t.test('answers are byte for byte what Node makes of the same head', async t => {
  const fields = ['Content-Type', 'text/plain', 'DATE', DATE]
  const cases: Array<[string, string[], number, string, Buffer | null]> = [
    ['as usual', fields, 200, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', Buffer.from('body')],
    ['the client wants to close', fields, 200, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', Buffer.from('body')],
    ['HTTP/1.0', fields, 200, 'GET / HTTP/1.0\r\n\r\n', Buffer.from('body')],
    ['HTTP/1.0 that keeps the connection', fields, 200, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', Buffer.from('body')],
    ['an odd status', fields, 799, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', Buffer.from('body')],
    ['HEAD', fields, 200, 'HEAD / HTTP/1.1\r\nHost: h\r\n\r\n', null],
    ['304', fields, 304, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', null],
    ['no body', fields, 200, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', null],
    ['the answer closes', [...fields, 'Connection', 'close'], 200, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', Buffer.from('body')],
    ['a field of the length of a special one', [...fields, 'X-Fields77', '1', 'X-Field', '2', 'X-Fie1', '3', 'X-Seventeen-Chars', '4'], 200, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', Buffer.from('body')],
    ['an upload that was never invited', fields, 200, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n', Buffer.from('body')]
  ]
  for (const [name, list, status, request, body] of cases) {
    const answers: string[] = []
    for (const own of [true, false]) {
      const length = body?.length ?? 0
      const server = createServer()
      const answer = (_: unknown, response: ServerResponse): void => {
        const complete = [...list, 'Content-Length', String(length)]
        if (own) writeAnswer(response, status, 'Fine', complete, body, length)
        else response.writeHead(status, 'Fine', complete as unknown as Record<string, string>).end(body)
      }
      server.on('request', answer).on('checkContinue', answer).listen(0, '127.0.0.1')
      server.keepAliveTimeout = 0
      await new Promise(resolve => server.once('listening', resolve))
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.end(request)
      let text = ''
      for await (const chunk of socket) text += (chunk as Buffer).toString('latin1')
      answers.push(text)
      server.close()
    }
    t.match(answers[0], /^HTTP\/1\.1 /, name)
    t.equal(answers[0], answers[1], name)
  }
})

t.test('without a Date, Node adds its own', async t => {
  const client = await rawClient(t, await serverOf(t, Buffer.from('body'), ['X-Name', '1']))
  client.send(get())
  const answer = await client.answer()
  t.match(value(answer, 'date'), / GMT$/)
  t.equal(answer.body.toString(), 'body')
})

t.test('a short answer is one write', async t => {
  const port = await serverOf(t, Buffer.from('short'))
  const client = await rawClient(t, port)
  let pieces = 0
  client.socket.on('data', () => { pieces++ })
  client.send(get())
  await client.answer()
  t.equal(pieces, 1)
})
