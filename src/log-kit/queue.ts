import type { FastifyBaseLogger } from 'fastify'
import type { PluginGateway } from '../plugin.ts'
import { Nap } from './nap.ts'

/** Kong's names; durations in seconds, as there. */
export interface QueueSettings {
  readonly max_batch_size: number
  readonly max_coalescing_delay: number
  readonly max_entries: number
  readonly max_bytes: number
  readonly initial_retry_delay: number
  readonly max_retry_delay: number
  readonly max_retry_time: number
}

/** What became of entries. */
export interface QueueCounts {
  sent: number
  /** There was no room. */
  dropped: number
  /** They were tried until `max_retry_time` was over, or can't be sent at all. */
  failed: number
}

/** Will not be better for being tried again. */
export class Unsendable extends Error {}

/** Between two lines of the log, in milliseconds. */
const QUIET = 60_000
/** What a closing queue has for its last entries, in milliseconds. */
const LAST = 2_000

/** What takes entries to where they belong; nowhere, while a configuration is tried. */
export type Send = (batch: readonly string[]) => Promise<void>

/** Sends nothing out of a configuration that is tried. */
export function outward ({ outside }: Pick<PluginGateway, 'outside'>, send: Send): Send {
  return outside === undefined ? send : async () => {}
}

/**
 * What waits to be sent elsewhere: bounded in number and bytes, joined to batches, tried again. Adding to it takes no time and never
 * fails; what is too much is dropped, the oldest first, and counted. One batch is under way at a time, so that order is kept.
 */
export class BatchQueue {
  readonly counts: QueueCounts = { sent: 0, dropped: 0, failed: 0 }
  readonly #send: (batch: readonly string[]) => Promise<void>
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  #settings: QueueSettings
  #entries: string[] = []
  /** Entries at its beginning that were dropped: shifting each would move all others. */
  #gone = 0
  #bytes = 0
  #timer: NodeJS.Timeout | null = null
  readonly #nap = new Nap()
  #running = false
  #closing = false
  #told = -Infinity
  /** Tells of what was lost since. */
  #later: NodeJS.Timeout | null = null
  /** Why the last try failed. */
  #reason: string | undefined

  /** @param send resolves when the batch has arrived; rejects to have it tried again, with {@link Unsendable} to give it up */
  constructor (settings: QueueSettings, log: Pick<FastifyBaseLogger, 'warn'>, send: (batch: readonly string[]) => Promise<void>) {
    this.#settings = settings
    this.#log = log
    this.#send = send
  }

  configure (settings: QueueSettings): void {
    this.#settings = settings
  }

  /** Entries that wait. */
  get length (): number {
    return this.#entries.length - this.#gone
  }

  add (entry: string): void {
    const { max_entries: most, max_bytes: bytes, max_batch_size: batch, max_coalescing_delay: delay } = this.#settings
    if (this.#closing || entry.length > bytes) {
      this.#drop(1)
      return
    }
    this.#entries.push(entry)
    this.#bytes += entry.length
    while (this.length > most || this.#bytes > bytes) {
      this.#bytes -= (this.#entries[this.#gone] as string).length
      this.#entries[this.#gone++] = ''
      this.#drop(1)
    }
    // when half of it is gone, moving the rest costs each entry a constant
    if (this.#gone > 1024 && this.#gone * 2 > this.#entries.length) this.#compact()
    if (this.#running) return
    if (this.length >= batch) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), delay * 1000).unref()
  }

  /** Sends what waits, once more and for a short time, then lets go. */
  async close (): Promise<void> {
    this.#closing = true
    this.#nap.end()
    this.#start()
    const end = Date.now() + LAST
    while (this.#running && Date.now() < end) await new Promise(resolve => setTimeout(resolve, 10))
    this.#drop(this.length)
    this.#entries = []
    this.#gone = 0
    if (this.#later !== null) this.#say()
  }

  #start (): void {
    clearTimeout(this.#timer ?? undefined)
    this.#timer = null
    if (this.#running || this.length === 0) return
    this.#running = true
    this.#run().finally(() => { this.#running = false })
  }

  async #run (): Promise<void> {
    while (this.length > 0) {
      this.#compact()
      const batch = this.#entries.splice(0, this.#settings.max_batch_size)
      for (const entry of batch) this.#bytes -= entry.length
      await this.#deliver(batch)
    }
  }

  async #deliver (batch: readonly string[]): Promise<void> {
    const { initial_retry_delay: first, max_retry_delay: longest, max_retry_time: most } = this.#settings
    const end = Date.now() + most * 1000
    for (let delay = first * 1000; ; delay = Math.min(delay * 2, longest * 1000)) {
      try {
        await this.#send(batch)
        this.counts.sent += batch.length
        this.#reason = undefined
        return
      } catch (error) {
        this.#reason = (error as Error)?.message
        if (error instanceof Unsendable || this.#closing || Date.now() + delay > end) {
          this.counts.failed += batch.length
          this.#tell()
          return
        }
        await this.#nap.take(delay)
      }
    }
  }

  #compact (): void {
    if (this.#gone === 0) return
    this.#entries = this.#entries.slice(this.#gone)
    this.#gone = 0
  }

  #drop (count: number): void {
    if (count === 0) return
    this.counts.dropped += count
    this.#tell()
  }

  /** Now and then: at once, and then once a minute while more is lost. */
  #tell (): void {
    if (this.#later !== null) return
    const rest = this.#told + QUIET - performance.now()
    if (rest <= 0) this.#say()
    else this.#later = setTimeout(() => this.#say(), rest).unref()
  }

  #say (): void {
    clearTimeout(this.#later ?? undefined)
    this.#later = null
    this.#told = performance.now()
    this.#log.warn({ ...this.counts, ...this.#reason === undefined ? {} : { reason: this.#reason } }, 'log entries are lost')
  }
}
