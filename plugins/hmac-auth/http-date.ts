const DAYS = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAYS = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'

/** The three forms of RFC 9110 section 5.6.7, of which senders may use the first only. */
const FORMS = [
  new RegExp(`^${DAYS}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAYS}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${DAYS} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`)
]

/** Reads an HTTP date. @returns milliseconds since the epoch; null where it is none */
export function parseHttpDate (text: string, now: number): number | null {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups
    if (groups !== undefined) return toTime(groups, now)
  }
  return null
}

function toTime ({ year, month, day, hour, minute, second }: Readonly<Record<string, string>>, now: number): number | null {
  const numbers = [fullYear(year as string, now), MONTHS.indexOf(month as string), Number(day), Number(hour), Number(minute), Number(second)] as const
  const [, , date, hours, minutes, seconds] = numbers
  if (hours > 23 || minutes > 59 || seconds > 60) return null
  const midnight = new Date(Date.UTC(numbers[0], numbers[1], date))
  // Date takes 31 February for 3 March
  return midnight.getUTCDate() === date ? midnight.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000 : null
}

/** Two digits that would be more than 50 years ahead are of the past century. */
function fullYear (year: string, now: number): number {
  if (year.length === 4) return Number(year)
  const thisYear = new Date(now).getUTCFullYear()
  const full = thisYear - thisYear % 100 + Number(year)
  return full > thisYear + 50 ? full - 100 : full
}
