import type { ServerHttp2Stream } from 'node:http2'
import { errorBody } from '../error-body.ts'
import { ALLOWED } from '../listener/malformed.ts'

/** There is no target that could be routed, so no engine sees it. */
export function refuseConnect (stream: ServerHttp2Stream, requestId: string): void {
  stream.on('error', () => {})
  stream.resume()
  stream.respond({ ':status': 405, allow: ALLOWED, 'content-type': 'application/json; charset=utf-8' })
  stream.end(errorBody('Method not allowed', requestId), () => { if (!stream.closed) stream.close() })
}
