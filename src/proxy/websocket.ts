import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Context } from '../gateway/context.ts'
import type { Handshake } from '../gateway/listener/handshake.ts'
import type { Attempt } from './attempts/attempt.ts'

/** After one side has ended, the other gets this long to say and to take the rest, in milliseconds. */
const LINGER = 10_000

/**
 * Joins the client's socket with the upstream's: bytes, not frames, so that fragmentation, pings, subprotocols and
 * extensions stay what they are, and a reader that is slow on one side slows the writer on the other.
 *
 * The engine ends the request when both sides are closed: Fastify runs no hook after a hijack.
 */
export function joinTunnel (context: Context, handshake: Handshake, fields: readonly string[], upstream: Duplex, attempt: Attempt): void {
  const client = handshake.socket
  const early = handshake.release()
  context.response.detachSocket(client)
  context.responseHeaders = fields
  client.write(switchingProtocols(fields), 'latin1')
  if (early.length > 0) upstream.write(early)

  const tunnel = new Tunnel(context, client, upstream as Socket, attempt)
  context.hop = tunnel
  tunnel.start()
}

/** Two joined sockets. */
class Tunnel {
  readonly #context: Context
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #attempt: Attempt
  #open = 2
  #timer: NodeJS.Timeout | undefined

  constructor (context: Context, client: Socket, upstream: Socket, attempt: Attempt) {
    this.#context = context
    this.#client = client
    this.#upstream = upstream
    this.#attempt = attempt
  }

  start (): void {
    const client = this.#client
    const upstream = this.#upstream
    // each direction ends by itself, as TCP has it
    client.allowHalfOpen = true
    upstream.allowHalfOpen = true
    this.#watch(client, upstream)
    this.#watch(upstream, client)
    if (client.destroyed || upstream.destroyed) {
      this.cancel()
      return
    }
    this.#limitWrites()
    client.pipe(upstream)
    upstream.pipe(client)
  }

  cancel (): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #watch (side: Socket, other: Socket): void {
    side.on('error', () => other.destroy())
    // a clean end is passed on by pipe: the other side may still be writing its last bytes
    side.on('end', () => this.#hurry())
    side.on('close', () => {
      if (!side.readableEnded) other.destroy()
      this.#hurry()
      if (--this.#open > 0) return
      clearTimeout(this.#timer)
      this.#attempt.end('complete')
      this.#context.snapshot.finish(this.#context)
    })
  }

  #hurry (): void {
    this.#timer ??= setTimeout(() => this.cancel(), LINGER).unref()
  }

  /**
   * An upstream that takes nothing stops the client from being read, and then nobody sees the client leave. A tunnel may
   * be idle as long as it likes; write_timeout counts only while there is something to write.
   */
  #limitWrites (): void {
    const upstream = this.#upstream
    upstream.setTimeout(this.#context.upstream?.timeouts.write ?? 0)
    upstream.on('timeout', () => { if (upstream.writableLength > 0) upstream.destroy() })
  }
}

function switchingProtocols (fields: readonly string[]): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`
  return `${head}\r\n`
}
