import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** What a message says, once it is there as a whole. */
export interface Message {
  /** Names in lower case, fields of one name joined as Node does. */
  readonly headers: IncomingHttpHeaders
  /** As on the wire, in order: name, value, name, value. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** The body as UTF-8. */
  readonly text: string
  /** The body as JSON. @throws SyntaxError */
  json (): unknown
}

/** Reads a message to its end. */
export async function readMessage (message: IncomingMessage): Promise<Message> {
  const body = await buffer(message)
  const text = body.toString()
  return {
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    body,
    text,
    json: () => JSON.parse(text) as unknown
  }
}
