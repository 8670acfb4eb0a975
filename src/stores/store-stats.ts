import type { PluginEntry } from '../config/model.ts'

/** What `/status` and metrics tell of an entry that counts. */
export interface StoreFacts {
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
  #decisions = 0
  #refused = 0

  constructor (entry: PluginEntry) {
    this.#entry = entry
  }

  /** After each reload: the entry, and what it counts with. */
  observe (entry: PluginEntry, source: StoreSource): void {
    this.#entry = entry
    this.#source = source
  }

  decided (admitted: boolean): void {
    this.#decisions++
    if (!admitted) this.#refused++
  }

  facts (): StoreFacts {
    const { name, route, service, consumer } = this.#entry
    const { policy = 'local', local, outage = null } = this.#source ?? {}
    return {
      plugin: name,
      route,
      service,
      consumer,
      policy,
      state: outage === null ? 'local' : outage.open ? 'down' : 'up',
      counters: local?.count ?? 0,
      decisions: this.#decisions,
      refused: this.#refused,
      store_errors: outage?.errors ?? 0
    }
  }
}
