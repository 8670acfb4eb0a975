const SECONDS = /^\d{1,9}$/

/**
 * Milliseconds until an upstream wants to be asked again (RFC 9110 section 10.2.3); 0 where it doesn't say.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfter (value: string | undefined, now: number): number {
  if (value === undefined) return 0
  const text = value.trim()
  if (SECONDS.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
