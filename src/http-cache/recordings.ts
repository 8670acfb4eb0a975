/** What can be told that it is too late. */
export interface Doomable {
  doom (): void
}

/** Answers that are being stored: how much of them is in memory, and which must not be kept when they are whole. */
export class Recordings {
  readonly #byUri = new Map<string, Set<Doomable>>()
  #bytes = 0
  most: number

  /** @param most bytes of all answers that are not whole yet */
  constructor (most: number) {
    this.most = most
  }

  /** Whether there is room for so many bytes more; counted in any case. */
  grow (bytes: number): boolean {
    this.#bytes += bytes
    return this.#bytes <= this.most
  }

  shrink (bytes: number): void {
    this.#bytes -= bytes
  }

  add (uri: string, recording: Doomable): void {
    const known = this.#byUri.get(uri)
    if (known === undefined) this.#byUri.set(uri, new Set([recording]))
    else known.add(recording)
  }

  delete (uri: string, recording: Doomable): void {
    const known = this.#byUri.get(uri)
    if (known === undefined) return
    known.delete(recording)
    if (known.size === 0) this.#byUri.delete(uri)
  }

  /** @param uri undefined: all */
  doom (uri?: string): void {
    const doomed = uri === undefined ? this.#byUri.values() : [this.#byUri.get(uri) ?? []]
    for (const recordings of doomed) for (const recording of recordings) recording.doom()
  }
}
