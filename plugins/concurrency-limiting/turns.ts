/** Whose turn it is, for one key. */
interface Line {
  running: number
  readonly waiting: Set<(admitted: boolean) => void>
}

export interface Bounds {
  readonly limit: number
  readonly queue: number
  /** Milliseconds. */
  readonly patience: number
}

/** What running out of patience and leaving are told by; see {@link Turns.take}. */
export interface Waiting {
  /** Admitted, or refused. */
  readonly turn: Promise<boolean>
  /** Gives the place up: the client has left. */
  leave (): void
}

/**
 * Who runs and who waits, by key. First come, first served. What is held is what is under way: nothing of a key stays
 * when its last request has ended.
 */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /** Keys that have something under way. */
  get size (): number {
    return this.#lines.size
  }

  /** @returns true: runs, until `release`; false: refused; else it waits */
  take (key: string, { limit, queue, patience }: Bounds): boolean | Waiting {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { running: 0, waiting: new Set() }
      this.#lines.set(key, line)
    }
    if (line.running < limit && line.waiting.size === 0) {
      line.running++
      return true
    }
    if (line.waiting.size >= queue) return false
    return wait(line, patience)
  }

  /** One has ended: the next one's turn, unless the limit was lowered meanwhile. */
  release (key: string, { limit }: Pick<Bounds, 'limit'>): void {
    const line = this.#lines.get(key)
    if (line === undefined) return
    line.running--
    for (const next of line.waiting) {
      if (line.running >= limit) break
      line.waiting.delete(next)
      line.running++
      next(true)
    }
    if (line.running === 0 && line.waiting.size === 0) this.#lines.delete(key)
  }
}

function wait (line: Line, patience: number): Waiting {
  let decide: (admitted: boolean) => void = () => {}
  const turn = new Promise<boolean>(resolve => { decide = resolve })
  const timer = setTimeout(() => answer(false), patience)
  function answer (admitted: boolean): void {
    clearTimeout(timer)
    line.waiting.delete(answer)
    decide(admitted)
  }
  line.waiting.add(answer)
  return { turn, leave: () => answer(false) }
}
