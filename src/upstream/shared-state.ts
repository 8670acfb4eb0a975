interface Held<State, Settings> {
  readonly state: State
  /** Of those who use it, the youngest last. */
  readonly settings: Settings[]
}

/** What a user of shared state holds. */
export interface Lease<State> {
  readonly state: State
  /** Gives it back; what nobody uses any more is closed. */
  release (): void
}

/**
 * State that belongs to the process and outlives snapshots, with settings that each snapshot brings: it follows those of the
 * youngest snapshot that uses it, so that one which is discarded before it serves has changed nothing.
 */
export class SharedState<State extends { follow (settings: Settings): void }, Settings> {
  readonly #held = new Map<string, Held<State, Settings>>()
  readonly #close: (state: State) => void

  constructor (close: (state: State) => void = () => {}) {
    this.#close = close
  }

  /** @param key whose state it is: never what its settings are */
  acquire (key: string, settings: Settings, create: () => State): Lease<State> {
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { state: create(), settings: [] }
      this.#held.set(key, held)
    } else {
      held.state.follow(settings)
    }
    // an object of its own: two snapshots may bring the same settings
    const own = { ...settings }
    held.settings.push(own)
    const { state } = held
    return { state, release: () => this.#release(key, own) }
  }

  states (): State[] {
    return [...this.#held.values()].map(({ state }) => state)
  }

  #release (key: string, own: Settings): void {
    const held = this.#held.get(key)
    const place = held?.settings.indexOf(own) ?? -1
    if (held === undefined || place === -1) return
    const wasYoungest = place === held.settings.length - 1
    held.settings.splice(place, 1)
    const youngest = held.settings.at(-1)
    if (youngest === undefined) {
      this.#held.delete(key)
      this.#close(held.state)
    } else if (wasYoungest) {
      held.state.follow(youngest)
    }
  }
}
