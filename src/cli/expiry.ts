const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 7 * 24 }

const PERIOD = /^([1-9]\d{0,5})([hdw])$/

/** A date, or a time with its zone (RFC 3339). */
const MOMENT = /^\d{4}-(\d{2})-(\d{2})(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2}))?$/

/**
 * When something ends.
 *
 * @param text `90d` from now, a date (its first moment, UTC), or a time with its zone
 * @returns null where it is none of these
 */
export function parseExpiry (text: string, now: number): Date | null {
  const period = PERIOD.exec(text)
  if (period !== null) return new Date(now + Number(period[1]) * (HOURS[period[2] as string] as number) * 3_600_000)
  const moment = MOMENT.exec(text)
  const end = new Date(text)
  if (moment === null || Number.isNaN(end.getTime())) return null
  // Date takes 2027-02-30 for March 2nd
  return lastDay(Number(text.slice(0, 4)), Number(moment[1])) < Number(moment[2]) ? null : end
}

function lastDay (year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
