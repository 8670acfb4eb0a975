import type { Connection } from './connection.ts'

/** With more requests waiting than this, the connection is not read until there are fewer. */
const MOST_WAITING = 8

/**
 * Keeps a pipelined request until those before it are answered.
 *
 * Node hands out all requests of a packet at once and puts the answers in order. That runs a request beside an unsafe one
 * that it may depend on, which RFC 9112 section 9.3.2 forbids, and lets one connection start any number of requests.
 */
export function holdRequest (connection: Connection, serve: () => void): void {
  const waiting = connection.waiting ??= []
  waiting.push(serve)
  if (waiting.length >= MOST_WAITING) connection.socket.pause()
}

/** Serves the next request of a connection whose last one has ended. */
export function serveNext (connection: Connection): void {
  const { socket } = connection
  const waiting = connection.waiting as Array<() => void>
  if (socket.destroyed || !socket.writable) {
    waiting.length = 0
    return
  }
  const serve = waiting.shift()
  if (serve === undefined) return
  if (waiting.length < MOST_WAITING && socket.isPaused()) socket.resume()
  serve()
}
