import { SCALAR_STYLE } from 'js-yaml'
import type { ScalarEvent } from 'js-yaml'

/** Offsets in the text; the end is exclusive. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** A scalar with its quotes, without the break at the end of a block; at `absent` when it has no text. */
export function scalarExtent (text: string, event: ScalarEvent, absent: number): Extent {
  const { valueStart, valueEnd } = event
  if (valueStart === -1) return { start: absent, end: absent }
  switch (event.style) {
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return { start: valueStart - 1, end: valueEnd + 1 }
    case SCALAR_STYLE.PLAIN:
      return { start: valueStart, end: valueEnd }
    default: {
      const raw = text.slice(valueStart, valueEnd)
      const start = valueStart + (raw.length - raw.trimStart().length)
      return { start, end: Math.max(start, valueStart + raw.trimEnd().length) }
    }
  }
}

/** Where an item without value stands: behind the next dash. */
export function behindDash (text: string, from: number): number {
  return skip(text, from, /(?:\s|#[^\n]*)*-?/y)
}

/** Where a flow collection ends whose last entry ends at `from`: the events don't tell. */
export function behindBracket (text: string, from: number): number {
  return skip(text, from, /(?:[\s,]|#[^\n]*)*/y) + 1
}

function skip (text: string, from: number, sticky: RegExp): number {
  sticky.lastIndex = from
  sticky.exec(text)
  return sticky.lastIndex
}
