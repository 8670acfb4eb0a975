/** Numbers of a counter: its hash (two 32-bit halves in the place of one), and the three of its algorithm. */
const WIDTH = 4
const FEWEST = 1024
/** Bits of an index's slot that are a row; the others are the key's own, so that few rows of others have to be looked at. */
const ROW_BITS = 23
const ROW = 2 ** ROW_BITS - 1
/** Rows that are looked at when one has to go. */
const SAMPLE = 8
/** Rows that are looked at whenever one is added: what has expired goes without a timer. */
const SWEEP = 2

export interface TableOptions {
  /** Counters held at most; below 2^23. */
  readonly most: number
  /** Whether the counter at this place says nothing any more. */
  readonly expired: (data: Float64Array, at: number, now: number) => boolean
  /** Who has to go when there is no room: the one that weighs least. */
  readonly weight: (data: Float64Array, at: number) => number
}

/**
 * Counters by the hash of their key, in two typed arrays: rows of 32 bytes without a gap, and an open-addressed index of 4
 * bytes, at most half full. No objects, so nothing for the garbage collector to walk; it grows by doubling up to `most`.
 *
 * Where all rows live, a new one takes the place of the lightest of eight: those who came once make room, those who are
 * being refused stay.
 */
export class CounterTable {
  readonly #expired: TableOptions['expired']
  readonly #weight: TableOptions['weight']
  #most: number
  #data = new Float64Array(FEWEST * WIDTH)
  #hashes = new Uint32Array(this.#data.buffer)
  /** Row + 1, and bits of the hash above it; 0: free. */
  #index = new Uint32Array(FEWEST * 2)
  #count = 0
  #cursor = 0

  constructor ({ most, expired, weight }: TableOptions) {
    this.#most = most
    this.#expired = expired
    this.#weight = weight
  }

  /** Numbers of all counters; another array after each `add`. */
  get data (): Float64Array {
    return this.#data
  }

  get count (): number {
    return this.#count
  }

  /** Memory that it holds. */
  get bytes (): number {
    return this.#data.byteLength + this.#index.byteLength
  }

  /** Holds no more than this from now on; memory that was taken is kept. */
  limitTo (most: number): void {
    this.#most = most
    while (this.#count > most) this.#remove(this.#count - 1)
  }

  /** Where the counter's numbers start; -1: there is none. */
  find (high: number, low: number): number {
    const index = this.#index
    const mask = index.length - 1
    const tag = high >>> ROW_BITS
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot] as number
      if (entry === 0) return -1
      // a look at a row is a look at memory that no cache has, of a million counters
      if (entry >>> ROW_BITS !== tag) continue
      const row = (entry & ROW) - 1
      const at = row * WIDTH * 2
      if (this.#hashes[at] === low && this.#hashes[at + 1] === high) return row * WIDTH + 1
    }
  }

  /** Makes a counter that isn't there yet, of zeros. Places that were found before are void. */
  add (high: number, low: number, now: number): number {
    this.#sweep(now)
    if (this.#count >= this.#most) this.#remove(this.#lightest(now))
    if (this.#count * WIDTH === this.#data.length) this.#grow()
    const row = this.#count++
    const at = row * WIDTH
    this.#data.fill(0, at, at + WIDTH)
    this.#hashes[at * 2] = low
    this.#hashes[at * 2 + 1] = high
    this.#enter(row)
    return at + 1
  }

  #sweep (now: number): void {
    for (let step = 0; step < SWEEP && this.#count > 0; step++) {
      if (this.#cursor >= this.#count) this.#cursor = 0
      if (this.#expired(this.#data, this.#cursor * WIDTH + 1, now)) this.#remove(this.#cursor)
      else this.#cursor++
    }
  }

  #lightest (now: number): number {
    let found = -1
    let least = Infinity
    // far apart: those who came together are alike
    const stride = Math.max(1, Math.floor(this.#count / SAMPLE))
    for (let step = 0; step < SAMPLE; step++) {
      const row = (this.#cursor + step * stride) % this.#count
      const at = row * WIDTH + 1
      const weight = this.#expired(this.#data, at, now) ? -1 : this.#weight(this.#data, at)
      if (weight >= least) continue
      found = row
      least = weight
    }
    return found
  }

  /** The last row moves into the gap. */
  #remove (row: number): void {
    this.#leave(row)
    const last = --this.#count
    if (row === last) return
    const slot = this.#slotOf(last)
    this.#data.copyWithin(row * WIDTH, last * WIDTH, (last + 1) * WIDTH)
    this.#index[slot] = ((this.#index[slot] as number) & ~ROW) | (row + 1)
  }

  #home (row: number): number {
    return (this.#hashes[row * WIDTH * 2] as number) & (this.#index.length - 1)
  }

  #enter (row: number): void {
    const mask = this.#index.length - 1
    let slot = this.#home(row)
    while (this.#index[slot] !== 0) slot = (slot + 1) & mask
    const high = this.#hashes[row * WIDTH * 2 + 1] as number
    this.#index[slot] = (high & ~ROW) | (row + 1)
  }

  #slotOf (row: number): number {
    const mask = this.#index.length - 1
    let slot = this.#home(row)
    while (((this.#index[slot] as number) & ROW) !== row + 1) slot = (slot + 1) & mask
    return slot
  }

  /** Those that follow close up, so that no marks of what was there slow a search down (Knuth 6.4, algorithm R). */
  #leave (row: number): void {
    const index = this.#index
    const mask = index.length - 1
    let gap = this.#slotOf(row)
    for (let slot = (gap + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#home(((index[slot] as number) & ROW) - 1)
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      index[gap] = index[slot] as number
      gap = slot
    }
    index[gap] = 0
  }

  #grow (): void {
    const rows = Math.min(this.#count * 2, Math.max(this.#most, FEWEST))
    const data = new Float64Array(rows * WIDTH)
    data.set(this.#data)
    this.#data = data
    this.#hashes = new Uint32Array(data.buffer)
    while (this.#index.length < rows * 2) this.#index = new Uint32Array(this.#index.length * 2)
    this.#index.fill(0)
    for (let row = 0; row < this.#count; row++) this.#enter(row)
  }
}
