const MINUTE = 60_000

/** How long a key set is fresh when the provider doesn't say. */
const DEFAULT = 10 * MINUTE
/** Shorter, and a provider decides how busy it is kept; longer, and a key that it takes back goes on to be believed. */
const SHORTEST = 5 * MINUTE
const LONGEST = 15 * MINUTE

/** Milliseconds for which a key set with this Cache-Control field (RFC 9111 section 5.2) is fresh. */
export function freshness (cacheControl: string): number {
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(cacheControl)) return SHORTEST
  const [, seconds] = /(?:^|[\s,])max-age\s*=\s*"?(\d+)/i.exec(cacheControl) ?? []
  return seconds === undefined ? DEFAULT : Math.min(LONGEST, Math.max(SHORTEST, Number(seconds) * 1000))
}

/** When in its time a set is fetched again: before the end, and not by all gateways of a company at once. */
export function refreshAfter (fresh: number, random = Math.random()): number {
  return Math.round(fresh * (0.75 + 0.15 * random))
}

const FIRST_RETRY = 1_000
const LAST_RETRY = 30_000

/** Milliseconds to wait after so many failures in a row: twice as long each time, with up to a third less by chance. */
export function retryAfter (failures: number, random = Math.random()): number {
  return Math.round(Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(failures - 1, 10)) * (1 - random / 3))
}
