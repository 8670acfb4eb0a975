const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const TIME = '[0-2]\\d:[0-5]\\d:[0-6]\\d'

const FIXED = new RegExp(`^${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT$`)
const RFC850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d{2}-${MONTH}-)(\\d{2})( ${TIME} GMT)$`)
const ASCTIME = new RegExp(`^${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`)

/**
 * Milliseconds since the epoch of an HTTP-date (RFC 9110 section 5.6.7), in any of its three forms; NaN for all else:
 * `Date.parse` alone makes a date of nearly everything.
 *
 * @param now a year of two digits is not more than 50 years after it
 */
export function httpDate (text: string | undefined, now: number): number {
  if (text === undefined) return NaN
  if (FIXED.test(text)) return Date.parse(text)
  const [, day, year, time] = RFC850.exec(text) ?? []
  if (year !== undefined) {
    const current = new Date(now).getUTCFullYear()
    const century = Math.floor(current / 100) * 100
    let full = century + Number(year)
    if (full > current + 50) full -= 100
    return Date.parse(`${day}${full}${time}`)
  }
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : NaN
}
