import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { connectionOf } from '../../src/gateway/listener/connection.ts'
import type { Context } from '../../src/gateway/context.ts'
import { Reading } from '../../src/gateway/http2/reading.ts'
import { sweep } from '../../src/gateway/listener/sweep.ts'
import { eventually } from '../helpers/raw-upstream.ts'

const timeouts = { headers: 1_000, keep_alive: 1_000, body_min_rate: 1024, body_grace: 1_000, send: 60_000, send_min_rate: 240, setup: 1_000 }

/** As much of a socket as the sweeper looks at. */
function fakeSocket (): { writableLength: number, bytesRead: number, destroyed: boolean, _handle: { bytesWritten: number, writeQueueSize: number }, destroy (): void } {
  return { writableLength: 0, bytesRead: 0, destroyed: false, _handle: { bytesWritten: 0, writeQueueSize: 0 }, destroy () { this.destroyed = true } }
}

t.test('a client that takes nothing of its answer for a minute is cut', async t => {
  const socket = fakeSocket()
  const look = (now: number): void => sweep([socket as unknown as Socket], timeouts, now)
  socket.writableLength = 1_000
  look(1_000)
  look(2_000)
  look(61_000)
  t.equal(socket.destroyed, false)
  look(62_001)
  t.equal(socket.destroyed, true)
})

/** Looks once a second at a client that takes so many bytes in each; says after how many it was cut. */
function cutAfter (seconds: number, bytes: (second: number) => number, waits: (second: number) => boolean = () => true, limits: Partial<typeof timeouts> = {}): number | null {
  const socket = fakeSocket()
  for (let second = 1; second <= seconds; second++) {
    socket._handle.bytesWritten += bytes(second)
    socket.writableLength = waits(second) ? 1_000 : 0
    // not idle
    socket.bytesRead++
    sweep([socket as unknown as Socket], { ...timeouts, ...limits }, second * 1_000)
    if (socket.destroyed) return second
  }
  return null
}

t.test('a client that takes next to nothing of its answer is cut after a minute; one that is slow is not', async t => {
  t.equal(cutAfter(600, () => 1), 62)
  t.equal(cutAfter(600, () => 239), 62)
  t.equal(cutAfter(600, () => 240), null)
  t.equal(cutAfter(600, second => second % 50 === 0 ? 20_000 : 0), null, 'in bursts')
  t.equal(cutAfter(600, second => second < 30 ? 1_000_000 : 1), 123, 'a fast start is no credit for more than the minute that it is in')
  t.equal(cutAfter(600, () => 1, second => second % 60 !== 0), null, 'its upstream is the slow one: nothing waits for it, now and then')
  t.equal(cutAfter(600, () => 1, undefined, { send_min_rate: 0 }), null, 'where no rate is asked for')
  t.equal(cutAfter(600, () => 0, undefined, { send_min_rate: 0 }), 62)
  t.equal(cutAfter(600, () => 0, undefined, { send: 0 }), null, 'where there is no limit')
  t.equal(cutAfter(600, () => 1, undefined, { send: 10_000, send_min_rate: 2 }), 12)
})

/**
 * The same with an answer over HTTP/2, of which Node says only when a piece has gone as a whole.
 *
 * @param pieces bytes of each, the last one over and over
 * @param others bytes of other answers on the connection in each second
 */
function cutOverHttp2 (seconds: number, pieces: readonly number[], bytes: (second: number) => number, limits: Partial<typeof timeouts> = {}, others = 0): number | null {
  let written = 1_000
  const reading = new Reading(written)
  let index = 0
  const piece = (): number => pieces[Math.min(index, pieces.length - 1)] as number
  let [gone, taken] = [0, 0]
  for (let second = 1; second <= seconds; second++) {
    taken += bytes(second)
    written += bytes(second) + others
    while (taken >= gone + piece()) gone += pieces[index++] ?? piece()
    if (reading.tooSlow({ writableLength: 1_000, gone, underWay: piece() }, second * 1_000, written, { ...timeouts, ...limits })) return second
  }
  return null
}

