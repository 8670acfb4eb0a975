/** Long work that can be interrupted: a generator that yields wherever others may have their turn. */
export type Steps<Result> = Generator<undefined, Result>

/** Milliseconds on end: what collects garbage comes on top, up to as much again. */
export const SLICE = 5

/** All of it at once, for those who keep nobody waiting. */
export function finish<Result> (steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Does work in slices, on an event loop that serves requests. */
export type Spread = <Result>(steps: Steps<Result>) => Promise<Result>

export interface SpreadOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
  readonly pause?: (milliseconds: number) => Promise<void>
}

/** All that is done with one of these takes turns: what is short is done at once, of what is long one slice follows a pause. */
export function createSpread ({ now = () => performance.now(), pause = async milliseconds => await new Promise(resolve => setTimeout(resolve, milliseconds)) }: SpreadOptions = {}): Spread {
  let turn: Promise<void> = Promise.resolve()
  return async function spread (steps) {
    for (;;) {
      const end = now() + SLICE
      do {
        const { done, value } = steps.next()
        if (done === true) return value
      } while (now() < end)
      turn = turn.then(async () => await pause(SLICE))
      await turn
    }
  }
}

/** A list, item by item. */
export function * mapSteps<Item, Result> (items: readonly Item[], each: (item: Item, index: number) => Result): Steps<Result[]> {
  const made: Result[] = []
  for (const [index, item] of items.entries()) {
    made.push(each(item, index))
    yield
  }
  return made
}

/** What `JSON.stringify` says of plain data, in pieces and in steps: of the items of lists down to the fourth level. undefined: nothing. */
export function * jsonSteps (value: unknown): Steps<string[] | undefined> {
  const pieces: string[] = []
  return (yield * jsonInto(pieces, '', value, 4)) ? pieces : undefined
}

/** @returns whether there was anything to say */
function * jsonInto (pieces: string[], before: string, value: unknown, levels: number, isItem = false): Steps<boolean> {
  yield
  if (levels === 0 || typeof value !== 'object' || value === null || 'toJSON' in value || (isItem && isShort(value))) {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) return false
    pieces.push(before + text)
    return true
  }
  const isList = Array.isArray(value)
  pieces.push(before + (isList ? '[' : '{'))
  let separator = ''
  if (isList) {
    for (const item of value) {
      if (!(yield * jsonInto(pieces, separator, item, levels - 1, true))) pieces.push(`${separator}null`)
      separator = ','
    }
  } else {
    for (const [key, item] of Object.entries(value)) {
      if (yield * jsonInto(pieces, `${separator}${JSON.stringify(key)}:`, item, levels - 1)) separator = ','
    }
  }
  pieces.push(isList ? ']' : '}')
  return true
}

/** Whether an item of a list is said at once, which takes a third of the time. */
function isShort (value: object): boolean {
  for (const part of Object.values(value)) if (Array.isArray(part) && part.length > 32) return false
  return true
}

/** Characters of a piece of text that is encoded at once. */
const ENCODED = 65_536

/** A text as bytes. */
export function * bytesSteps (pieces: readonly string[]): Steps<Buffer[]> {
  const buffers: Buffer[] = []
  let from = 0
  let length = 0
  for (const [index, piece] of pieces.entries()) {
    length += piece.length
    if (length < ENCODED && index < pieces.length - 1) continue
    buffers.push(Buffer.from(pieces.slice(from, index + 1).join('')))
    from = index + 1
    length = 0
    yield
  }
  return buffers
}
