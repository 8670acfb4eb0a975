import type { Counting, CounterStore, CounterWindow, Decision, WindowType } from './counters.ts'
import { Fallback, type OnStoreError } from './fallback.ts'
import { MemoryCounters } from './memory-counters.ts'
import { Outage, type OutageOptions } from './outage.ts'
import { NotSent } from './redis/redis-counters.ts'
import { UnsentCounts } from './unsent-counts.ts'

/** Keys that the shared store is told of at a time. */
const PIECE = 512

/** A store that takes counts, and tells what it then holds. */
export interface SharedTotals {
  /** @param gathered by key (algorithms/late.ts) */
  add (gathered: ReadonlyArray<readonly [key: string, counts: Float64Array]>, windows: readonly CounterWindow[]): Promise<{ readonly now: number, readonly numbers: readonly Float64Array[] }>
  reachable (): Promise<boolean>
  forget (key: string): Promise<number>
}

/** What a reload may change. */
export interface SyncSettings {
  readonly most: number
  /** Milliseconds between two rounds. */
  readonly interval: number
  readonly onStoreError: OnStoreError
  readonly processes: number
  readonly log: OutageOptions['log']
}

export interface SyncedCountersOptions {
  readonly shared: SharedTotals
  readonly type: WindowType
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** After the last round. */
  readonly release: () => void
}

/**
 * Counters in memory, of which a shared store is told now and then, and which then take over what it holds.
 *
 * Requests never wait for it. What all processes together admit of a client beyond the limit is what they admit of it
 * between two rounds: each decides by what the others had counted at its last one.
 */
export class SyncedCounters implements CounterStore {
  readonly #shared: SharedTotals
  readonly #local: MemoryCounters
  readonly #now: () => number
  readonly #release: () => void
  readonly #unsent: UnsentCounts
  /** Of the shared store's clock, whose windows all processes have in common, to ours. */
  #skew = 0
  /** The shared store has told its time. */
  #met = false
  #fallback: Fallback
  readonly #outage: Outage
  #timer: NodeJS.Timeout
  #interval: number
  #round: Promise<void> | null = null

  constructor ({ shared, type, now, release }: SyncedCountersOptions, settings: SyncSettings) {
    this.#shared = shared
    this.#now = now
    this.#release = release
    this.#unsent = new UnsentCounts(type)
    this.#local = new MemoryCounters({ type, most: settings.most, now: () => now() + this.#skew })
    this.#fallback = new Fallback({ ...settings, local: this.#local })
    this.#outage = new Outage(settings)
    this.#interval = settings.interval
    this.#timer = this.#start()
  }

  /** Of this process. */
  get local (): MemoryCounters {
    return this.#local
  }

  get outage (): Outage {
    return this.#outage
  }

  /** After a reload. */
  configure (settings: SyncSettings): void {
    this.#local.limitTo(settings.most)
    this.#fallback = new Fallback({ ...settings, local: this.#local })
    if (settings.interval === this.#interval) return
    clearInterval(this.#timer)
    this.#interval = settings.interval
    this.#timer = this.#start()
  }

  /** @throws GatewayError 503 when the store is down and `deny` was chosen */
  take (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Decision {
    const store = this.#outage.open ? this.#fallback : this.#local
    const decision = store.take(key, windows, cost, counting) as Decision
    const counted = cost > 0 && decision.usage.length > 0 && (counting === 'always' || (counting === 'admitted' && decision.admitted))
    if (counted) this.#unsent.add(key, windows, cost, this.#met ? this.#now() + this.#skew : null)
    if (this.#unsent.full && !this.#outage.open) this.sync().catch(() => {})
    return decision
  }

  /** @throws when the store is down */
  async forget (key: string, names: ReadonlyArray<string | null>, windows: readonly CounterWindow[]): Promise<number> {
    // what is on its way would bring back what was
    await this.#round
    this.#unsent.forget(key)
    const count = await this.#shared.forget(key)
    return Math.max(count, this.#local.forget(key, names, windows))
  }

  /** One round; those that are asked for meanwhile are the same one. */
  async sync (): Promise<void> {
    this.#round ??= this.#tell().finally(() => { this.#round = null })
    await this.#round
  }

  /** Tells what is left, if it can be told at once. */
  async close (): Promise<void> {
    clearInterval(this.#timer)
    await this.#round
    await this.sync()
    this.#release()
  }

  #start (): NodeJS.Timeout {
    return setInterval(() => { this.sync().catch(() => {}) }, this.#interval).unref()
  }

  async #tell (): Promise<void> {
    if (this.#outage.open) {
      if (!await this.#shared.reachable()) return
      this.#outage.end()
    }
    const pieces = this.#unsent.drain(PIECE)
    for (const [index, { windows, gathered }] of pieces.entries()) {
      const asked = this.#now()
      try {
        const { now, numbers } = await this.#shared.add(gathered, windows)
        this.#follow(now, asked)
        for (const [place, [key]] of gathered.entries()) this.#local.adopt(key, windows, numbers[place] as Float64Array, this.#unsent.of(key, windows))
      } catch (error) {
        this.#outage.begin(error)
        // what may have arrived is not sent again: twice every round it would lock clients out
        for (const piece of pieces.slice(error instanceof NotSent ? index : index + 1)) {
          for (const [key, counts] of piece.gathered) this.#unsent.restore(key, piece.windows, counts)
        }
        return
      }
    }
  }

  /** The clock of the shared store was `theirs` somewhere between `asked` and now. */
  #follow (theirs: number, asked: number): void {
    const answered = this.#now()
    const early = theirs - answered
    const late = theirs - asked
    if (this.#skew < early || this.#skew > late) this.#skew = (early + late) / 2
    this.#met = true
  }
}
