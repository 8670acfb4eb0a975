/** What limits count with: one decision for all windows of a key, wherever the counts are kept. */

/** Kong's periods, by the names of its options. */
export type Period = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'

/** `sliding`: two buckets, the older one weighted. `fixed`: calendar windows (UTC). `gcra`: a bucket that leaks evenly. */
export type WindowType = 'sliding' | 'fixed' | 'gcra'

/** One limit: so much in each period. */
export interface CounterWindow {
  /** Kong's word, or so many whole seconds: 60 is not the same counter as `minute`. */
  readonly period: Period | number
  /** Above 0. */
  readonly limit: number
}

/** When a request is counted: if it is admitted, in any case, or never (it only reads). */
export type Counting = 'admitted' | 'always' | 'never'

/** What a window says about one decision. Durations are milliseconds. */
export interface WindowUsage {
  readonly window: CounterWindow
  /** What may still be spent after this decision; not below 0. */
  readonly remaining: number
  /** Until the window starts anew (`gcra`: until it is wholly free again). */
  readonly reset: number
  /** Until the cost would be admitted, if nobody else spends meanwhile; 0: it is. Infinity: it is above the limit. */
  readonly wait: number
}

export interface Decision {
  /** Every window has room for the cost. */
  readonly admitted: boolean
  /** In the order of the windows that were asked about. */
  readonly usage: readonly WindowUsage[]
}

/** One of several limits of a client, and what it is to be charged. */
export interface Order {
  /** Of the limit. */
  readonly name: string
  readonly windows: readonly CounterWindow[]
  /** Not negative. */
  readonly cost: number
}

/** `while-left`: a cost is counted as long as anything is left, however large it is. `never`: it is only looked. */
export type Spending = 'while-left' | 'never'

export interface Settlement {
  /** Every window that has a cost had something left. */
  readonly admitted: boolean
  /** Of each order, in the order of its windows; empty where nobody knows. `wait`: until anything is left. */
  readonly usages: ReadonlyArray<readonly WindowUsage[]>
}

/** What is counted can be forgotten, at the word of an operator. */
export interface Forgetting {
  /**
   * Has the counters of a key begin at nothing.
   *
   * @param names of limits, where there are several; null: it is one without a name
   * @returns how many there were; of a store that holds them in one piece, 1
   */
  forget (key: string, names: ReadonlyArray<string | null>, windows: readonly CounterWindow[]): number | Promise<number>
}

export interface OrderStore extends Forgetting {
  /** Decides about several limits of a client at once: what one of them refuses is counted in none. */
  spend (key: string, orders: readonly Order[], spending: Spending): Settlement | Promise<Settlement>
}

export interface CounterStore extends Forgetting {
  /**
   * Decides about all windows of a key at once: a cost that one of them refuses is counted in none.
   *
   * @param key whose counters; any text, of which only a digest is kept. Of several keys each has counters of its own, and a
   *   cost that one of them refuses is counted for none; what is told of a window is that of the key with the least left.
   * @param cost not negative
   */
  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision>
}
