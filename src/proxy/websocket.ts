import type { Duplex } from 'node:stream'
import type { Context } from '../gateway/context.ts'

/** After one side has closed, the other gets this long to take what is left for it. */
const LINGER = 10_000

/**
 * Joins the client's socket with the upstream's: bytes, not frames, so that fragmentation, pings, subprotocols and
 * extensions stay what they are, and a reader that is slow on one side slows the writer on the other.
 *
 * The engine ends the request when both sides are closed: Fastify runs no hook after a hijack.
 */
export function joinTunnel (context: Context, upgrade: { readonly socket: Duplex, readonly head: Buffer }, fields: readonly string[], upstream: Duplex): void {
  const client = upgrade.socket
  context.response.detachSocket(client as never)
  context.responseHeaders = fields
  client.write(switchingProtocols(fields), 'latin1')
  if (upgrade.head.length > 0) upstream.write(upgrade.head)

  let open = 2
  let timer: NodeJS.Timeout | undefined
  function closeWith (side: Duplex, other: Duplex): void {
    side.on('error', () => other.destroy())
    side.on('close', () => {
      if (--open === 0) {
        clearTimeout(timer)
        context.snapshot.finish(context)
        return
      }
      // a clean end has been passed on by pipe: the other side may still be writing its last bytes
      if (!side.readableEnded) other.destroy()
      else timer = setTimeout(() => other.destroy(), LINGER).unref()
    })
  }
  closeWith(client, upstream)
  closeWith(upstream, client)
  if (client.destroyed || upstream.destroyed) {
    client.destroy()
    upstream.destroy()
    return
  }
  context.hop = {
    cancel () {
      client.destroy()
      upstream.destroy()
    }
  }
  client.pipe(upstream)
  upstream.pipe(client)
}

function switchingProtocols (fields: readonly string[]): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`
  return `${head}\r\n`
}
