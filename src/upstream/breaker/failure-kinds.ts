import type { Ending } from '../destination.ts'

/** What may count as a failure: how an attempt ended, a status, or a class of statuses. */
export type FailureKind = 'connect' | 'timeout' | 'reset' | 'invalid' | '4xx' | '5xx' | number

/** Statuses have three digits. */
const STATUSES = 1000

/** What counts as a failure, compiled: asked for each attempt. */
export class FailureKinds {
  readonly #statuses = new Uint8Array(STATUSES)
  readonly #endings: ReadonlySet<Ending>

  constructor (kinds: readonly FailureKind[]) {
    const endings = new Set<Ending>()
    for (const kind of kinds) {
      if (typeof kind === 'number') this.#statuses[kind] = 1
      else if (kind === '4xx') this.#statuses.fill(1, 400, 500)
      else if (kind === '5xx') this.#statuses.fill(1, 500, 600)
      else endings.add(kind)
    }
    this.#endings = endings
  }

  status (status: number): boolean {
    return this.#statuses[status] === 1
  }

  ending (ending: Ending): boolean {
    return this.#endings.has(ending)
  }
}
