/** Long work that can be interrupted: a generator that yields wherever others may have their turn. */
export type Steps<Result> = Generator<undefined, Result>

/** Milliseconds on end. */
const SLICE = 10

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

/** What `JSON.stringify` says of plain data, in steps: of the items of lists down to the third level. */
export function * jsonSteps (value: unknown, levels = 3): Steps<string | undefined> {
  yield
  if (levels === 0 || typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value)
  const parts: string[] = []
  if (Array.isArray(value)) {
    for (const item of value) parts.push((yield * jsonSteps(item, levels - 1)) ?? 'null')
    return `[${parts.join(',')}]`
  }
  for (const [key, item] of Object.entries(value)) {
    const text = yield * jsonSteps(item, levels - 1)
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{${parts.join(',')}}`
}
