import type { Socket } from 'node:net'

/**
 * Whether a connection that seems to have ended was reset.
 *
 * Bytes and a reset that are found together, as they are by a busy process, come as bytes and a clean end: libuv reads
 * less than it could and sees the hang-up (`uv__stream_io`). The kernel still knows, and tells whoever writes; nothing is
 * written, since no byte is. A peer that had ended cleanly before it reset has sent all it had: that is EPIPE.
 */
export function wasReset (socket: Socket): boolean {
  socket.write('')
  return (socket.errored as NodeJS.ErrnoException | null)?.code === 'ECONNRESET'
}
