import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Flow, Outgoing, Receiver } from '../../../src/proxy/transport/flow.ts'
import { Http1Connections } from '../../../src/proxy/transport/http1/connections.ts'
import { until } from '../../helpers/running.ts'

interface Upstream {
  readonly port: number
  readonly sockets: Socket[]
  /** What each connection has sent so far. */
  readonly received: string[]
}

/** @param answer to each piece of bytes that a connection sends */
async function upstream (t: Test, answer: (socket: Socket, text: string) => void): Promise<Upstream> {
  const sockets: Socket[] = []
  const received: string[] = []
  const server = createServer(socket => {
    const index = sockets.push(socket) - 1
    received.push('')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      received[index] += chunk.toString('latin1')
      answer(socket, received[index] as string)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, received }
}

const ok = (socket: Socket): void => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') }

function pool (t: Test, port: number, dial?: () => Socket): Http1Connections {
  const connections = new Http1Connections({ host: '127.0.0.1', port, secure: null, dial })
  t.teardown(async () => { await connections.destroy() })
  return connections
}

/** A receiver that notes what it is told; `outcome` is the body, or the code of the error. */
class Notes implements Receiver {
  flow: Flow | null = null
  status = 0
  body = ''
  trailers: string[] | null = null
  readonly outcome: Promise<string>
  settled = false
  wanted = true
  onPiece: (chunk: Buffer) => boolean = () => true
  onEnd: () => void = () => {}
  #settle: (outcome: string) => void = () => {}

  constructor () {
    this.outcome = new Promise(resolve => { this.#settle = resolve })
  }

  onConnect (flow: Flow): boolean {
    this.flow = flow
    return this.wanted
  }

  onHead (status: number): void {
    this.status = status
  }

  onTunnel (): void { this.onEnd() }

  onData (chunk: Buffer): boolean {
    this.body += chunk.toString('latin1')
    return this.onPiece(chunk)
  }

  onComplete (trailers: string[] | null): void {
    this.onEnd()
    this.trailers = trailers
    this.settled = true
    this.#settle(this.body)
  }

  onError (error: Error): void {
    this.settled = true
    this.#settle((error as NodeJS.ErrnoException).code ?? error.message)
  }
}

function send (connections: Http1Connections, given: Partial<Outgoing> = {}, notes = new Notes()): Notes {
  connections.send({ method: 'GET', path: '/', fields: ['host', 'a'], body: null, upgrade: false, connectTimeout: 5_000, readTimeout: 5_000, ...given }, notes)
  return notes
}

const turns = async (): Promise<void> => await new Promise(resolve => { setImmediate(() => setImmediate(() => setImmediate(resolve))) })

t.test('a connection has one request at a time, and is used again', async t => {
  const there = await upstream(t, ok)
  const connections = pool(t, there.port)
  t.same(await Promise.all([send(connections).outcome, send(connections).outcome]), ['ok', 'ok'])
  await turns()
  t.match(connections, { size: 2, idle: 2 })
  t.equal(await send(connections).outcome, 'ok')
  await turns()
  t.equal(await send(connections, { method: 'HEAD' }, new Notes()).outcome, '', 'HEAD has no body')
  t.equal(there.sockets.length, 2)
})

t.test('no answer follows one to HEAD on a connection: its body may come, as late as it likes', async t => {
  let late = (): void => {}
  const there = await upstream(t, (socket, text) => {
    if (!text.includes('HEAD')) {
      ok(socket)
      return
    }
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n')
    late = () => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong') }
  })
  const connections = pool(t, there.port)
  await send(connections).outcome
  await turns()
  t.equal(await send(connections, { method: 'HEAD' }).outcome, '')
  await turns()
  const next = send(connections)
  late()
  t.equal(await next.outcome, 'ok')
  await until('the one of HEAD is cut', () => connections.size === 1)
  t.equal(there.sockets.length, 2, 'HEAD takes an idle connection')
  t.match(there.received[0], /HEAD[^]*\r\nconnection: close\r\n/, 'and says that it is the last')
})

t.test('bytes on an idle connection cut it, whatever they look like', async t => {
  const there = await upstream(t, ok)
  const connections = pool(t, there.port)
  await send(connections).outcome
  await turns()
  t.equal(connections.idle, 1)
  ok(there.sockets[0] as Socket)
  await until('it is cut', () => connections.size === 0)
})

t.test('close ends idle connections at once, and the others after their requests', async t => {
  const there = await upstream(t, (socket, text) => { if (!text.includes('/late')) ok(socket) })
  const connections = pool(t, there.port)
  const late = send(connections, { path: '/late' })
  await send(connections).outcome
  await turns()
  connections.close()
  t.match(connections, { size: 1, idle: 0 })
  await until('the request is there', () => there.received.some(text => text.includes('/late')))
  ok(there.sockets.find((_socket, index) => there.received[index]?.includes('/late')) as Socket)
  t.equal(await late.outcome, 'ok')
  await until('it has gone, too', () => connections.size === 0)
})

t.test('destroy cuts requests, also those whose connection is being made', async t => {
  const there = await upstream(t, () => {})
  const connections = pool(t, there.port)
  const waiting = send(connections)
  await until('the request is there', () => there.received.length === 1)
  const young = send(connections)
  await connections.destroy()
  t.same(await Promise.all([waiting.outcome, young.outcome]), ['UND_ERR_DESTROYED', 'UND_ERR_DESTROYED'])
  t.equal(connections.size, 0)
})

t.test('a request that nobody wants any more when its connection is there leaves that to the next one', async t => {
  const there = await upstream(t, ok)
  const connections = pool(t, there.port)
  const left = new Notes()
  left.wanted = false
  send(connections, { path: '/left' }, left)
  await until('it is idle', () => connections.idle === 1)
  await turns()
  t.equal(await send(connections, { path: '/next' }).outcome, 'ok')
  t.equal(there.sockets.length, 1)
  t.notMatch(there.received[0], /left/)
  t.equal(left.settled, false)
})

t.test('an aborted request cuts its connection, one that has ended none', async t => {
  const there = await upstream(t, (socket, text) => { if (!text.endsWith('/wait HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n')) ok(socket) })
  const connections = pool(t, there.port)
  const first = send(connections)
  await first.outcome
  await turns()
  const second = send(connections, { path: '/wait' })
  first.flow?.abort(first)
  first.flow?.resume(first)
  t.equal(connections.size, 1)
  second.flow?.abort(second)
  t.equal(await second.outcome, 'UND_ERR_ABORTED')
  t.equal(connections.size, 0)
})

t.test('idle connections are closed before the time that the server says', async t => {
  const there = await upstream(t, socket => { socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok') })
  const connections = pool(t, there.port)
  t.equal(await send(connections).outcome, 'ok')
  t.equal(connections.size, 0)
})

t.test('a slow reader gets all of an answer whose connection ends meanwhile', async t => {
  const part = 'x'.repeat(200_000)
  for (const fields of ['Connection: close\r\n', `Connection: close\r\nContent-Length: ${part.length}\r\n`, `Content-Length: ${part.length}\r\n`]) {
    const there = await upstream(t, socket => { socket.end(`HTTP/1.1 200 OK\r\n${fields}\r\n${part}`) })
    const notes = new Notes()
    notes.onPiece = () => {
      setTimeout(() => notes.flow?.resume(notes), 10)
      return false
    }
    t.equal((await send(pool(t, there.port), {}, notes).outcome).length, part.length, fields)
  }
})

t.test('nothing is read for a reader that has paused', async t => {
  const there = await upstream(t, socket => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    setTimeout(() => socket.write('1\r\nb\r\n0\r\nX-Sum: 2\r\n\r\n'), 20)
  })
  const notes = new Notes()
  notes.onPiece = () => notes.body.length > 1
  // the pause is longer than the time that the upstream has
  send(pool(t, there.port), { readTimeout: 100 }, notes)
  await until('the first piece is here', () => notes.body === 'a')
  await wait(300)
  t.equal(notes.body, 'a')
  t.equal(notes.settled, false)
  notes.flow?.resume(notes)
  t.equal(await notes.outcome, 'ab')
  t.same(notes.trailers, ['X-Sum', '2'])
})

t.test('an upstream that is silent for too long', async t => {
  const there = await upstream(t, (socket, text) => { if (text.includes('/body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no') })
  const connections = pool(t, there.port)
  t.equal(await send(connections, { readTimeout: 50 }).outcome, 'UND_ERR_HEADERS_TIMEOUT')
  t.equal(await send(connections, { path: '/body', readTimeout: 50 }).outcome, 'UND_ERR_BODY_TIMEOUT')
  // looked at twice a second
  t.equal(await send(connections, { path: '/body', readTimeout: 1_001 }).outcome, 'UND_ERR_BODY_TIMEOUT')
})

t.test('a body of known length is held to it, one of unknown length ends with its last chunk', async t => {
  const there = await upstream(t, (socket, text) => { if (text.endsWith('0\r\n\r\n') || text.endsWith('abc')) ok(socket) })
  const connections = pool(t, there.port)
  const put = async (parts: string[], length?: string): Promise<string> => await send(connections, { method: 'PUT', body: Readable.from(parts.map(part => Buffer.from(part))), fields: ['host', 'a', ...length === undefined ? [] : ['content-length', length]] }).outcome
  t.equal(await put(['a', '', 'bc'], '3'), 'ok')
  t.equal(await put(['ab', 'c']), 'ok')
  t.match(there.received.join(), /\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n/)
  t.equal(await send(connections, { method: 'PUT', body: Readable.from(['\xe9\u20ac']) }).outcome, 'ok')
  t.match(there.received.join(), '\r\n\r\n5\r\n\xc3\xa9\xe2\x82\xac\r\n0\r\n\r\n', 'text is counted in bytes')
  t.equal(await send(connections, { method: 'PUT', body: Readable.from([{}]) }).outcome, 'UND_ERR_INVALID_ARG')
  t.equal(await put(['ab', 'cd'], '3'), 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
  t.equal(await put(['ab'], '3'), 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
})

t.test('a body that breaks off ends the request with its own error', async t => {
  const there = await upstream(t, () => {})
  const connections = pool(t, there.port)
  const broken = Object.assign(new Error('broken'), { code: 'BROKEN' })
  const sent = (body: Readable): Notes => send(connections, { method: 'PUT', body })
  const body = new Readable({ read () {} })
  const midway = sent(body)
  await until('the head is there', () => there.received.join().includes('PUT'))
  body.destroy(broken)
  t.equal(await midway.outcome, 'BROKEN')
  const early = new Readable({ read () {} }).on('error', () => {})
  early.destroy(broken)
  t.equal(await sent(early).outcome, 'BROKEN')
  const closed = new Readable({ read () {} })
  closed.destroy()
  t.equal(await sent(closed).outcome, 'UND_ERR_ABORTED')
  t.notMatch(there.received.join(), /0\r\n\r\n$/, 'none looked whole')
})

t.test('an answer that comes before the end of the body ends the connection', async t => {
  const there = await upstream(t, socket => { if (socket.bytesWritten === 0) ok(socket) })
  const connections = pool(t, there.port)
  const body = new Readable({ read () {} })
  body.push('begun')
  t.equal(await send(connections, { method: 'PUT', body }).outcome, 'ok')
  t.equal(body.destroyed, true)
  t.equal(connections.size, 0)
})

t.test('a request that may not be sent takes no connection', async t => {
  const connections = pool(t, 1)
  t.throws(() => send(connections, { fields: ['X-A', 'a\r\nb'] }), { code: 'UND_ERR_INVALID_ARG' })
  t.equal(connections.size, 0)
})

t.test('heads that come in pieces, and 1xx without end', async t => {
  const there = await upstream(t, (socket, text) => {
    if (text.includes('/flood')) {
      for (let index = 0; index < 4_000; index++) socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      return
    }
    const bytes = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    socket.setNoDelay(true)
    let at = 0
    const next = (): void => {
      if (at < bytes.length) socket.write(bytes.slice(at, ++at), () => setImmediate(next))
    }
    next()
  })
  const connections = pool(t, there.port)
  t.equal(await send(connections).outcome, 'ok')
  t.equal(await send(connections, { path: '/flood' }).outcome, 'UND_ERR_HEADERS_OVERFLOW')
})

t.test('a receiver that throws ends its own request, at its end and at the switch to a tunnel as well', async t => {
  const there = await upstream(t, (socket, text) => {
    if (text.includes('/tunnel')) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    else ok(socket)
  })
  const connections = pool(t, there.port)
  const no = (): never => { throw Object.assign(new Error('no'), { code: 'THROWN' }) }
  const thrower = (what: 'onPiece' | 'onEnd'): Notes => Object.assign(new Notes(), { [what]: no })
  t.equal(await send(connections, {}, thrower('onPiece')).outcome, 'THROWN')
  t.equal(await send(connections, {}, thrower('onEnd')).outcome, 'THROWN')
  t.equal(await send(connections).outcome, 'ok')
  t.equal(await send(connections, { path: '/tunnel', upgrade: true }, thrower('onEnd')).outcome, 'THROWN')
  // nobody else would close it
  await until('the tunnel is closed', () => there.sockets.at(-1)?.destroyed === true)
})

t.test('an upstream that speaks HTTP/2 instead is told from one that speaks nonsense', async t => {
  const there = await upstream(t, (socket, text) => { socket.write(text.includes('/h2') ? Buffer.from('00000604000000000000030000006400000408', 'hex') : 'nonsense') })
  const connections = pool(t, there.port)
  t.equal(await send(connections, { path: '/h2' }).outcome, 'SP_UPSTREAM_PROTOCOL')
  t.equal(await send(connections, { path: '/h2', upgrade: true }).outcome, 'SP_UPSTREAM_PROTOCOL')
  t.equal(await send(connections).outcome, 'SP_UPSTREAM_INVALID')
})

t.test('an idle connection that was reset is no request\'s, from the moment that this is known', async t => {
  const there = await upstream(t, ok)
  const dialled: Socket[] = []
  const connections = new Http1Connections({
    host: '127.0.0.1',
    port: there.port,
    secure: null,
    dial: () => {
      const socket = connect(there.port, '127.0.0.1')
      dialled.push(socket)
      return socket
    }
  })
  t.teardown(async () => { await connections.destroy() })
  await send(connections).outcome
  await until('it is idle', () => connections.idle === 1)
  await turns()
  const next = new Promise<string>(resolve => {
    // a phase of the event loop before 'close'
    dialled[0]?.on('error', () => resolve(send(connections, { method: 'POST' }).outcome))
  })
  there.sockets[0]?.resetAndDestroy()
  t.equal(await next, 'ok')
  t.equal(dialled.length, 2)
})

t.test('what a receiver throws at the end of an answer, or of a handshake, is told to it alone', async t => {
  const there = await upstream(t, (socket, text) => {
    if (text.includes('upgrade: websocket')) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    else socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end')
  })
  const connections = pool(t, there.port)
  const broken = (): never => { throw Object.assign(new Error('no'), { code: 'THROWN' }) }
  const ended = new Notes()
  ended.onComplete = broken
  t.equal(await send(connections, {}, ended).outcome, 'THROWN')
  const switched = new Notes()
  switched.onTunnel = broken
  t.equal(await send(connections, { upgrade: true }, switched).outcome, 'THROWN')
  await until('the tunnel is closed', () => there.sockets[1]?.readableEnded === true)
})

t.test('an idle connection that was reset is for no request, although its socket is closed later', async t => {
  const there = await upstream(t, ok)
  let dialed: Socket | null = null
  const connections = pool(t, there.port, () => (dialed = connect(there.port, '127.0.0.1')))
  t.equal(await send(connections).outcome, 'ok')
  await turns()
  t.equal(connections.idle, 1)
  const socket = dialed as unknown as Socket
  const told = new Promise<string>(resolve => {
    socket.once('close', () => resolve('closed'))
    socket.once('error', () => resolve(`${connections.size} left`))
  })
  socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  t.equal(await told, '0 left')
})

t.test('a connection that ends without a word while it is made fails its request', async t => {
  const dialed = new Socket()
  const waiting = send(pool(t, 1, () => dialed))
  dialed.destroy()
  t.equal(await waiting.outcome, 'UND_ERR_SOCKET')
})

t.test('a connection whose upstream has answered, but not read the request, takes no other one', async t => {
  const there = await upstream(t, socket => {
    socket.pause()
    ok(socket)
  })
  const connections = pool(t, there.port)
  t.equal(await send(connections, { method: 'PUT', body: Buffer.alloc(16_000_000) }).outcome, 'ok')
  t.equal(connections.size, 0)
})
