import type { PluginEntry } from '../config/model.ts'
import type { CounterStore, CounterWindow, OrderStore } from './counters.ts'

/** What `/status` and metrics tell of an entry that counts. */
export interface StoreFacts {
  /** Its id. */
  readonly entry: string
  readonly plugin: string
  /** Ids of where the entry stands. */
  readonly route: string | null
  readonly service: string | null
  readonly consumer: string | null
  readonly policy: 'local' | 'redis'
  /** `local`: there is no shared store. `down`: `on_store_error` decides. */
  readonly state: 'local' | 'up' | 'down'
  /** Held in the memory of this process. */
  readonly counters: number
  readonly decisions: number
  readonly refused: number
  /** Failures of the shared store that requests or rounds met. */
  readonly store_errors: number
  /** What clients without limits of their own may spend; null: the plugin doesn't tell. */
  readonly shown: { readonly limit_by: string | null, readonly limits: ReadonlyArray<{ readonly name: string | null, readonly period: string, readonly limit: number }> } | null
}

/** What an entry counts, for those who look its counters up. */
export interface ShownLimits {
  /** Who shares a count. */
  readonly limitBy: string | null
  /** Of those without limits of their own. A name where an entry has several. */
  readonly limits: ReadonlyArray<{ readonly name: string | null, readonly windows: readonly CounterWindow[] }>
  /** Windows that somebody else may be counted in: a reset empties these as well. */
  readonly others?: readonly CounterWindow[]
  /** Of whom a count is kept under this identifier; default: `limits`. */
  readonly windowsOf?: (identifier: string) => readonly CounterWindow[] | undefined
}

/** Whose counters of an entry are looked at, or thrown away. */
export interface LimitOrder {
  /** Id of the entry. */
  readonly entry: string
  /** As the entry counts it: `consumer:` with an id. */
  readonly identifier: string
  readonly reset: boolean
}

/** What one process knows of a client's count. */
export interface CountPart {
  readonly policy: 'local' | 'redis'
  readonly windows: ReadonlyArray<{ readonly name: string | null, readonly period: string, readonly limit: number, readonly used: number, readonly reset: number }>
  /** Counters that were thrown away. */
  readonly dropped: number
}

/** What a store of counters says of itself. */
export interface StoreSource {
  readonly policy: 'local' | 'redis'
  readonly local: { readonly count: number }
  readonly outage: { readonly open: boolean, readonly errors: number } | null
}

/** Counts what an entry decides, over reloads. */
export class StoreStats {
  #entry: PluginEntry
  #source: StoreSource | null = null
  #store: CounterStore | OrderStore | null = null
  #shown: ShownLimits | null = null
  #decisions = 0
  #refused = 0

  constructor (entry: PluginEntry) {
    this.#entry = entry
  }

  /** After each reload: the entry, and what it counts with. */
  observe (entry: PluginEntry, source: StoreSource, store: CounterStore | OrderStore): void {
    this.#entry = entry
    this.#store = store
    this.#source = source
  }

  get entry (): PluginEntry {
    return this.#entry
  }

  /** After each reload, by a plugin whose counters may be looked up: what it counts. */
  show (shown: ShownLimits): void {
    this.#shown = shown
  }

  /** What a client has spent. null: the plugin doesn't tell. @throws where the shared store is down */
  async count ({ identifier, reset }: LimitOrder): Promise<CountPart | null> {
    const store = this.#store
    const shown = this.#shown
    if (store === null || shown === null) return null
    const own = shown.windowsOf?.(identifier)
    const limits = own === undefined ? shown.limits : [{ name: null, windows: own }]
    // one counter for each period, however many limits have it
    const kept = new Map([...limits.flatMap(({ windows }) => windows), ...shown.others ?? []].map(window => [window.period, window]))
    const dropped = reset ? await store.forget(identifier, limits.map(({ name }) => name), [...kept.values()]) : 0
    const named = limits.some(({ name }) => name !== null)
    const usages = named && 'spend' in store
      ? (await store.spend(identifier, limits.map(({ name, windows }) => ({ name: name ?? '', windows, cost: 0 })), 'never')).usages.flat()
      : (await (store as CounterStore).take(identifier, limits.flatMap(({ windows }) => windows), 0, 'never')).usage
    // what stands in for a shared store that is down has counts of its own, of a part of the limit, or none
    if (this.#source?.outage?.open === true) throw new Error('the shared store is down')
    const names = limits.flatMap(({ name, windows }) => windows.map(() => name))
    return {
      policy: this.#source?.policy ?? 'local',
      windows: usages.map(({ window: { period, limit }, remaining, reset }, index) => ({ name: names[index] ?? null, period: String(period), limit, used: limit - remaining, reset })),
      dropped
    }
  }

  decided (admitted: boolean): void {
    this.#decisions++
    if (!admitted) this.#refused++
  }

  facts (): StoreFacts {
    const { id, name, route, service, consumer } = this.#entry
    const shown = this.#shown
    const { policy = 'local', local, outage = null } = this.#source ?? {}
    return {
      entry: id,
      plugin: name,
      route,
      service,
      consumer,
      policy,
      state: outage === null ? 'local' : outage.open ? 'down' : 'up',
      counters: local?.count ?? 0,
      decisions: this.#decisions,
      refused: this.#refused,
      store_errors: outage?.errors ?? 0,
      shown: shown === null
        ? null
        : { limit_by: shown.limitBy, limits: shown.limits.flatMap(({ name, windows }) => windows.map(({ period, limit }) => ({ name, period: String(period), limit }))) }
    }
  }
}
