/** Numbers with their units, exact enough to act on. One spelling everywhere: `1,234`, `12.3 ms`, `4.1 MB`. */

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const three = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('sv-SE', { year: 'numeric', month: '2-digit', day: '2-digit' })

export function count (value: number): string {
  return whole.format(value)
}

/** Of something a second: three figures. */
export function rate (value: number): string {
  return value >= 1000 ? whole.format(value) : three.format(value)
}

export function share (part: number, of: number): string {
  if (of === 0) return '–'
  const percent = part / of * 100
  if (percent > 0 && percent < 0.01) return '<0.01 %'
  return `${percent >= 100 ? '100' : three.format(Number(percent.toFixed(2)))} %`
}

/** Of milliseconds: three figures, in the unit that keeps them readable. */
export function duration (milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return '–'
  if (milliseconds < 1) return milliseconds === 0 ? '0 ms' : `${three.format(Number(milliseconds.toFixed(2)))} ms`
  if (milliseconds < 1000) return `${three.format(milliseconds)} ms`
  if (milliseconds < 60_000) return `${three.format(milliseconds / 1000)} s`
  return long(milliseconds)
}

/** `3 d 4 h`, `12 min 5 s`. */
export function long (milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  const units: ReadonlyArray<readonly [string, number]> = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]]
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0 s'
  let left = seconds
  return units.slice(first, first + 2).map(([unit, size]) => {
    const value = Math.floor(left / size)
    left -= value * size
    return value === 0 ? '' : `${value} ${unit}`
  }).filter(text => text !== '').join(' ')
}

export function bytes (value: number): string {
  if (value < 1000) return `${whole.format(value)} B`
  if (value < 1e6) return `${three.format(value / 1e3)} kB`
  return value < 1e9 ? `${three.format(value / 1e6)} MB` : `${three.format(value / 1e9)} GB`
}

/** Of milliseconds since the epoch, or ISO 8601: `12:03:05`, with the day where it is another one. */
export function time (at: number | string, now = Date.now()): string {
  const date = new Date(at)
  const text = clock.format(date)
  return day.format(date) === day.format(now) ? text : `${day.format(date)} ${text}`
}

export function date (at: number | string): string {
  return day.format(new Date(at))
}

export function plural (value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `4 s ago`. */
export function ago (at: number | string, now = Date.now()): string {
  const passed = now - new Date(at).getTime()
  return passed < 1000 ? 'just now' : `${long(passed)} ago`
}
