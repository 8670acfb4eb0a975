/** What numbers of the file count, and what people write instead of them: `5s`, `10MB`. */
import type { SchemaPart } from './messages.ts'

export type Unit = 'milliseconds' | 'seconds' | 'bytes'

const SECOND = 1000
const TIMES: ReadonlyArray<readonly [name: RegExp, milliseconds: number]> = [
  [/^(?:ms|msecs?|milli(?:second)?s?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, SECOND],
  [/^(?:m|mins?|minutes?)$/, 60 * SECOND],
  [/^(?:h|hrs?|hours?)$/, 3600 * SECOND],
  [/^(?:d|days?)$/, 86_400 * SECOND]
]
const SIZES: ReadonlyArray<readonly [name: RegExp, bytes: number]> = [[/^(?:b|bytes?)$/, 1], [/^k(?:i?b)?$/, 1024], [/^m(?:i?b)?$/, 1024 ** 2], [/^g(?:i?b)?$/, 1024 ** 3]]

/** The unit of a number, from the one place that says it: the description of its option. */
export function unitOf ({ description = '' }: SchemaPart): Unit | null {
  const word = /^(milliseconds|seconds|bytes)\b/i.exec(description)?.[1] ?? /\b(?:in|many) (milliseconds|seconds|bytes)\b/.exec(description)?.[1]
  return word === undefined ? null : word.toLowerCase() as Unit
}

/** A text with a unit as the number that stands for it; null where there is none, or the option doesn't take it. */
export function inUnit (text: string, unit: Unit, { type, minimum = -Infinity, maximum = Infinity }: SchemaPart): number | null {
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return null
  let sum = 0
  for (const [, count, name = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const factor = (unit === 'bytes' ? SIZES : TIMES).find(([names]) => names.test(name.toLowerCase()))?.[1]
    if (factor === undefined) return null
    sum += Number(count) * factor
  }
  const number = unit === 'seconds' ? sum / SECOND : sum
  return number < minimum || number > maximum || (type === 'integer' && !Number.isInteger(number)) ? null : number
}
