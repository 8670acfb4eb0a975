import type { Socket } from 'node:net'
import { connectionOf } from './connection.ts'
import type { Context } from '../context.ts'
import { errorBody } from '../error-body.ts'
import { linger } from './linger.ts'
import { holdRequest } from './pipeline.ts'
import type { ListenerOptions } from './listener.ts'

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

/** Of the answer to CONNECT and TRACE, which RFC 9110 section 15.5.6 wants to name what is allowed. */
export const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

const STATUS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'Request header fields too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'Request timeout'],
  SP_PLAIN_HTTP: [400, 'Bad Request', 'The plain HTTP request was sent to HTTPS port'],
  SP_CONNECT: [405, 'Method Not Allowed', 'Method not allowed'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'Payload too large']
}

/** Answers what the parser refused: the same JSON body as every other error, then the connection is closed. */
export function refuseMalformed (socket: Socket, error: ParserError, options: ListenerOptions): void {
  const connection = connectionOf(socket)
  // the parser says the same of every further packet
  if (connection.refused) return
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy()
    return
  }
  connection.refused = true
  const context = connection.current
  if (context === null || context.finished) {
    answerRefusal(socket, error, options, null)
  } else if (context.raw.complete) {
    // what follows a whole request is wrong, not the request: its answer comes first
    holdRequest(connection, () => answerRefusal(socket, error, options, null))
  } else {
    refuseBody(socket, error, options, context)
  }
}

/** A broken body of a request that runs: the upload is cut; an answer that has begun must not be followed by another. */
function refuseBody (socket: Socket, error: ParserError, options: ListenerOptions, context: Context): void {
  context.errorCode = error.code ?? null
  context.hop?.cancel()
  if (context.response.headersSent || context.answered) {
    socket.destroy()
    return
  }
  context.answered = true
  answerRefusal(socket, error, options, context)
}

function answerRefusal (socket: Socket, error: ParserError, options: ListenerOptions, context: Context | null): void {
  const [status, reason, message] = STATUS[error.code ?? ''] ?? [400, 'Bad Request', 'Bad request']
  const [code, words, text] = status === 431 && isLongLine(error) ? [414, 'URI Too Long', 'URI too long'] as const : [status, reason, message] as const
  const requestId = context?.id ?? options.nextId()
  if (context !== null) {
    context.response.statusCode = code
    // one that has ended its side within its request has left
    context.refused = error.code !== 'HPE_INVALID_EOF_STATE'
  }
  const body = errorBody(text, requestId)
  const allow = code === 405 ? `Allow: ${ALLOWED}\r\n` : ''
  const own = options.inForce().refusalFields[connectionOf(socket).scheme]
  // one byte a character, as everywhere in a header; the body is ASCII
  socket.end(`HTTP/1.1 ${code} ${words}\r\n${allow}${own}Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n${body}`, 'latin1')
  linger(socket)
  if (context === null) options.onMalformed?.({ status: code, code: error.code ?? 'SP_MALFORMED', address: connectionOf(socket).address, requestId })
}

/** Whether the head that overflowed did so in its request line: no line end in the first of its packets. */
function isLongLine (error: ParserError): boolean {
  const packet = error.rawPacket
  return packet !== undefined && packet.subarray(0, 8_192).indexOf(10) === -1
}
