interface Held<State, Settings> {
  readonly state: State
  /** Of those who use it, the youngest last. */
  readonly settings: Settings[]
  /** Those that the state follows. */
  followed: Settings
}

/** What a user of shared state holds. */
export interface Lease<State> {
  readonly state: State
  /** Gives it back; what nobody uses any more is closed. */
  release (): void
}

/**
 * State that belongs to the process and outlives snapshots, with settings that each snapshot brings: from `commit` on it
 * follows those of the youngest snapshot that uses it, so that one which is discarded before it serves has changed nothing.
 */
export class SharedState<State extends { follow (settings: Settings): void }, Settings> {
  readonly #held = new Map<string, Held<State, Settings>>()
  readonly #close: (state: State) => void

  constructor (close: (state: State) => void = () => {}) {
    this.#close = close
  }

  /** @param key whose state it is: never what its settings are */
  acquire (key: string, settings: Settings, create: () => State): Lease<State> {
    // an object of its own: two snapshots may bring the same settings
    const own = { ...settings }
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { state: create(), settings: [], followed: own }
      this.#held.set(key, held)
    }
    held.settings.push(own)
    const { state } = held
    return { state, release: () => this.#release(key, own) }
  }

  /** The youngest snapshot serves. */
  commit (): void {
    for (const held of this.#held.values()) this.#follow(held, held.settings.at(-1) as Settings)
  }

  states (): State[] {
    return [...this.#held.values()].map(({ state }) => state)
  }

  #release (key: string, own: Settings): void {
    const held = this.#held.get(key)
    const place = held?.settings.indexOf(own) ?? -1
    if (held === undefined || place === -1) return
    held.settings.splice(place, 1)
    const youngest = held.settings.at(-1)
    if (youngest === undefined) {
      this.#held.delete(key)
      this.#close(held.state)
    } else if (held.followed === own && place === held.settings.length) {
      this.#follow(held, youngest)
    }
  }

  #follow (held: Held<State, Settings>, settings: Settings): void {
    if (held.followed === settings) return
    held.followed = settings
    held.state.follow(settings)
  }
}
