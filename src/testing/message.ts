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
    ...message.httpVersionMajor === 2 ? fieldsOf(message) : { headers: message.headers, rawHeaders: message.rawHeaders },
    body,
    text,
    json: () => JSON.parse(text) as unknown
  }
}

/** Of HTTP/2: what stands there in the place of the request line is left out, but Host. */
function fieldsOf ({ headers, rawHeaders }: IncomingMessage): Pick<Message, 'headers' | 'rawHeaders'> {
  const { ':authority': authority, host = authority } = headers as NodeJS.Dict<string>
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')))
  const raw = rawHeaders.filter((_, index) => rawHeaders[index - index % 2]?.startsWith(':') === false)
  return host === undefined || 'host' in own ? { headers: own, rawHeaders: raw } : { headers: { ...own, host }, rawHeaders: ['host', host, ...raw] }
}
