import type { Deadline } from '../../config/model.ts'
import type { Context } from '../../gateway/context.ts'
import type { Upstream } from '../request/upstream.ts'

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i
const MILLISECONDS = /^\d{1,10}$/
const GRPC = /^(\d{1,8})([HMSmun])$/
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 }
/** Some weeks: a timer takes no more. What is further away is no deadline. */
const FAR = 2_147_483_647
/** Eight digits are the most that the field may have. */
const MOST = 99_999_999

/**
 * Milliseconds that a request has left by what its field says; null where it says nothing that can be read.
 *
 * @param now milliseconds since the epoch
 */
export function readDeadline (header: Deadline['header'], value: string, now: number): number | null {
  const text = value.trim()
  switch (header) {
    case 'x-request-deadline': {
      const moment = MOMENT.test(text) ? Date.parse(text) : NaN
      return Number.isNaN(moment) ? null : moment - now
    }
    case 'grpc-timeout': {
      const match = GRPC.exec(text)
      return match === null ? null : Number(match[1]) * (UNITS[match[2] as string] as number)
    }
    case 'x-envoy-expected-rq-timeout-ms':
      return MILLISECONDS.test(text) ? Number(text) : null
  }
}

/** The field that says how many milliseconds are left. @param now milliseconds since the epoch */
export function writeDeadline (header: Deadline['header'], left: number, now: number): string {
  const whole = Math.max(0, Math.floor(left))
  switch (header) {
    case 'x-request-deadline':
      return new Date(now + whole).toISOString()
    case 'grpc-timeout':
      return whole > MOST ? `${Math.min(MOST, Math.floor(whole / 1000))}S` : `${whole}m`
    case 'x-envoy-expected-rq-timeout-ms':
      return String(whole)
  }
}

/**
 * When a request must be over, in monotonic milliseconds; 0: never. What a peer in `trusted_ips` says can only make it
 * sooner. Its field is taken off where the gateway speaks of deadlines itself.
 */
export function deadlineOf (context: Context, { headers, policy, timeouts: { total } }: Upstream): number {
  const own = total === 0 ? 0 : context.startedTick + total
  if (policy.deadline === null) return own
  const { header, accept, send } = policy.deadline
  const value = headers.get(header)
  if (value === undefined) return own
  if (send || (accept && !context.trusted)) headers.delete(header)
  const left = accept && context.trusted ? readDeadline(header, value, context.startedAt) : null
  if (left === null || left > FAR) return own
  // 0 would be none
  const theirs = Math.max(Number.MIN_VALUE, context.startedTick + left)
  return own === 0 ? theirs : Math.min(own, theirs)
}
