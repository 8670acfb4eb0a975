import { createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { letEndWait } from '../../src/proxy/late-end.ts'

const PART = 50_000

/** An upstream that answers with these fields and two parts, and ends its side right after the second. */
async function upstream (t: Test, fields: string, sent = 2): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n${'x'.repeat(PART)}`)
      // apart, so that the second part is read while the reader of the first one is slow
      setTimeout(() => socket.end(sent === 2 ? 'y'.repeat(PART) : ''), 20)
    })
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Reads each piece late. @returns bytes of the body, or the code of the error */
async function readLate (t: Test, port: number): Promise<number | string> {
  const client = new Client(`http://127.0.0.1:${port}`, { connect: letEndWait(buildConnector({})), pipelining: 2 })
  t.teardown(() => client.destroy())
  return await new Promise(resolve => {
    let resume = (): void => {}
    let bytes = 0
    const handler: Dispatcher.DispatchHandler = {
      onConnect () {},
      onHeaders (_status, _headers, goOn) {
        resume = goOn
        return true
      },
      onData (chunk) {
        // a parser that was paused goes on with an empty piece
        if (chunk.length === 0) return true
        bytes += chunk.length
        setTimeout(() => resume(), 100)
        return false
      },
      onComplete () { resolve(bytes) },
      onError (error) { resolve((error as NodeJS.ErrnoException).code ?? error.message) }
    }
    client.dispatch({ path: '/', method: 'GET' }, handler)
  })
}

t.test('an answer whose connection ends while its reader is slow is whole', async t => {
  for (const fields of ['Connection: close\r\n', `Connection: close\r\nContent-Length: ${2 * PART}\r\n`, `Content-Length: ${2 * PART}\r\n`]) {
    t.equal(await readLate(t, await upstream(t, fields)), 2 * PART, fields)
  }
})

t.test('one that is cut is an error', async t => {
  for (const fields of [`Connection: close\r\nContent-Length: ${2 * PART}\r\n`, `Content-Length: ${2 * PART}\r\n`, 'Transfer-Encoding: chunked\r\n\r\nffffff']) {
    t.type(await readLate(t, await upstream(t, fields, 1)), 'string', fields)
  }
})
