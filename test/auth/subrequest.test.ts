import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { until } from '../helpers/running.ts'
import { SubrequestError, Subrequests, type SubrequestOptions } from '../../src/auth/subrequest.ts'

/** An authority that writes bytes. `answer` gets the number of the connection and of the request on it, from 1. */
async function authority (t: Test, answer: (socket: Socket, connection: number, request: number) => void): Promise<{ port: number, heads: string[], connections: () => number }> {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    const connection = sockets.size
    let text = ''
    let requests = 0
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        heads.push(text.slice(0, end))
        text = text.slice(end + 4)
        answer(socket, connection, ++requests)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, heads, connections: () => sockets.size }
}

function asking (t: Test, port: number, options: Partial<SubrequestOptions> = {}): Subrequests {
  const subrequests = new Subrequests({ url: new URL(`http://127.0.0.1:${port}/check?a=1`), timeout: 2_000, limit: 100, verify: true, ...options })
  t.teardown(async () => await subrequests.close())
  return subrequests
}

/** Until a connection can have the next request: the end of this turn of the event loop, and of one that has read. */
const turn = async () => await new Promise(resolve => { setImmediate(() => setImmediate(resolve)) })

t.test('asks with GET and the given fields, and keeps the connection', async t => {
  const there = await authority(t, socket => socket.write('HTTP/1.1 204 No Content\r\nX-User: ada\r\nX-User: \xe9\r\n\r\n', 'latin1'))
  const subrequests = asking(t, there.port)
  const answer = await subrequests.ask(['Cookie', 'a=1', 'X-Team', '\xe9'])
  t.equal(answer.status, 204)
  t.equal(answer.body, null)
  t.same(answer.headers.getAll('x-user'), ['ada', '\xe9'], 'bytes as they were')
  t.match(there.heads[0], /^GET \/check\?a=1 HTTP\/1\.1\r\n/)
  t.match(there.heads[0], new RegExp(`\\r\\nhost: 127\\.0\\.0\\.1:${there.port}\\r\\n`, 'i'))
  t.match(there.heads[0], /\r\nCookie: a=1\r\nX-Team: \xe9$/m)
  await turn()
  await subrequests.ask([])
  t.equal(there.connections(), 1)
})

t.test('a refusal has its body, up to the limit', async t => {
  const there = await authority(t, (socket, _connection, request) => {
    const body = 'x'.repeat(request === 1 ? 100 : 101)
    socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })
  const subrequests = asking(t, there.port)
  t.equal((await subrequests.ask([])).body?.length, 100)
  await turn()
  const long = await subrequests.ask([])
  t.equal(long.status, 403)
  t.equal(long.body, null)
})

t.test('a redirect is an answer', async t => {
  const there = await authority(t, socket => socket.write('HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n'))
  const answer = await asking(t, there.port).ask([])
  t.equal(answer.status, 302)
  t.equal(there.heads.length, 1)
})

t.test('an interim answer is none', async t => {
  const there = await authority(t, socket => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'))
  t.equal((await asking(t, there.port).ask([])).status, 401)
})

t.test('a connection that was closed meanwhile is tried once more, on another', async t => {
  const there = await authority(t, (socket, connection) => {
    if (connection === 1) socket.destroy()
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  t.equal((await asking(t, there.port).ask([])).status, 200)
  t.equal(there.heads.length, 2)
})

t.test('and no more often than that', async t => {
  const there = await authority(t, socket => { socket.destroy() })
  await t.rejects(asking(t, there.port).ask([]), SubrequestError)
  t.equal(there.heads.length, 2)
})

const silent: ReadonlyArray<readonly [string, (socket: Socket) => void]> = [
  ['says nothing', () => {}],
  ['stops in its head', socket => { socket.write('HTTP/1.1 200 OK\r\nX-A: 1\r\n') }],
  ['stops in its body', socket => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab') }]
]
for (const [what, answer] of silent) {
  t.test(`an authority that ${what} is given up in time`, async t => {
    const there = await authority(t, answer)
    const start = performance.now()
    await t.rejects(asking(t, there.port, { timeout: 100 }).ask([]), { message: 'no answer in time' })
    t.ok(performance.now() - start < 20_000)
    t.equal(there.heads.length, 1, 'and not asked again')
  })
}

const garbage: ReadonlyArray<readonly [string, string]> = [
  ['no HTTP', 'hello\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a head that never ends', `HTTP/1.1 200 OK\r\n${'X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(3_000)}`],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n']
]
for (const [what, bytes] of garbage) {
  t.test(`${what} is no answer`, async t => {
    const there = await authority(t, socket => { socket.write(bytes) })
    await t.rejects(asking(t, there.port).ask([]), SubrequestError)
  })
}

t.test('a body that is cut is no answer', async t => {
  const there = await authority(t, socket => { socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab') })
  await t.rejects(asking(t, there.port).ask([]), SubrequestError)
  t.equal(there.heads.length, 1)
})

t.test('nobody there is no answer', async t => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await t.rejects(asking(t, port).ask([]), { message: 'no answer that could be read' })
})

t.test('what comes beyond an answer is never the answer to the next question', async t => {
  const there = await authority(t, (socket, connection) => {
    if (connection === 1) socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    else socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
  })
  const subrequests = asking(t, there.port)
  t.equal((await subrequests.ask([])).status, 401)
  await turn()
  t.equal((await subrequests.ask([])).status, 403)
})

t.test('a field that may not be sent is no question', async t => {
  const there = await authority(t, () => {})
  await t.rejects(asking(t, there.port).ask(['X-A', 'a\r\nX-B: b']), SubrequestError)
  t.equal(there.heads.length, 0)
})

t.test('questions at the same time have a connection each', async t => {
  const there = await authority(t, (socket, connection) => {
    setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nX-Connection: ${connection}\r\nContent-Length: 0\r\n\r\n`), 20)
  })
  const subrequests = asking(t, there.port)
  const answers = await Promise.all([1, 2, 3].map(async () => await subrequests.ask([])))
  t.same(new Set(answers.map(({ headers }) => headers.get('x-connection'))).size, 3)
})

t.test('who leaves takes the question back, also one that is asked a second time, and the connection goes', async t => {
  let closed = 0
  const there = await authority(t, socket => { socket.once('close', () => { closed++ }) })
  const subrequests = asking(t, there.port, { timeout: 60_000 })
  const asker = Object.assign(new EventEmitter(), { destroyed: false })
  const asked = subrequests.ask([], asker)
  await until('it is asked', () => there.heads.length === 1)
  asker.emit('close')
  await t.rejects(asked, { name: 'SubrequestError', left: true, broken: false })
  await until('the connection is cut', () => closed === 1)
  asker.destroyed = true
  await t.rejects(subrequests.ask([], asker), { message: 'nobody waits for the answer' })
  t.equal(there.heads.length, 1, 'nothing is asked for somebody who has gone')
  const answering = await authority(t, socket => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
  const other = Object.assign(new EventEmitter(), { destroyed: false })
  t.equal((await asking(t, answering.port).ask([], other)).status, 204)
  t.equal(other.listenerCount('close'), 0)
})
