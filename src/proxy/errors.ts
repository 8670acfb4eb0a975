import { GatewayError } from '../errors.ts'
import type { Ending } from '../upstream/destination.ts'

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

/** What went wrong upstream, by the code that Node or undici gives it. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: bad('SP_UPSTREAM_REFUSED'),
  ECONNRESET: bad('SP_UPSTREAM_RESET'),
  EPIPE: bad('SP_UPSTREAM_RESET'),
  UND_ERR_SOCKET: bad('SP_UPSTREAM_RESET'),
  EHOSTUNREACH: bad('SP_UPSTREAM_UNREACHABLE'),
  ENETUNREACH: bad('SP_UPSTREAM_UNREACHABLE'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: bad('SP_UPSTREAM_LENGTH'),
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
  const failure = FAILURES[causeCode(cause)] ?? OTHER
  return new GatewayError(failure.code, failure.status, failure.message, { cause })
}

const CONNECTING = new Set(['SP_UPSTREAM_REFUSED', 'SP_UPSTREAM_UNREACHABLE', 'SP_UPSTREAM_NAME', 'SP_UPSTREAM_CONNECT_TIMEOUT'])

/** How an attempt that failed with this error ended. */
export function endingOf (cause: unknown): Ending {
  const { code, status } = FAILURES[causeCode(cause)] ?? OTHER
  if (CONNECTING.has(code)) return 'connect'
  if (status === 504) return 'timeout'
  return code === 'SP_UPSTREAM_RESET' ? 'reset' : 'invalid'
}

/** Connection failures and resets: what a retry may mend. Timeouts while waiting for an answer are not. */
export function isConnectionFailure (cause: unknown): boolean {
  const code = (FAILURES[causeCode(cause)] ?? OTHER).code
  return code === 'SP_UPSTREAM_REFUSED' || code === 'SP_UPSTREAM_RESET' || code === 'SP_UPSTREAM_UNREACHABLE' || code === 'SP_UPSTREAM_CONNECT_TIMEOUT' || code === 'SP_UPSTREAM_NAME'
}
