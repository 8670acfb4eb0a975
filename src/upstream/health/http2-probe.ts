import { connect } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { OutgoingFields } from '../../gateway/http2/stream-fields.ts'

/** A check that has begun. */
export interface Http2Attempt {
  /** Ends it and its connection; nothing is told any more but errors. */
  destroy (): void
  on (event: 'error', failed: () => void): unknown
}

export interface Http2Check {
  readonly authority: string
  readonly path: string
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string | string[]>>
  /** It doesn't have to be there yet; with TLS it offers `h2`. */
  readonly socket: Socket | TLSSocket
  readonly secure: boolean
}

/** One request of HTTP/2, on a connection of its own. @throws for a field that may not be sent */
export function begin ({ authority, path, fields, socket, secure }: Http2Check, found: (status: number) => void): Http2Attempt {
  const scheme = secure ? 'https' : 'http'
  const head = new OutgoingFields()
  for (const [name, value] of Object.entries(fields)) if (name !== 'host') head.add(name, value)
  const session = connect(`${scheme}://check`, { createConnection: () => socket, settings: { enablePush: false }, maxSessionMemory: 1 })
  let failed = (): void => {}
  const destroy = (): void => {
    session.destroy()
    socket.destroy()
  }
  socket.on('error', () => failed())
  session.on('error', () => failed())
  session.on('close', () => failed())
  session.on('connect', () => {
    if (secure && (socket as TLSSocket).alpnProtocol !== 'h2') failed()
  })
  try {
    // Node keeps it until there is a connection
    const stream = session.request({ ':method': 'GET', ':scheme': scheme, ':authority': String(fields['host'] ?? authority), ':path': path, ...head.headers }, { endStream: true })
    stream.on('response', ({ ':status': status }) => found(Number(status)))
    stream.on('error', () => failed())
    // without an answer before it
    stream.on('close', () => failed())
  } catch (error) {
    destroy()
    throw error
  }
  return { destroy, on: (_event, told) => { failed = told } }
}
