interface Kept {
  readonly state: unknown
  readonly close: ((state: never) => void | Promise<void>) | undefined
  users: number
}

/**
 * State that outlives a reload: counters, breakers, key sets. Each snapshot asks for what it needs; what none asks for
 * any more is closed. Keys are the entry's identity, never its content, so that editing a limit doesn't reset the count.
 */
export class KeptState {
  readonly #kept = new Map<string, Kept>()

  acquire<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T {
    let kept = this.#kept.get(key)
    if (kept === undefined) {
      kept = { state: create(), close: close as Kept['close'], users: 0 }
      this.#kept.set(key, kept)
    }
    kept.users++
    return kept.state as T
  }

  /** All of one class. */
  * of<T> (kind: abstract new (...options: never[]) => T): Generator<T> {
    for (const { state } of this.#kept.values()) if (state instanceof kind) yield state
  }

  async release (key: string): Promise<void> {
    const kept = this.#kept.get(key)
    if (kept === undefined || --kept.users > 0) return
    this.#kept.delete(key)
    await kept.close?.(kept.state as never)
  }
}
