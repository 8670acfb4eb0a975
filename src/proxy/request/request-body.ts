import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { ClientMessage } from '../../gateway/listener/client-message.ts'
import type { Context } from '../../gateway/context.ts'
import { GatewayError } from '../../errors.ts'

/** A body of at most this many bytes is sent upstream in one piece: one write, and a failed connection can be retried. */
export const SMALL_BODY = 65_536

/** Whether the request has a body, by its framing (RFC 9112 section 6.3). */
export function hasBody (raw: IncomingMessage): boolean {
  const { headers } = raw
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0'
}

/** Answers `Expect: 100-continue` when the body is wanted, not before: a refused upload is never sent. */
export function inviteBody (context: Context): void {
  if (!context.expectsContinue) return
  context.expectsContinue = false
  context.response.writeContinue()
}

/**
 * An answer comes while the client still sends: what is left of a short body is read and thrown away, a long one (or one
 * of unknown length, or one that waits for an invitation) would hold the connection, so it ends with the answer.
 */
export function answerEarly (context: Context): void {
  // "not complete" is also what Node says of a request without a body, until its handlers have returned
  if (!hasBody(context.raw)) return
  const length = context.raw.headers['content-length']
  if (context.expectsContinue || length === undefined || Number(length) > SMALL_BODY) context.response.shouldKeepAlive = false
}

/**
 * Reads the whole body.
 *
 * @param limit in bytes; a longer body is an error with status 413
 * @param source the body, where a plugin has put another stream before the client's
 * @param done gets the error, or the body; not called when the client leaves before the end
 */
export function collectBody (context: Context, limit: number, done: (error: GatewayError | Error | null, body: Buffer | null) => void, source: Readable = context.raw): void {
  const { raw } = context
  if (Number(raw.headers['content-length'] ?? 0) > limit) {
    done(tooLarge(), null)
    return
  }
  inviteBody(context)
  // a length that is known has been held against the limit
  if (source === raw && raw instanceof ClientMessage && raw.headers['content-length'] !== undefined && raw.takeBody(body => done(null, body))) return
  const chunks: Buffer[] = []
  let size = 0
  function onData (given: Buffer | string): void {
    // what a plugin has put before may be text
    const chunk = typeof given === 'string' ? Buffer.from(given) : given
    size += chunk.length
    if (size > limit) {
      stop()
      source.pause()
      done(tooLarge(), null)
      return
    }
    chunks.push(chunk)
  }
  function onEnd (): void {
    stop()
    done(null, chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, size))
  }
  function stop (): void {
    source.off('data', onData)
    source.off('end', onEnd)
    source.off('error', onError)
  }
  function onError (error: Error): void {
    stop()
    // a client that left is told nothing
    if (!raw.destroyed || source !== raw) done(error, null)
  }
  source.on('data', onData)
  source.on('end', onEnd)
  source.on('error', onError)
}

function tooLarge (): GatewayError {
  return new GatewayError('SP_BODY_TOO_LARGE', 413, 'Payload too large', { headers: { connection: 'close' } })
}
