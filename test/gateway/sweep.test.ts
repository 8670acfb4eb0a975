import t from 'tap'
import type { Socket } from 'node:net'
import { connectionOf } from '../../src/gateway/connection.ts'
import type { Context } from '../../src/gateway/context.ts'
import { sweep } from '../../src/gateway/sweep.ts'

const timeouts = { headers: 1_000, keep_alive: 1_000, body_min_rate: 1024, body_grace: 1_000, setup: 1_000 }

/** As much of a socket as the sweeper looks at. */
function fakeSocket (): { writableLength: number, bytesWritten: number, bytesRead: number, destroyed: boolean, destroy (): void } {
  return { writableLength: 0, bytesWritten: 0, bytesRead: 0, destroyed: false, destroy () { this.destroyed = true } }
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

t.test('a client that takes a byte now and then is not', async t => {
  const socket = fakeSocket()
  socket.writableLength = 1_000
  for (let now = 1_000; now < 600_000; now += 50_000) {
    socket.bytesWritten++
    sweep([socket as unknown as Socket], timeouts, now)
  }
  t.equal(socket.destroyed, false)
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
