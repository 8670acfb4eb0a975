/** URIs that are remembered at most. */
const MOST = 10_000

/** What had to be dropped while the store was down, and is dropped before it is used again. It outlives reloads. */
export class OwedDrops {
  readonly #uris = new Set<string>()
  readonly #most: number
  #all = false
  #paying = false

  constructor (most = MOST) {
    this.#most = most
  }

  /** URIs; Infinity: everything. */
  get size (): number {
    return this.#all ? Infinity : this.#uris.size
  }

  /** More than are remembered make it all of them. */
  add (uri: string): void {
    if (this.#all || this.#uris.has(uri)) return
    if (this.#uris.size < this.#most) {
      this.#uris.add(uri)
      return
    }
    this.addAll()
  }

  /** Nobody knows what is to be dropped. */
  addAll (): void {
    this.#all = true
    this.#uris.clear()
  }

  /**
   * Drops what is owed, those included that come meanwhile. Where that fails, what was not dropped stays owed.
   *
   * @param drop null: everything
   * @returns whether nothing is owed any more; false: somebody else is at it
   */
  async pay (drop: (uri: string | null) => Promise<unknown>): Promise<boolean> {
    if (this.#paying) return false
    this.#paying = true
    try {
      while (this.#all || this.#uris.size > 0) {
        if (this.#all) await this.#payAll(drop)
        for (const uri of this.#uris) {
          await drop(uri)
          this.#uris.delete(uri)
        }
      }
      return true
    } finally {
      this.#paying = false
    }
  }

  async #payAll (drop: (uri: null) => Promise<unknown>): Promise<void> {
    this.#all = false
    try {
      await drop(null)
    } catch (error) {
      this.#all = true
      throw error
    }
  }
}
