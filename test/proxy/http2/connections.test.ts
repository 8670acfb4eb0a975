import { once } from 'node:events'
import { connect, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Outgoing, Receiver } from '../../../src/proxy/transport/flow.ts'
import { Http1Connections } from '../../../src/proxy/transport/http1/connections.ts'
import { Http2Connections } from '../../../src/proxy/transport/http2/connections.ts'
import { upload } from '../../../src/proxy/transport/http2/upload.ts'
import { until } from '../../helpers/running.ts'

interface Upstream {
  readonly port: number
  readonly sessions: ServerHttp2Session[]
}

async function upstream (t: Test, answer: (stream: ServerHttp2Stream) => void = stream => { stream.respond({ ':status': 200 }); stream.end('ok') }): Promise<Upstream> {
  const sessions: ServerHttp2Session[] = []
  const server = createServer().listen(0, '127.0.0.1')
  server.on('session', session => { sessions.push(session.on('error', () => {})) })
  server.on('stream', stream => { answer(stream.on('error', () => {})) })
  await once(server, 'listening')
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sessions }
}

function pool (t: Test, port: number): Http2Connections {
  const place = { host: '127.0.0.1', port, secure: null }
  const connections = new Http2Connections({ ...place, origin: `http://127.0.0.1:${port}`, tunnels: new Http1Connections(place) })
  t.teardown(async () => { await connections.destroy() })
  return connections
}

/** What becomes of a request: its body, or the code of its error. @param more what its receiver does otherwise */
async function send (connections: Http2Connections, given: Partial<Outgoing> = {}, more: Partial<Receiver> = {}): Promise<string> {
  return await new Promise(resolve => {
    let body = ''
    connections.send({ method: 'GET', path: '/', fields: ['host', 'a'], body: null, upgrade: false, connectTimeout: 5_000, readTimeout: 5_000, ...given }, {
      onConnect: () => true,
      onHead () {},
      onTunnel () {},
      onData (chunk) {
        body += String(chunk)
        return true
      },
      onComplete: () => resolve(body),
      onError: (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message),
      ...more
    })
  })
}

/** A request whose client has left when its connection is there; resolves then. */
async function leaving (connections: Http2Connections): Promise<void> {
  let left: () => void = () => {}
  const onConnect = (): boolean => {
    left()
    return false
  }
  await new Promise<void>(resolve => {
    left = resolve
    send(connections, {}, { onConnect }).catch(() => {})
  })
}

t.test('a receiver that throws ends its own request, and none of the others on its connection', async t => {
  const there = await upstream(t, stream => {
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    stream.respond({ ':status': 200 })
    stream.end('ok')
  })
  const connections = pool(t, there.port)
  const no = (): never => { throw Object.assign(new Error('no'), { code: 'THROWN' }) }
  const all = [{ onHead: no }, { onHead: (status: number) => { if (status === 200) no() } }, { onData: no }, { onComplete: no }, {}]
  t.same(await Promise.all(all.map(async more => await send(connections, {}, more))), ['THROWN', 'THROWN', 'THROWN', 'THROWN', 'ok'])
  t.equal(await send(connections), 'ok')
  t.equal(there.sessions.length, 1)
})

t.test('a request that can\'t be sent is its sender\'s fault, and the connection is kept', async t => {
  const there = await upstream(t)
  const connections = pool(t, there.port)
  t.equal(await send(connections, { fields: ['host', 'a', 'te', 'gzip'] }), 'UND_ERR_INVALID_ARG')
  t.equal(await send(connections), 'ok')
  t.equal(there.sessions.length, 1)
})

t.test('close lets requests end whose connection is still being made, and the connection with them', async t => {
  const there = await upstream(t)
  const connections = pool(t, there.port)
  const waiting = [send(connections), send(connections)]
  connections.close()
  t.same(await Promise.all(waiting), ['ok', 'ok'])
  await until('it is closed', () => connections.size === 0)
})

t.test('a request that comes after close has a connection of its own, which ends with it', async t => {
  const there = await upstream(t)
  const connections = pool(t, there.port)
  connections.close()
  t.equal(await send(connections), 'ok')
  await until('it is closed', () => connections.size === 0)
})

t.test('destroy ends a connection that is still being made, with its requests', async t => {
  const there = await upstream(t)
  const connections = pool(t, there.port)
  const waiting = send(connections)
  await connections.destroy()
  t.equal(await waiting, 'UND_ERR_DESTROYED')
  t.equal(connections.size, 0)
})

t.test('a connection whose requests have all left before it was there is idle, and the next one\'s; after close it ends', async t => {
  const there = await upstream(t)
  const connections = pool(t, there.port)
  await leaving(connections)
  t.equal(connections.idle, 1)
  t.equal(await send(connections), 'ok')
  t.equal(there.sessions.length, 1)

  const others = pool(t, there.port)
  const left = leaving(others)
  others.close()
  await left
  await until('it is closed', () => others.size === 0)
})

t.test('an upload lets Node reset its stream before that is destroyed: a stream without a reset is written empty frames for, without an end', async t => {
  let streams = 0
  const there = await upstream(t, stream => {
    streams++
    stream.resume()
  })
  const session = connect(`http://127.0.0.1:${there.port}`).on('error', () => {})
  t.teardown(() => { session.destroy() })
  const ends = [0, 1].map(async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false }).on('error', () => {})
    const body = new Readable({ read () { setImmediate(() => { this.push(Buffer.alloc(1_000)) }) } })
    upload(body, stream, () => {})
    const aborted = new Promise(resolve => { stream.once('aborted', () => resolve(stream.destroyed)) })
    const left = once(body, 'close')
    const destroyed = await aborted
    await left
    return destroyed
  })
  await until('both are there', () => streams === 2)
  there.sessions[0]?.destroy()
  t.same(await Promise.all(ends), [false, false], 'at `aborted` it is still to be reset; its body ends with it')
})
