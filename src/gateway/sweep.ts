import type { Socket } from 'node:net'
import type { GatewaySettings } from '../config/model.ts'
import type { ClientMessage } from './client-message.ts'
import { GatewayError } from '../errors.ts'
import { connectionOf, type Connection } from './connection.ts'
import type { Context } from './context.ts'

/** A client that takes nothing of what is written to it for this long is cut, in milliseconds (nginx's send_timeout). */
export const SEND_TIMEOUT = 60_000

/** How long an upload that was fast so far may stall: this many times the grace of its start. */
const CREDIT = 3

/**
 * Looks at every connection once: slow uploads, clients that don't read and idle connections cost a bounded time. One
 * timer for all, so that a request costs none: Node's own keep-alive timer, set and cleared at each, costs 3 µs.
 */
export function sweep (sockets: Iterable<Socket>, timeouts: GatewaySettings['timeouts'], now = performance.now()): void {
  for (const socket of sockets) {
    const connection = connectionOf(socket)
    const left = socket.writableLength + queued(socket)
    if (socket.writableLength > 0 && socket.bytesWritten === connection.written && left === connection.left) {
      if (connection.stalledSince === 0) connection.stalledSince = now
      else if (now - connection.stalledSince > SEND_TIMEOUT) socket.destroy()
    } else {
      connection.written = socket.bytesWritten
      connection.left = left
      connection.stalledSince = 0
    }
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

/** What the kernel has not taken yet of the writes under way: one long write counts as written from its start. */
function queued (socket: Socket): number {
  return (socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0
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
