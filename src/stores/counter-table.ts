import { CounterSlots } from './counter-slots.ts'

const FEWEST = 128
/** How full slots become. */
const LOAD = 0.6
/** Slots that are looked at whenever a counter is added: what has expired goes without a timer. */
const SWEEP = 8
/** Slots that are moved to the larger table whenever a counter is added: twice as many as have to be. */
const MOVED = 4
/** Counters that are looked at when one has to go. */
const SAMPLE = 8
/** Slots that are looked at for them; in a table that is nearly empty, since a bound was lowered, one is found after more. */
const TRIES = 64

export interface TableOptions {
  /** Counters held at most. */
  readonly most: number
  /** Whether the counter at this place says nothing any more. */
  readonly expired: (data: Float64Array, at: number, now: number) => boolean
  /** Who has to go when there is no room: the one that weighs least. */
  readonly weight: (data: Float64Array, at: number) => number
}

/**
 * Counters by the hash of their key. No objects, so nothing for the garbage collector to walk; it grows by doubling up to
 * what `most` needs, and moves a few counters at a time, so that no decision waits for a million of them.
 *
 * Where all live, a new one takes the place of the lightest of eight: those who came once make room, those who are being
 * refused stay.
 */
export class CounterTable {
  readonly #expired: TableOptions['expired']
  readonly #weight: TableOptions['weight']
  #most: number
  #slots: CounterSlots
  /** What is being moved from; its counters are in `#slots` too as soon as they are found. */
  #old: CounterSlots | null = null
  #moved = 0
  #count = 0
  #cursor = 0

  constructor ({ most, expired, weight }: TableOptions) {
    this.#most = most
    this.#expired = expired
    this.#weight = weight
    // so that doubling ends at what is needed
    let size = most / LOAD
    while (size > FEWEST * 2) size /= 2
    this.#slots = new CounterSlots(Math.ceil(Math.max(size, FEWEST) / 2) * 2)
  }

  /** Numbers of all counters; another array after each `add`. */
  get data (): Float64Array {
    return this.#slots.data
  }

  get count (): number {
    return this.#count
  }

  /** Memory that it holds. */
  get bytes (): number {
    return this.#slots.data.byteLength + (this.#old?.data.byteLength ?? 0)
  }

  /** Holds no more than this from now on; memory that was taken is kept. */
  limitTo (most: number): void {
    this.#most = most
    while (this.#old !== null) this.#move(-Infinity)
    for (let slot = this.#slots.size - 1; this.#count > most; slot--) {
      while (this.#count > most && this.#slots.isUsed(slot)) this.#remove(slot)
    }
  }

  /** A counter of this place will be looked for soon. */
  bring (place: number): void {
    this.#slots.bring(place)
  }

  /**
   * Where the counter's numbers start; -1: there is none.
   *
   * @param place 32 bits of the key's hash
   * @param tag 24 others
   */
  find (place: number, tag: number): number {
    const slot = this.#slots.find(place, tag)
    if (slot !== -1) return CounterSlots.numbers(slot)
    return this.#old === null ? -1 : this.#findOld(place, tag, this.#old)
  }

  /** Makes a counter that isn't there yet, of zeros. Places that were found before are void. */
  add (place: number, tag: number, now: number): number {
    this.#sweep(now)
    if (this.#count >= this.#most) this.#remove(this.#lightest(place, now))
    if (this.#count >= Math.floor(this.#slots.size * LOAD)) this.#grow()
    for (let step = 0; step < MOVED && this.#old !== null; step++) this.#move(now)
    this.#count++
    return CounterSlots.numbers(this.#slots.insert(place, tag))
  }

  #sweep (now: number): void {
    const slots = this.#slots
    for (let step = 0; step < SWEEP; step++) {
      if (this.#cursor >= slots.size) this.#cursor = 0
      if (slots.isUsed(this.#cursor) && this.#expired(slots.data, CounterSlots.numbers(this.#cursor), now)) this.#remove(this.#cursor)
      else this.#cursor++
    }
  }

  /** @param chance a number that nobody can foresee: it begins the row of those that are looked at */
  #lightest (chance: number, now: number): number {
    while (this.#old !== null) this.#move(now)
    const slots = this.#slots
    let found = -1
    let least = Infinity
    let slot = 0
    // never the same ones together, and none for standing behind a gap, where the oldest do: each has the same chance
    let random = chance
    for (let looked = 0, tries = 0; looked < SAMPLE && (tries < TRIES || found === -1); tries++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0
      slot = tries < TRIES ? (random >>> 4) % slots.size : (slot + 1) % slots.size
      if (!slots.isUsed(slot)) continue
      looked++
      const at = CounterSlots.numbers(slot)
      const weight = this.#expired(slots.data, at, now) ? -1 : this.#weight(slots.data, at)
      if (weight >= least) continue
      found = slot
      least = weight
    }
    return found
  }

  #remove (slot: number): void {
    this.#slots.remove(slot)
    this.#count--
  }

  #grow (): void {
    while (this.#old !== null) this.#move(-Infinity)
    this.#old = this.#slots
    this.#moved = 0
    this.#slots = new CounterSlots(this.#old.size * 2)
  }

  /** One slot less of those that are to be moved. */
  #move (now: number): void {
    const old = this.#old as CounterSlots
    const slot = this.#moved++
    if (old.isUsed(slot)) {
      if (this.#expired(old.data, CounterSlots.numbers(slot), now)) {
        // else it would be found, and be back
        old.leave(slot)
        this.#count--
      } else {
        this.#take(old, slot)
      }
    }
    if (this.#moved === old.size) this.#old = null
  }

  #findOld (place: number, tag: number, old: CounterSlots): number {
    const slot = old.find(place, tag)
    return slot === -1 ? -1 : this.#take(old, slot)
  }

  /** Moves a counter, and says where its numbers are now. */
  #take (old: CounterSlots, slot: number): number {
    const from = CounterSlots.numbers(slot)
    const at = CounterSlots.numbers(this.#slots.insert(old.placeOf(slot), old.tagOf(slot)))
    for (let number = 0; number < 3; number++) this.data[at + number] = old.data[from + number] as number
    old.leave(slot)
    return at
  }
}
