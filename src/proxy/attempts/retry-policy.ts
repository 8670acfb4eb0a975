import type { Retry, RetryReason } from '../../config/model.ts'
import type { Context } from '../../gateway/context.ts'
import type { Ending } from '../../upstream/destination.ts'
import type { Upstream } from '../request/upstream.ts'

/** When a request is asked again, and how: made once for a service, or a plugin entry. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly retries: number
  readonly connect: boolean
  readonly reset: boolean
  readonly timeout: boolean
  /** null: no status is a reason. */
  readonly statuses: ReadonlySet<number> | null
  /** That may be sent twice. */
  readonly methods: ReadonlySet<string>
  /** Bodies up to this many bytes are held before they go up. */
  readonly bodyLimit: number
  /** Milliseconds. */
  readonly backoff: number
  readonly maxBackoff: number
  /** 0: no second attempt beside the first. */
  readonly hedgeDelay: number
}

/** @param retries attempts after the first */
export function createRetryPolicy (options: Omit<Retry, 'budget_percent' | 'budget_minimum'>, retries: number): RetryPolicy {
  const reasons = new Set<RetryReason>(options.retry_on)
  const statuses = new Set(options.retry_on.filter(reason => typeof reason === 'number'))
  return {
    retries,
    connect: reasons.has('connect'),
    reset: reasons.has('reset'),
    timeout: reasons.has('timeout'),
    statuses: statuses.size === 0 ? null : statuses,
    methods: new Set(options.methods),
    bodyLimit: options.body_limit,
    backoff: options.backoff,
    maxBackoff: options.max_backoff,
    hedgeDelay: options.hedge_delay ?? 0
  }
}

/** Whether a request may reach an upstream twice: its method allows it, and its body is still there. */
export function mayRepeat ({ retry, body, method }: Upstream): boolean {
  return retry.methods.has(method) && (body === null || Buffer.isBuffer(body))
}

/** Whether two attempts of a request may run at once. */
export function mayHedge ({ upgrade }: Context, { body, method }: Upstream): boolean {
  return (method === 'GET' || method === 'HEAD') && body === null && upgrade === null
}

/** Whether an attempt that ended so, without an answer, is a reason to ask again. */
export function isReason (upstream: Upstream, ending: Ending): boolean {
  const { retry } = upstream
  switch (ending) {
    case 'connect':
      // it never left
      return retry.connect
    case 'reset':
      return retry.reset && mayRepeat(upstream)
    case 'timeout':
      return retry.timeout && mayRepeat(upstream)
    default:
      return false
  }
}

/**
 * How long to wait before the same target is asked again: at random, so that those who failed together don't come back
 * together.
 *
 * @param count attempts that have failed, from 1
 * @param random from 0 up to 1
 */
export function backoffTime ({ backoff, maxBackoff }: RetryPolicy, count: number, random = Math.random()): number {
  // 2 ** 1024 is infinite, and nothing times that is no number
  return random * Math.min(maxBackoff, backoff * 2 ** Math.min(count - 1, 30))
}
