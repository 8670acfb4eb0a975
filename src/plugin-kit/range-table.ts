/** With fewer ranges the first step would cost more than it saves. */
const SMALL = 64

/** Most ranges: an index has to fit beside 32 bits into a number. */
const MOST = 2 ** 21

/**
 * Ranges of addresses, sorted and joined, in typed arrays: two steps of a radix search. The first 16 bits give a slice, and the slice is
 * halved: of 100,000 ranges a dozen are looked at.
 */
export class RangeTable {
  readonly size: number
  readonly #width: number
  readonly #starts: Uint32Array
  readonly #ends: Uint32Array
  /** By the first 16 bits: number of ranges that start before them. */
  readonly #slices: Uint32Array | null

  /**
   * @param ranges first and last address of each, in words
   * @param width words of an address
   * @throws RangeError for more than two million
   */
  constructor (ranges: readonly number[], width: number) {
    if (ranges.length / (2 * width) > MOST) throw new RangeError(`there are more than ${MOST} ranges`)
    const joined = joinRanges(ranges, width)
    this.size = joined.size
    this.#width = width
    this.#starts = joined.starts
    this.#ends = joined.ends
    this.#slices = joined.size < SMALL ? null : slicesOf(joined, width)
  }

  /** @param words the address, from this index on */
  has (words: Uint32Array, from: number): boolean {
    let low = 0
    let high = this.size
    if (this.#slices !== null) {
      const slice = (words[from] as number) >>> 16
      low = this.#slices[slice] as number
      high = this.#slices[slice + 1] as number
    }
    // the first range that starts behind the address; it can only be in the one before
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#starts, middle, words, from) <= 0) low = middle + 1
      else high = middle
    }
    return low > 0 && this.#compare(this.#ends, low - 1, words, from) >= 0
  }

  #compare (bounds: Uint32Array, index: number, words: Uint32Array, from: number): number {
    return compare(bounds, index * this.#width, words, from, this.#width)
  }
}

function compare (a: ArrayLike<number>, at: number, b: ArrayLike<number>, from: number, width: number): number {
  for (let word = 0; word < width; word++) {
    const difference = (a[at + word] as number) - (b[from + word] as number)
    if (difference !== 0) return difference
  }
  return 0
}

interface Joined {
  readonly size: number
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

function slicesOf ({ size, starts }: Joined, width: number): Uint32Array {
  const slices = new Uint32Array(65_537)
  let slice = 0
  for (let index = 0; index < size; index++) {
    const own = (starts[index * width] as number) >>> 16
    while (slice <= own) slices[slice++] = index
  }
  slices.fill(size, slice)
  return slices
}

/** Sorted, and one range where several overlap. */
function joinRanges (ranges: readonly number[], width: number): Joined {
  const order = Uint32Array.from({ length: ranges.length / (2 * width) }, (_, index) => index * 2 * width)
  sort(order, 0, order.length, ranges, 0, width)
  const starts = new Uint32Array(order.length * width)
  const ends = new Uint32Array(order.length * width)
  let size = 0
  for (const at of order) {
    const last = (size - 1) * width
    if (size > 0 && compare(ends, last, ranges, at, width) >= 0) {
      if (compare(ends, last, ranges, at + width, width) < 0) for (let word = 0; word < width; word++) ends[last + word] = ranges[at + width + word] as number
      continue
    }
    for (let word = 0; word < width; word++) {
      starts[size * width + word] = ranges[at + word] as number
      ends[size * width + word] = ranges[at + width + word] as number
    }
    size++
  }
  return { size, starts: starts.slice(0, size * width), ends: ends.slice(0, size * width) }
}

/**
 * Sorts by one word after the other, as numbers of which the last bits are the place: a typed array sorts itself, which takes a tenth
 * of the time of a comparison of ours.
 */
function sort (order: Uint32Array, from: number, to: number, ranges: readonly number[], word: number, width: number): void {
  if (to - from < 2 || word === width) return
  const keys = new Float64Array(to - from)
  for (let index = from; index < to; index++) keys[index - from] = (ranges[(order[index] as number) + word] as number) * MOST + index - from
  keys.sort()
  const before = order.slice(from, to)
  let run = from
  let current = -1
  for (let index = from; index < to; index++) {
    const key = keys[index - from] as number
    const value = Math.floor(key / MOST)
    order[index] = before[key - value * MOST] as number
    if (value !== current) {
      sort(order, run, index, ranges, word + 1, width)
      run = index
      current = value
    }
  }
  sort(order, run, to, ranges, word + 1, width)
}
