import type { Socket } from 'node:net'
import type { Outgoing } from '../flow.ts'
import { BodyWriter, type BodyWatcher } from './body-writer.ts'
import type { RequestHead } from './request-head.ts'

/** Writes a request. @returns who writes what is still to come of its body; null: all of it is written */
export function writeRequest (socket: Socket, { text, length }: RequestHead, { body }: Outgoing, watcher: BodyWatcher): BodyWriter | null {
  if (!Buffer.isBuffer(body)) {
    socket.write(text, 'latin1')
    return body === null ? null : new BodyWriter(socket, body, length, watcher)
  }
  // in one system call
  socket.cork()
  socket.write(text, 'latin1')
  socket.write(body)
  socket.uncork()
  return null
}
