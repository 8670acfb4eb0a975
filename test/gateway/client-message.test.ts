import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { ClientMessage } from '../../src/gateway/listener/client-message.ts'

interface Asked { raw: ClientMessage, response: ServerResponse }

/** A server that hands each request to the test, and a connection to it. */
async function connected (t: Test) {
  const server = createServer({ IncomingMessage: ClientMessage }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
    server.close()
    server.closeAllConnections()
  })
  let said = ''
  socket.on('data', chunk => { said += String(chunk) })
  const next = async (): Promise<Asked> => {
    const [raw, response] = await once(server, 'request') as [ClientMessage, ServerResponse]
    return { raw, response }
  }
  return { server, socket, next, said: () => said }
}

const head = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

t.test('hands over a body that comes in one packet with its head, and one that comes in pieces', async t => {
  const { server, socket, said } = await connected(t)
  const bodies: string[] = []
  server.on('request', (raw: ClientMessage, response: ServerResponse) => {
    raw.takeBody(body => {
      bodies.push(body.toString())
      response.end(`got ${body.length}`)
    })
  })
  socket.write(`${head(5)}whole`)
  while (!said().includes('got 5')) await once(socket, 'data')
  const asked = once(server, 'request')
  socket.write(`${head(9)}in `)
  await asked
  socket.write('three ')
  // a packet of its own
  await new Promise(resolve => setImmediate(resolve))
  socket.write(' ')
  while (!said().includes('got 9')) await once(socket, 'data')
  // the length that was announced is the length that is read
  t.strictSame(bodies, ['whole', 'in three '])
})

t.test('a body of which something has come already stays a stream', async t => {
  const { socket, next } = await connected(t)
  socket.write(`${head(5)}wh`)
  const { raw, response } = await next()
  while (raw.readableLength === 0) await new Promise(resolve => setImmediate(resolve))
  t.equal(raw.takeBody(() => t.fail('it is a stream')), false)
  socket.write('ole')
  const chunks = await raw.toArray() as Buffer[]
  t.equal(Buffer.concat(chunks).toString(), 'whole')
  response.end()
})

t.test('nobody is told of a body whose client leaves', async t => {
  const { server, socket } = await connected(t)
  const closed = new Promise<ClientMessage>(resolve => {
    server.once('request', (raw: ClientMessage, response: ServerResponse) => {
      t.ok(raw.takeBody(() => t.fail('the client had left')))
      response.once('close', () => resolve(raw))
      socket.destroy()
    })
  })
  socket.write(`${head(5)}wh`)
  t.ok((await closed).destroyed)
})

t.test('nobody is told of a body that comes after the answer, and the connection serves the next request', async t => {
  const { server, socket, said } = await connected(t)
  server.once('request', (raw: ClientMessage, response: ServerResponse) => {
    t.ok(raw.takeBody(() => t.fail('it was answered before')))
    response.end('early')
  })
  socket.write(`${head(5)}wh`)
  while (!said().includes('early')) await once(socket, 'data')
  server.once('request', (_raw: ClientMessage, response: ServerResponse) => response.end('again'))
  socket.write(`ole${head(0)}`)
  while (!said().includes('again')) await once(socket, 'data')
  t.equal(said().split('HTTP/1.1 200').length, 3)
})
