import type { AccessFacts } from './access-facts.ts'
import { connectionSizes } from './access-fields.ts'
import { reasonOfError, WHOLE, type EndReason } from './end-reason.ts'

/** How an exchange ended. */
export interface Ended {
  /** As the client got it; 499, nginx' number for it, where it left before the answer began. */
  readonly status: number
  readonly reason: EndReason
  /** Code of the error; null: there was none. */
  readonly error: string | null
  /** The answer has begun. */
  readonly answered: boolean
  /** Bytes of the request and of the answer, heads included, as they went over the wire. */
  readonly read: number
  readonly written: number
  /** Monotonic milliseconds. */
  readonly tick: number
}

/** The client left before the answer began. */
const CLIENT_CLOSED = 499
const SWITCHED = 101

/** Works out how an exchange ended; once a request, since its sizes are what the connection counts between two calls. */
export function endOf (facts: AccessFacts): Ended {
  const { raw, response, upstreamStatus, errorCode } = facts
  const tunnel = upstreamStatus === SWITCHED
  const answered = response.headersSent || tunnel
  const status = tunnel ? SWITCHED : answered ? response.statusCode : CLIENT_CLOSED
  const { read, written } = connectionSizes(raw.socket)
  const error = errorCode ?? (tunnel || (answered && response.writableFinished) ? null : 'SP_CLIENT_CLOSED')
  const reason = error !== null ? reasonOfError(error, status) : facts.proxied || tunnel ? WHOLE : 'LA'
  return { status, reason, error, answered, read, written, tick: performance.now() }
}
