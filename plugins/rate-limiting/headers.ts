import { type FastifyReply, LENGTHS, type Period, type WindowUsage } from '../../src/plugin.ts'

/** Seconds, rounded up: who comes back then is in time. */
export function seconds (milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

/** Until a refused request may be sent again: when the last of the windows has room. One that never fits is told the period. */
export function retryAfter (usage: readonly WindowUsage[]): number {
  let wait = 0
  for (const { window, wait: own } of usage) wait = Math.max(wait, own === Infinity ? LENGTHS[window.period] : own)
  return seconds(wait)
}

const names = (kind: string): Readonly<Record<Period, string>> => ({
  second: `x-ratelimit-${kind}-second`,
  minute: `x-ratelimit-${kind}-minute`,
  hour: `x-ratelimit-${kind}-hour`,
  day: `x-ratelimit-${kind}-day`,
  month: `x-ratelimit-${kind}-month`,
  year: `x-ratelimit-${kind}-year`
})
const LIMIT = names('limit')
const REMAINING = names('remaining')

/**
 * Kong's fields, and the two of draft-ietf-httpapi-ratelimit-headers-10.
 *
 * `RateLimit-Limit` and its like speak of the window with the least remaining, of equal ones the longest; of a refusal, of
 * the one that has room last.
 */
export function describeLimits (reply: FastifyReply, usage: readonly WindowUsage[], policy: string): void {
  let tightest = usage[0] as WindowUsage
  let current = ''
  for (const one of usage) {
    const { window: { period, limit }, remaining, reset, wait } = one
    if (wait > tightest.wait || (wait === tightest.wait && remaining <= tightest.remaining)) tightest = one
    const left = String(Math.floor(remaining))
    reply.header(LIMIT[period], String(limit)).header(REMAINING[period], left)
    current += `${current === '' ? '' : ', '}"${period}";r=${left};t=${seconds(wait === 0 || wait === Infinity ? reset : wait)}`
  }
  const { window, remaining, reset, wait } = tightest
  reply
    .header('ratelimit-limit', String(window.limit))
    .header('ratelimit-remaining', String(Math.floor(remaining)))
    .header('ratelimit-reset', String(wait === 0 ? seconds(reset) : retryAfter(usage)))
    .header('ratelimit-policy', policy)
    .header('ratelimit', current)
}
