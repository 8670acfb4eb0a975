import type { FastifyReply } from 'fastify'
import type { CounterWindow, Period, WindowUsage } from '../stores/counters.ts'
import { lengthOf } from '../stores/periods.ts'

/** Seconds, rounded up: who comes back then is in time. */
export function seconds (milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

/** Until a refused request may be sent again: when the last of the windows has room. One that never fits is told the period. */
export function retryAfter (usage: readonly WindowUsage[]): number {
  let wait = 0
  for (const { window, wait: own } of usage) wait = Math.max(wait, own === Infinity ? lengthOf(window.period) : own)
  return seconds(wait)
}

/** Seconds for which Kong has a word. */
const WORDS = new Map<number, Period>([[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day'], [2_592_000, 'month'], [31_536_000, 'year']])

/** How headers call a window. */
function nameOf (period: Period | number): string {
  return typeof period === 'number' ? WORDS.get(period) ?? String(period) : period
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

/** RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10 section 3). */
export function describePolicy (windows: readonly CounterWindow[]): string {
  return windows.map(({ period, limit }) => `"${nameOf(period)}";q=${Math.floor(limit)};w=${lengthOf(period) / 1000}`).join(', ')
}

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
    const name = nameOf(period)
    reply
      .header(LIMIT[name as Period] ?? `x-ratelimit-limit-${name}`, String(limit))
      .header(REMAINING[name as Period] ?? `x-ratelimit-remaining-${name}`, left)
    current += `${current === '' ? '' : ', '}"${name}";r=${left};t=${seconds(wait === 0 || wait === Infinity ? reset : wait)}`
  }
  const { window, remaining, reset, wait } = tightest
  reply
    .header('ratelimit-limit', String(window.limit))
    .header('ratelimit-remaining', String(Math.floor(remaining)))
    .header('ratelimit-reset', String(wait === 0 ? seconds(reset) : retryAfter(usage)))
    .header('ratelimit-policy', policy)
    .header('ratelimit', current)
}
