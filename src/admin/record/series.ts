/** Length of a step, in milliseconds. */
export const STEP = 5_000
/** Steps that are kept: half an hour, and the one that runs. */
export const STEPS = 361
/** Steps of a chunk. */
const PER_CHUNK = 30
/** Chunks of a window, the one that is being left included. */
const CHUNKS = 14

/** Upper bounds of latencies, in milliseconds: 0.25, and a quarter more each time, up to half a minute. */
const LOWEST = 0.25
const FACTOR = 1.25
export const BUCKETS = 54

/** Numbers of a step: requests, refused, errors, and how many latencies lie in each bucket. */
export const WIDTH = 3 + BUCKETS
const SCALE = 1 / Math.log(FACTOR)

/** Chunks that all series of a process have together: 7 KiB each. */
export class ChunkPool {
  #free: number
  readonly #spare: Uint32Array[] = []

  constructor (most: number) {
    this.#free = most
  }

  /** Zeros; null: there is no room. */
  take (): Uint32Array | null {
    const spare = this.#spare.pop()
    if (spare !== undefined) return spare.fill(0)
    if (this.#free === 0) return null
    this.#free--
    return new Uint32Array(PER_CHUNK * WIDTH)
  }

  give (chunk: Uint32Array): void {
    this.#spare.push(chunk)
  }
}

/** What happened in each step of the last half hour. Steps count from 1970. */
export class Series {
  readonly #pool: ChunkPool
  readonly #chunks: Array<Uint32Array | null> = new Array<Uint32Array | null>(CHUNKS).fill(null)
  readonly #numbers = new Int32Array(CHUNKS)

  constructor (pool: ChunkPool) {
    this.#pool = pool
  }

  /** @returns false where there was no room for it */
  add (step: number, status: number, latency: number): boolean {
    const number = Math.floor(step / PER_CHUNK)
    const slot = number % CHUNKS
    let chunk = this.#chunks[slot] as Uint32Array | null
    if (chunk === null || this.#numbers[slot] !== number) {
      // a clock that was set back must not throw away what came after, unless that is from a time that is far away
      const ahead = (this.#numbers[slot] as number) - number
      if (chunk !== null && ahead > 0 && ahead <= CHUNKS) return true
      chunk = this.#begin(slot, number)
      if (chunk === null) return false
    }
    const at = (step - number * PER_CHUNK) * WIDTH
    chunk[at] = (chunk[at] as number) + 1
    if (status >= 500) chunk[at + 2] = (chunk[at + 2] as number) + 1
    else if (status >= 400) chunk[at + 1] = (chunk[at + 1] as number) + 1
    const bucket = at + 3 + (latency <= LOWEST ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(latency / LOWEST) * SCALE)))
    chunk[bucket] = (chunk[bucket] as number) + 1
    return true
  }

  /** Adds the numbers of the steps from `first` on to `rows`. */
  read (first: number, rows: ReadonlyArray<number[] | null>, into: (index: number) => number[]): void {
    for (let index = 0; index < rows.length; index++) {
      const step = first + index
      const number = Math.floor(step / PER_CHUNK)
      const slot = number % CHUNKS
      const chunk = this.#chunks[slot]
      if (chunk === null || chunk === undefined || this.#numbers[slot] !== number) continue
      const at = (step - number * PER_CHUNK) * WIDTH
      if (chunk[at] === 0) continue
      const row = into(index)
      for (let place = 0; place < WIDTH; place++) row[place] = (row[place] ?? 0) + (chunk[at + place] as number)
    }
  }

  /** Gives back what is older than the window. @returns whether anything is left */
  release (step: number): boolean {
    const oldest = Math.floor((step - STEPS) / PER_CHUNK)
    let left = false
    for (let slot = 0; slot < CHUNKS; slot++) {
      const chunk = this.#chunks[slot]
      if (chunk === null || chunk === undefined) continue
      if ((this.#numbers[slot] as number) >= oldest) {
        left = true
        continue
      }
      this.#chunks[slot] = null
      this.#pool.give(chunk)
    }
    return left
  }

  #begin (slot: number, number: number): Uint32Array | null {
    const chunk = this.#chunks[slot]?.fill(0) ?? this.#pool.take()
    this.#chunks[slot] = chunk
    this.#numbers[slot] = number
    return chunk
  }
}

/**
 * A quantile of a row, in milliseconds, with two digits; null: there were no requests. Between the bounds of a bucket it is as if latencies
 * lay evenly (by their logarithm): it is off by a quarter at most.
 */
export function quantile (row: readonly number[], q: number): number | null {
  const count = row[0] ?? 0
  if (count === 0) return null
  let left = q * count
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const here = row[3 + bucket] ?? 0
    if (here < left || here === 0) {
      left -= here
      continue
    }
    const value = bucket === 0 ? LOWEST * Math.max(left, 0) / here : LOWEST * FACTOR ** (bucket - 1 + Math.max(left, 0) / here)
    return Math.round(value * 100) / 100
  }
  return null
}
