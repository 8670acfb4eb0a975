import type { Diagnostic } from '../../config/diagnostics.ts'
import type { ReloadTrigger, RunnableFile } from './reload.ts'
import { contentHash } from '../../files/watch.ts'

/** One configuration that was tried. */
export interface Attempt {
  /** Counts attempts, from 1. */
  readonly id: number
  /** Number of the configuration; null: it was refused. */
  readonly snapshot: number | null
  readonly trigger: 'start' | ReloadTrigger
  /** Snapshot that a rollback has put back; null: it was none. */
  readonly of: number | null
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Milliseconds. */
  readonly took: number
  /** SHA-256 of the file's text, in hex; null: it couldn't be read. */
  readonly hash: string | null
  readonly diagnostics: readonly Diagnostic[]
  readonly error: string | null
  /** How many there were; null: it was refused. */
  readonly counts: { readonly services: number, readonly routes: number, readonly plugins: number, readonly consumers: number } | null
}

export type AttemptFacts = Pick<Attempt, 'snapshot' | 'trigger' | 'of' | 'at' | 'took' | 'diagnostics' | 'error'>

/** Attempts that are remembered. */
const LENGTH = 10
/** Text of all files that are kept, in characters: each becomes some twenty times as much memory. */
const TEXT = 4 * 1024 * 1024

/** The configurations that ran lately, and those that were refused. */
export class History {
  readonly #attempts: Attempt[] = []
  /** By snapshot, oldest first. */
  readonly #files = new Map<number, RunnableFile>()
  #count = 0

  /** Newest first. */
  get attempts (): readonly Attempt[] {
    return this.#attempts
  }

  /** What ran as this snapshot; undefined: it isn't known any more. */
  file (snapshot: number): RunnableFile | undefined {
    return this.#files.get(snapshot)
  }

  /** @param file what was read; null: it couldn't be */
  add (facts: AttemptFacts, file: { readonly source: RunnableFile['source'], readonly config: RunnableFile['config'] | null } | null): void {
    const { snapshot } = facts
    const config = snapshot === null ? null : file?.config ?? null
    const counts = config === null ? null : { services: config.services.length, routes: config.routes.length, plugins: config.plugins.length, consumers: config.consumers.length }
    this.#attempts.unshift({ ...facts, id: ++this.#count, hash: file === null ? null : contentHash(file.source.text), counts })
    this.#attempts.length = Math.min(this.#attempts.length, LENGTH)
    if (snapshot === null || config === null) return
    this.#files.set(snapshot, file as RunnableFile)
    this.#forget()
  }

  /** The one that runs is kept, and as many before it as there is room for. */
  #forget (): void {
    let length = 0
    let number = 0
    for (const [snapshot, { source }] of [...this.#files].reverse()) {
      length += source.text.length
      number++
      if (number > LENGTH || (number > 2 && length > TEXT)) this.#files.delete(snapshot)
    }
  }
}
