import type { Socket } from 'node:net'
import { connectionOf } from './connection.ts'
import { errorBody } from './error-body.ts'
import type { ServerOptions } from './server.ts'

/** A request that no route has seen. */
export interface MalformedFacts {
  readonly status: number
  readonly code: string
  readonly address: string
  readonly requestId: string
}

interface ParserError {
  readonly code?: string | undefined
  readonly rawPacket?: Buffer
}

const STATUS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'Request header fields too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'Request timeout'],
  SP_CONNECT: [405, 'Method Not Allowed', 'Method not allowed'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'Payload too large']
}

/** Answers what the parser refused: the same JSON body as every other error, then the connection is closed. */
export function refuseMalformed (socket: Socket, error: ParserError, options: ServerOptions): void {
  const connection = connectionOf(socket)
  const context = connection.current
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy()
    return
  }
  // a broken body of a request that is being answered: the answer that started must not be followed by another
  if (context !== null && !context.finished) {
    context.errorCode = error.code ?? null
    if (context.response.headersSent || context.reply === null || context.answered) {
      context.cancel?.()
      socket.destroy()
      return
    }
    context.cancel?.()
  }
  const [status, reason, message] = STATUS[error.code ?? ''] ?? [400, 'Bad Request', 'Bad request']
  const [code, words, text] = status === 431 && isLongLine(error) ? [414, 'URI Too Long', 'URI too long'] as const : [status, reason, message] as const
  const requestId = context?.id ?? options.nextId()
  const body = errorBody(text, requestId)
  socket.end(`HTTP/1.1 ${code} ${words}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n${body}`)
  // what the client still sends is not read: the close would otherwise wait for it
  setTimeout(() => socket.destroy(), 1_000).unref()
  options.onMalformed?.({ status: code, code: error.code ?? 'SP_MALFORMED', address: connection.address, requestId })
}

/** Whether the head that overflowed did so in its request line: no line end in the first of its packets. */
function isLongLine (error: ParserError): boolean {
  const packet = error.rawPacket
  return packet !== undefined && packet.subarray(0, 8_192).indexOf(10) === -1
}
