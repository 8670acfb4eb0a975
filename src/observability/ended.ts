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
  /** Plugin that ended the exchange, or had the word when it ended; null: it had passed them all. */
  readonly plugin: string | null
  /** The answer has begun. */
  readonly answered: boolean
  /** The answer is the upstream's, or one from the cache in its place. */
  readonly proxied: boolean
  /** Bytes of the request and of the answer, heads included, as they went over the wire. */
  readonly read: number
  readonly written: number
  /** Milliseconds: altogether, in the gateway before the upstream was called (or altogether), and until its head (-1: none came). */
  readonly total: number
  readonly gateway: number
  readonly upstream: number
  /** Attempts at the upstream that came to nothing. */
  readonly failedTries: number
  /** Monotonic milliseconds. */
  readonly tick: number
}

/** The client left before the answer began. */
const CLIENT_CLOSED = 499
const SWITCHED = 101

/** Works out how an exchange ended; once a request, since its sizes are what the connection counts between two calls. */
export function endOf (facts: AccessFacts): Ended {
  const { raw, response, upstreamStatus, errorCode, proxied, startedTick, proxiedTick, headTick } = facts
  const tick = performance.now()
  const tunnel = upstreamStatus === SWITCHED
  const answered = response.headersSent || tunnel || facts.refused === true
  const status = tunnel ? SWITCHED : answered ? response.statusCode : CLIENT_CLOSED
  const { read, written } = connectionSizes(raw.counted ?? raw.socket)
  const error = errorCode ?? (tunnel || (answered && response.writableFinished) ? null : 'SP_CLIENT_CLOSED')
  return {
    status,
    reason: error !== null ? reasonOfError(error, status) : proxied || tunnel ? WHOLE : 'LA',
    error,
    plugin: facts.plugin,
    answered,
    proxied,
    read,
    written,
    total: tick - startedTick,
    gateway: (proxiedTick === 0 ? tick : proxiedTick) - startedTick,
    upstream: headTick === 0 ? -1 : headTick - proxiedTick,
    failedTries: facts.tries === null ? 0 : facts.tries.length,
    tick
  }
}
