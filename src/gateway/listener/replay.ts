import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

const NOT_REPLAYED = /^(?:upgrade|http2-settings)$/i

/**
 * Serves a request with an `Upgrade` that is not for us as the plain request that it also is.
 *
 * Node's parser lets go of the connection as soon as it sees such a field, body unread (fixed by an option only in later
 * versions). So the head is written again without it, put back before the bytes that followed, and parsed once more.
 */
export function replayPlain (server: Server, raw: IncomingMessage, socket: Socket, head: Buffer): void {
  let text = `${raw.method} ${raw.url} HTTP/${raw.httpVersion}\r\n`
  const { rawHeaders } = raw
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    let value = rawHeaders[index + 1] as string
    if (NOT_REPLAYED.test(name)) continue
    if (name.toLowerCase() === 'connection') {
      value = value.split(',').map(token => token.trim()).filter(token => !NOT_REPLAYED.test(token)).join(', ')
      if (value === '') continue
    }
    text += `${name}: ${value}\r\n`
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}
