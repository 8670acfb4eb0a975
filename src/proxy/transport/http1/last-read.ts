import type { Socket } from 'node:net'

/**
 * Has a socket read what is there before a failed write closes it.
 *
 * An upstream that refuses an upload answers, closes, and resets whoever goes on sending. The kernel still has the answer then,
 * but Node closes a socket with its first write that fails. Two turns of the event loop read what has come.
 *
 * @param wanted whether an answer may be on its way
 */
export function readBeforeWriteFails (socket: Socket, wanted: () => boolean): void {
  const destroy = socket.destroy.bind(socket)
  let failed = false
  socket.destroy = (error?: Error) => {
    if ((error as NodeJS.ErrnoException | undefined)?.syscall !== 'write' || !wanted()) return destroy(error)
    // what was corked fails piece by piece
    if (!failed) setImmediate(() => setImmediate(destroy, error))
    failed = true
    return socket
  }
}
