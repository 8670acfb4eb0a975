import type { ServerResponse } from 'node:http'
import { latin1 } from '../fields/latin1.ts'

/** Longer bodies are not worth the copy. */
const LONGEST = 4_096

/** What Node keeps of a head that is written but not sent. */
interface Internals {
  _header: string | null
  _headerSent: boolean
  _last: boolean
  readonly _hasBody: boolean
  readonly _expect_continue: boolean
  readonly _sent100: boolean
}

/**
 * Writes an answer that is here as a whole.
 *
 * Node's `writeHead` looks at each name and value again, although those of an upstream have passed a parser with the same
 * rules; and it sends head, body and an empty last piece as a list of three. Here the head is put together as Node would,
 * and a short body is part of its string: 4 µs a request less. What is out of the ordinary takes Node's way.
 *
 * @param fields name, value, …: checked already, be it by a parser or by `validateHeaderValue`. What stands on the response
 *   itself is among them
 * @param length what their Content-Length says; -1: there is none
 */
export function writeAnswer (response: ServerResponse, status: number, statusText: string | undefined, fields: string[], body: Buffer | null, length: number): void {
  // Node would put the fields into these, and keep one of each name
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const head = statusText !== undefined && body !== null && body.length === length ? headOf(response, status, statusText, fields) : null
  if (head === null || body === null) {
    if (statusText === undefined) response.writeHead(status, fields as unknown as Record<string, string>)
    else response.writeHead(status, statusText, fields as unknown as Record<string, string>)
    if (body === null) response.end()
    else response.end(body)
    return
  }
  const internals = response as unknown as Internals
  response.statusCode = status
  response.statusMessage = statusText as string
  internals._headerSent = false
  if (body.length > LONGEST) {
    internals._header = head
    response.end(body)
    return
  }
  // latin1 is one byte a character: any bytes survive
  internals._header = head + latin1(body)
  response.end()
}

/** The head as text; null where Node shall make it. */
function headOf (response: ServerResponse, status: number, statusText: string, fields: readonly string[]): string | null {
  const internals = response as unknown as Internals
  if (internals._header !== null || !internals._hasBody || status < 200 || status === 204 || status === 304) return null
  if (internals._expect_continue && !internals._sent100) return null
  let head = `HTTP/1.1 ${status} ${statusText}\r\n`
  let dated = false
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    switch (name.length) {
      case 4:
        dated ||= name === 'Date' || name.toLowerCase() === 'date'
        break
      case 6:
      case 7:
      case 10:
      case 17:
        if (isSpecial(name)) return null
        break
    }
    head += name + ': ' + (fields[index + 1] as string) + '\r\n'
  }
  if (!dated) return null
  if (response.shouldKeepAlive) return head + 'Connection: keep-alive\r\n\r\n'
  internals._last = true
  return head + 'Connection: close\r\n\r\n'
}

/** Fields from which Node learns how the message ends. */
function isSpecial (name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'connection' || lower === 'transfer-encoding' || lower === 'trailer' || lower === 'expect'
}