t.test('over HTTP/2 as well, however long the pieces are that it takes', t => {
  for (const size of [100, 16_384, 65_536]) {
    t.equal(cutOverHttp2(1_000, [size], () => 0), 62, `nothing of ${size}`)
    t.ok((cutOverHttp2(1_000, [size], () => 1) ?? Infinity) <= 63, `a byte a second of ${size}`)
    t.equal(cutOverHttp2(1_000, [size], () => 120), 62, `half of the rate of ${size}`)
    t.equal(cutOverHttp2(1_000, [size], () => 241), null, `the rate of ${size}`)
    t.equal(cutOverHttp2(1_000, [size], second => second % 50 === 0 ? 20_000 : 0), null, `in bursts of ${size}`)
    t.equal(cutOverHttp2(1_000, [size], () => 1, { send_min_rate: 0 }), null, `no rate for ${size}`)
    t.equal(cutOverHttp2(1_000, [size], () => 0, { send_min_rate: 0 }), 62)
    t.equal(cutOverHttp2(1_000, [size], () => 0, { send: 0 }), null)
    t.equal(cutOverHttp2(1_000, [size], () => 0, {}, 10), 62, `next to nothing for others of ${size}`)
    // 64 KiB at 240 bytes a second, and a minute
    t.ok((cutOverHttp2(1_000, [size], () => 0, {}, 100_000) ?? Infinity) <= 336, `nothing of ${size}, though much of others`)
    t.equal(cutOverHttp2(1_000, [size], () => 241, {}, 100_000), null, `the rate of ${size}, beside others`)
  }
  t.equal(cutOverHttp2(1_000, [65_536, 65_536, 100], () => 300), null, 'long ones and short ones')
  t.end()
})

/** Both ends of a connection; the server has written a long answer in one piece, and the client reads what it is asked to. */
async function unread (t: Test): Promise<{ server: Socket, client: Socket, handle: { writeQueueSize: number } }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = await once(listener, 'connection') as [Socket]
  t.teardown(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  client.on('readable', () => {})
  server.on('error', () => {})
  server.write(Buffer.alloc(32 * 1024 * 1024))
  const { _handle: handle } = server as unknown as { _handle: { writeQueueSize: number } }
  return { server, client, handle }
}

t.test('on a real connection: a client that reads nothing is cut', async t => {
  const { server, client, handle } = await unread(t)
  let before = -1
  // until the kernel's buffers are full
  await eventually(() => {
    const same = handle.writeQueueSize === before
    before = handle.writeQueueSize
    return same && server.writableLength > 0
  })
  sweep([server], timeouts, 1_000)
  sweep([server], timeouts, 2_000)
  sweep([server], timeouts, 61_000)
  t.equal(server.destroyed, false)
  sweep([server], timeouts, 61_001)
  t.equal(server.destroyed, true)
  await eventually(() => {
    client.read()
    return client.readableEnded || client.destroyed
  })
})

t.test('on a real connection: a client that takes a long answer slowly is not cut', async t => {
  const { server, client, handle } = await unread(t)
  for (let now = 1_000; now < 500_000; now += 50_000) {
    sweep([server], timeouts, now)
    const before = handle.writeQueueSize
    await eventually(() => {
      client.read()
      return handle.writeQueueSize < before
    })
  }
  t.equal(server.destroyed, false)
  t.ok(server.writableLength > 0, 'the answer is not out yet')
})

t.test('a connection without a request is closed after keep_alive', async t => {
  const socket = fakeSocket()
  const look = (now: number): void => sweep([socket as unknown as Socket], timeouts, now)
  look(1_000)
  look(1_999)
  t.equal(socket.destroyed, false)
  look(2_000)
  t.equal(socket.destroyed, true)
})

t.test('what comes on it starts its time anew: the parser decides how slow a head may be', async t => {
  const socket = fakeSocket()
  for (let now = 1_000; now < 600_000; now += 1_000) {
    socket.bytesRead++
    sweep([socket as unknown as Socket], timeouts, now)
  }
  t.equal(socket.destroyed, false)
})

t.test('a request that ran for long does not count as idleness', async t => {
  const socket = fakeSocket()
  const connection = connectionOf(socket as unknown as Socket)
  const look = (now: number): void => sweep([socket as unknown as Socket], timeouts, now)
  look(1_000)
  connection.current = { upgrade: {} } as Context
  look(2_000)
  look(60_000)
  connection.current = null
  look(61_000)
  look(61_999)
  t.equal(socket.destroyed, false)
  look(62_000)
  t.equal(socket.destroyed, true)
})
