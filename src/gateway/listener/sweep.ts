import type { Socket } from 'node:net'
import type { GatewaySettings } from '../../config/model.ts'
import type { ClientMessage } from './client-message.ts'
import { GatewayError } from '../../errors.ts'
import { connectionOf, type Connection } from './connection.ts'
import type { Context } from '../context.ts'

/** How long an upload that was fast so far may stall: this many times the grace of its start. */
const CREDIT = 3

/**
 * Looks at every connection once: slow uploads, clients that don't read and idle connections cost a bounded time. One
 * timer for all, so that a request costs none: Node's own keep-alive timer, set and cleared at each, costs 3 µs.
 */
export function sweep (sockets: Iterable<Socket>, timeouts: GatewaySettings['timeouts'], now = performance.now()): void {
  for (const socket of sockets) {
    const connection = connectionOf(socket)
    checkReading(connection, socket, now, timeouts)
    const context = connection.current
    if (context === null) {
      // what is written still is an answer or its end: the clock above is for that
      if (socket.writableLength === 0) checkIdle(connection, socket, now, timeouts)
      continue
    }
    connection.idleSince = 0
    if (context.upgrade === null) checkUpload(context, now, timeouts)
  }
}

/** Node's own object of a connection, that of TLS with the one below. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  readonly _parent?: Handle | null
}

/**
 * Bytes that the system has taken, of those under way as well: one long write counts as written from its start. With TLS
 * those on the wire.
 */
function taken (socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null }
  const below = handle?._parent ?? handle
  return (below?.bytesWritten ?? 0) - (below?.writeQueueSize ?? 0)
}

/** Cuts a client that takes nothing of its answer, or next to nothing. */
function checkReading (connection: Connection, socket: Socket, now: number, { send, send_min_rate: rate }: GatewaySettings['timeouts']): void {
  if (socket.writableLength === 0 || send === 0) {
    connection.stalledSince = 0
    connection.waitsSince = 0
    return
  }
  const bytes = taken(socket)
  if (connection.stalledSince === 0 || bytes !== connection.written) {
    connection.written = bytes
    connection.stalledSince = now
  } else if (now - connection.stalledSince > send) {
    socket.destroy()
    return
  }
  if (connection.waitsSince === 0) {
    connection.waitsSince = now
    connection.waited = bytes
    return
  }
  const elapsed = now - connection.waitsSince
  if (elapsed <= send) return
  if (bytes - connection.waited < rate * elapsed / 1000) {
    socket.destroy()
    return
  }
  // each period for itself: a fast start is no credit
  connection.waitsSince = now
  connection.waited = bytes
}

/** A head that has begun to come is no idleness: the parser gives it its time. */
function checkIdle (connection: Connection, socket: Socket, now: number, timeouts: GatewaySettings['timeouts']): void {
  if (connection.idleSince === 0 || socket.bytesRead !== connection.read) {
    connection.idleSince = now
    connection.read = socket.bytesRead
  } else if (now - connection.idleSince >= timeouts.keep_alive) {
    socket.destroy()
  }
}

/** Ends a request whose body comes too slowly. */
export function checkUpload (context: Context, now: number, timeouts: GatewaySettings['timeouts']): void {
  const raw = context.raw as ClientMessage
  if (raw.complete || raw.destroyed) return
  // bytes that wait for the upstream are not the client's fault: its clock starts anew
  if (context.bodySince === 0 || raw.readableLength > 0 || raw.isPaused() || context.expectsContinue) {
    context.bodySince = now
    context.bodyBytes = raw.received
    return
  }
  const elapsed = now - context.bodySince
  if (elapsed < timeouts.body_grace || timeouts.body_min_rate === 0) return
  // milliseconds that the bytes so far are good for
  const earned = (raw.received - context.bodyBytes) / timeouts.body_min_rate * 1000
  if (earned >= elapsed) {
    // a fast start is no credit for a stall without end
    if (earned - elapsed > CREDIT * timeouts.body_grace) {
      context.bodySince = now - timeouts.body_grace
      context.bodyBytes = raw.received - (CREDIT + 1) * timeouts.body_grace / 1000 * timeouts.body_min_rate
    }
    return
  }
  const error = new GatewayError('SP_BODY_TOO_SLOW', 408, 'Request timeout', { headers: { connection: 'close' } })
  context.errorCode = error.code
  context.hop?.cancel()
  if (context.reply !== null && !context.answered) context.reply.send(error)
  else context.response.destroy()
}
