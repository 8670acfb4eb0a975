import type { ResolvedAddress } from './look-up.ts'
import { WatchedName, type WatchOptions } from './watched-name.ts'

/** A name that somebody is interested in. */
export interface Watch {
  /** At this moment; the listener is told when they change. */
  readonly addresses: readonly ResolvedAddress[]
  /** There has been an answer, good or bad. */
  readonly ready: Promise<void>
  close (): void
}

/** Names of upstreams' targets, resolved in the background and shared by all who watch them. */
export class Names {
  readonly #names = new Map<string, WatchedName>()
  readonly #options: WatchOptions

  constructor (options: WatchOptions) {
    this.#options = options
  }

  watch (name: string, listener: () => void): Watch {
    let entry = this.#names.get(name)
    if (entry === undefined) {
      entry = new WatchedName(name, this.#options)
      this.#names.set(name, entry)
    }
    const watched = entry
    watched.watch(listener)
    return {
      get addresses () { return watched.addresses },
      ready: watched.ready,
      close: () => {
        watched.unwatch(listener)
        if (watched.watched) return
        this.#names.delete(name)
        watched.close()
      }
    }
  }

  close (): void {
    for (const name of this.#names.values()) name.close()
    this.#names.clear()
  }
}
