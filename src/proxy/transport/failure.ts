import { constants } from 'node:http2'

/** Why a request got no answer, with a code that `upstreamError` knows. */
export function failure (code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code })
}

/** The other side has not looked at the request (RFC 9113 section 8.7): whatever it is, it may be sent again. */
export const REFUSED = 'SP_STREAM_REFUSED'

/** Of a stream that ended before its answer did. */
export function streamFailure (reset: number, cause?: unknown): Error {
  if (reset === constants.NGHTTP2_REFUSED_STREAM) return failure(REFUSED, 'the upstream has not taken the request', cause)
  // also what Node's own side says of an answer that breaks the rules
  if (reset === constants.NGHTTP2_PROTOCOL_ERROR) return failure('SP_UPSTREAM_INVALID', 'an answer that is no HTTP/2', cause)
  return failure('ECONNRESET', `the upstream has reset the stream (${reset})`, cause)
}
