/** How long an answer is fresh, how old it is, and what may be done with it then (RFC 9111 section 4.2, RFC 5861). */
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import type { AnswerDirectives, RequestDirectives } from './directives.ts'
import { httpDate } from './http-date.ts'

/** What an answer says about time. */
export interface Dates {
  readonly date: string | undefined
  readonly expires: string | undefined
  readonly lastModified: string | undefined
  readonly age: string | undefined
}

/** RFC 9111 section 4.2.2 names this part of the time since the last change. */
const HEURISTIC_PART = 0.1

export type Heuristic = 'none' | 'last-modified' | 'cache_ttl'

/**
 * Milliseconds for which it is fresh; null: it doesn't say.
 *
 * @param received when it came, in milliseconds since the epoch
 */
export function explicitLifetime (directives: AnswerDirectives, { expires, date }: Dates, received: number): number | null {
  const { sMaxAge, maxAge } = directives
  if (sMaxAge !== undefined) return sMaxAge * 1000
  if (maxAge !== undefined) return maxAge * 1000
  if (expires === undefined) return null
  const end = httpDate(expires, received)
  const start = httpDate(date, received)
  // "0" and other texts that are no date: already expired (section 5.3)
  return Number.isNaN(end) ? 0 : Math.max(0, end - (Number.isNaN(start) ? received : start))
}

/** Milliseconds for which an answer that doesn't say is taken to be fresh; null: it isn't. @param most in milliseconds */
export function heuristicLifetime (heuristic: Heuristic, { date, lastModified }: Dates, received: number, most: number): number | null {
  if (heuristic === 'none') return null
  if (heuristic === 'cache_ttl') return most
  const changed = httpDate(lastModified, received)
  if (Number.isNaN(changed)) return null
  const start = httpDate(date, received)
  return Math.min(most, Math.max(0, ((Number.isNaN(start) ? received : start) - changed) * HEURISTIC_PART))
}

/** Age in milliseconds when it came (section 4.2.3). @param asked when the request went out */
export function initialAge ({ age, date }: Dates, asked: number, received: number): number {
  const start = httpDate(date, received)
  const apparent = Number.isNaN(start) ? 0 : Math.max(0, received - start)
  // of several the first counts (section 5.1)
  const [, seconds] = /^\s*(\d+)\s*(?:,|$)/.exec(age ?? '') ?? []
  const said = seconds === undefined ? 0 : Math.min(Number(seconds), 2_147_483_648) * 1000
  return Math.max(apparent, said + Math.max(0, received - asked))
}

/** Age in milliseconds now. */
export function currentAge (answer: CachedAnswer, now: number): number {
  return answer.initialAge + Math.max(0, now - answer.receivedAt)
}

/**
 * What may be done with a stored answer: `fresh`, `stale` (as it is, by leave of the request), `background` (as it is, while
 * it is validated), or `validate` first.
 */
export type Verdict = 'fresh' | 'stale' | 'background' | 'validate'

export function judge (answer: CachedAnswer, request: RequestDirectives, now: number): Verdict {
  if (answer.alwaysValidate || request.noCache) return 'validate'
  const age = currentAge(answer, now)
  if (request.maxAge !== undefined && age > request.maxAge * 1000) return 'validate'
  const left = answer.lifetime - age
  // RFC 9111 section 4.2: fresh while the lifetime is greater than the age
  if (left > 0 && left >= (request.minFresh ?? 0) * 1000) return 'fresh'
  if (left > 0 || request.minFresh !== undefined) return 'validate'
  if (!answer.mustRevalidate && -left <= (request.maxStale ?? -1) * 1000) return 'stale'
  // a request that names the age it takes has been asked above; that it takes a stale one it has not said
  if (request.maxAge !== undefined || answer.staleWhileRevalidate === 0) return 'validate'
  return -left <= answer.staleWhileRevalidate ? 'background' : 'validate'
}

/** Whether it may be sent although it is stale, since the upstream fails (RFC 5861 section 4). */
export function mayStandIn (answer: CachedAnswer, request: RequestDirectives, now: number): boolean {
  if (answer.alwaysValidate || request.noCache) return false
  const stale = currentAge(answer, now) - answer.lifetime
  if (answer.staleIfError > 0 && stale <= answer.staleIfError) return true
  return !answer.mustRevalidate && request.staleIfError !== undefined && stale <= request.staleIfError * 1000
}
