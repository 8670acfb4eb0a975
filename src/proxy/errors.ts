import { GatewayError } from '../errors.ts'
import type { Ending } from '../upstream/destination.ts'
import { tlsFailure } from './transport/tls-failure.ts'

/** Kong's texts, which users search for. */
const INVALID = 'An invalid response was received from the upstream server'
const TIMING_OUT = 'The upstream server is timing out'
const RESOLUTION = 'name resolution failed'

interface Failure {
  readonly code: string
  readonly status: 502 | 503 | 504
  readonly message: string
}

const bad = (code: string): Failure => ({ code, status: 502, message: INVALID })
const late = (code: string): Failure => ({ code, status: 504, message: TIMING_OUT })
const unnamed: Failure = { code: 'SP_UPSTREAM_NAME', status: 503, message: RESOLUTION }

/** What went wrong upstream, by the code that Node gives it or we do (those of undici, which users search for). */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: bad('SP_UPSTREAM_REFUSED'),
  ECONNRESET: bad('SP_UPSTREAM_RESET'),
  EPIPE: bad('SP_UPSTREAM_RESET'),
  UND_ERR_SOCKET: bad('SP_UPSTREAM_RESET'),
  EHOSTUNREACH: bad('SP_UPSTREAM_UNREACHABLE'),
  ENETUNREACH: bad('SP_UPSTREAM_UNREACHABLE'),
  SP_UPSTREAM_PROTOCOL: bad('SP_UPSTREAM_PROTOCOL'),
  ERR_HTTP2_ERROR: bad('SP_UPSTREAM_PROTOCOL'),
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: bad('SP_UPSTREAM_PROTOCOL'),
  SP_STREAM_REFUSED: bad('SP_UPSTREAM_RESET'),
  SP_UPSTREAM_LENGTH: bad('SP_UPSTREAM_LENGTH'),
  UND_ERR_HEADERS_OVERFLOW: bad('SP_UPSTREAM_HEADERS'),
  ENOTFOUND: unnamed,
  EAI_AGAIN: unnamed,
  ETIMEDOUT: late('SP_UPSTREAM_CONNECT_TIMEOUT'),
  UND_ERR_CONNECT_TIMEOUT: late('SP_UPSTREAM_CONNECT_TIMEOUT'),
  UND_ERR_HEADERS_TIMEOUT: late('SP_UPSTREAM_READ_TIMEOUT'),
  UND_ERR_BODY_TIMEOUT: late('SP_UPSTREAM_READ_TIMEOUT'),
  SP_UPSTREAM_WRITE_TIMEOUT: late('SP_UPSTREAM_WRITE_TIMEOUT')
}

const OTHER = bad('SP_UPSTREAM_INVALID')

/** Code of a system or library error; an AggregateError (all addresses of a name failed) speaks by its first member. */
export function causeCode (error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const { code, errors } = error as { code?: unknown, errors?: unknown[] }
  if (typeof code === 'string' && code !== '') return code
  return Array.isArray(errors) && errors.length > 0 ? causeCode(errors[0]) : ''
}

/** The answer to a client whose request failed upstream: never the raw text, never an address. */
export function upstreamError (cause: unknown): GatewayError {
  const code = causeCode(cause)
  const tls = tlsFailure(code)
  const failure = FAILURES[code] ?? (tls === null ? OTHER : bad(tls))
  return new GatewayError(failure.code, failure.status, failure.message, { cause })
}

/** The answer to a client whose request has taken all its time, or had none left when it came. */
export function deadlinePassed (): GatewayError {
  return new GatewayError('SP_DEADLINE', 504, TIMING_OUT)
}

/** What is refused before it is sent, and what is dropped when the gateway ends: nobody upstream has seen it. */
const NEVER_SENT = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED'])

/**
 * How an attempt that failed with this error ended.
 *
 * @param sent its connection was there
 */
export function endingOf (cause: unknown, sent: boolean): Ending {
  const code = causeCode(cause)
  if (NEVER_SENT.has(code)) return 'cancelled'
  const failure = FAILURES[code]
  // of a handshake, too; what has no name here is a certificate or a refused handshake, and no passing thing
  if (!sent) return failure === undefined ? 'invalid' : 'connect'
  if (failure === undefined) return 'invalid'
  if (failure.code === 'SP_UPSTREAM_READ_TIMEOUT' || failure.code === 'SP_UPSTREAM_WRITE_TIMEOUT') return 'timeout'
  // the system may give a connection up that was there, and calls it refused, unreachable or timed out then
  return failure.code === 'SP_UPSTREAM_RESET' || CONNECTING.has(failure.code) ? 'reset' : 'invalid'
}

/** The certificate is for another name: see `failOnWrongName`. */
export function isWrongName (cause: unknown): boolean {
  const code = causeCode(cause)
  return code === 'CERT_ALTNAME_INVALID' || code === 'ERR_TLS_CERT_ALTNAME_INVALID'
}

const CONNECTING = new Set(['SP_UPSTREAM_REFUSED', 'SP_UPSTREAM_UNREACHABLE', 'SP_UPSTREAM_NAME', 'SP_UPSTREAM_CONNECT_TIMEOUT'])
