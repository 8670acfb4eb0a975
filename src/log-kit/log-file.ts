import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { AppendFile, type LogFileSettings } from './append-file.ts'
import type { QueueCounts } from './queue.ts'

/** Bytes that wait for the disk. */
const BOUND = 8 * 1024 * 1024
/** Milliseconds that a line waits for company. */
const DELAY = 100
/** Bytes that are written without waiting for more. */
const PIECE = 65_536
/** Bytes that are written at once, unless a single line has more: several processes may write to the file, and only one call is one append. */
const MOST = 256 * 1024
/** Milliseconds until a file that could not be written to is tried again. */
const AGAIN = 1_000
/** The same of a pipe whose reader is slow. */
const SOON = 20
/** Milliseconds that the last lines have. */
const LAST = 2_000
const QUIET = 60_000

/** Lines for an {@link AppendFile}, written in the background. While it takes none they wait, up to 8 MiB; what is on top is dropped and counted. */
export class LogFile {
  readonly counts: QueueCounts = { sent: 0, dropped: 0, failed: 0 }
  readonly #path: string
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  readonly #file: AppendFile
  #settings: LogFileSettings
  #lines: string[] = []
  /** Lines that are being written. */
  #under = 0
  #bytes = 0
  #timer: NodeJS.Timeout | null = null
  #work: Promise<void> | null = null
  #reopen = false
  /** Half a line stands at the end of the file. */
  #torn = false
  /** Why it took no lines when they were written last. */
  #failing: { readonly error: unknown } | null = null
  #closing = false
  readonly #told = new Map<string, number>()

  constructor (path: string, settings: LogFileSettings, log: Pick<FastifyBaseLogger, 'warn'>, mode = 0o640) {
    this.#path = path
    this.#settings = settings
    this.#log = log
    this.#file = new AppendFile(path, mode)
  }

  /** Opens it, so that one that can't be written to is known at once. @throws the system's error */
  async ready (): Promise<void> {
    this.#start()
    await this.#work
    if (this.#failing !== null) throw this.#failing.error
  }

  configure (settings: LogFileSettings): void {
    this.#settings = settings
  }

  /** Lines that wait. */
  get length (): number {
    return this.#lines.length + this.#under
  }

  /** @param line in ASCII, with its newline @returns false: there is no room */
  write (line: string): boolean {
    if (this.#bytes + line.length > BOUND) {
      this.counts.dropped++
      this.#tell({}, 'log lines are lost')
      return false
    }
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#work === null && this.#failing === null) {
      if (this.#bytes >= PIECE) this.#start()
      else this.#timer ??= setTimeout(() => this.#start(), DELAY).unref()
    }
    return true
  }

  /** The file was moved: the next line goes to a new one of the old name. */
  reopen (): void {
    this.#reopen = true
    this.#start()
  }

  /** Resolves when all is written, or can't be for now. */
  async flush (): Promise<void> {
    do {
      this.#start()
      await this.#work
    } while (this.#lines.length > 0 && this.#failing === null)
  }

  /** Writes what waits, once more and for a short time, then lets go. */
  async close (): Promise<void> {
    this.#closing = true
    const end = new AbortController()
    await Promise.race([this.flush(), wait(LAST, undefined, { signal: end.signal }).catch(() => {})])
    end.abort()
    clearTimeout(this.#timer ?? undefined)
    if (this.length > 0) {
      this.counts.failed += this.length
      this.#told.clear()
      this.#tell({}, 'log lines are lost')
    }
    // one that is stuck in the kernel would be waited for
    if (this.#work === null) await this.#file.close()
  }

  #start (): void {
    clearTimeout(this.#timer ?? undefined)
    this.#timer = null
    this.#work ??= this.#run().finally(() => { this.#work = null })
  }

  async #run (): Promise<void> {
    do {
      const lines = this.#lines
      this.#lines = []
      this.#under = lines.length
      try {
        do {
          if (this.#reopen || await this.#file.moved(this.#settings, error => this.#unable(error))) await this.#open()
          if (this.#under > 0) await this.#append(lines)
        } while (this.#under > 0)
        if (this.#failing !== null) this.#mended()
      } catch (error) {
        this.#lines = [...lines.slice(lines.length - this.#under), ...this.#lines]
        this.#under = 0
        this.#failed(error)
        return
      }
    } while (this.#lines.length > 0)
  }

  /** Writes the next of these lines, as one piece. @throws the system's error; what was not written whole still waits */
  async #append (lines: readonly string[]): Promise<void> {
    const first = lines.length - this.#under
    let next = first
    let text = this.#torn ? '\n' : ''
    while (next < lines.length && (next === first || text.length + (lines[next] as string).length <= MOST)) text += lines[next++] as string
    const bytes = Buffer.from(text, 'latin1')
    let written = 0
    try {
      while (written < bytes.length) written += await this.#writeSome(bytes, written)
    } finally {
      this.#took(lines, bytes, written)
    }
  }

  async #writeSome (bytes: Buffer, from: number): Promise<number> {
    for (;;) {
      try {
        return await this.#file.write(bytes, from)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || this.#closing) throw error
        await wait(SOON, undefined, { ref: false })
      }
    }
  }

  #took (lines: readonly string[], bytes: Buffer, written: number): void {
    if (written === 0) return
    const whole = bytes.lastIndexOf('\n', written - 1) + 1
    let done = this.#torn ? 1 : 0
    while (done < whole) {
      const { length } = lines[lines.length - this.#under] as string
      done += length
      this.#bytes -= length
      this.#under--
      this.counts.sent++
    }
    this.#torn = whole < written
  }

  async #open (): Promise<void> {
    this.#torn = await this.#file.open()
    this.#reopen = false
  }

  /** Lines wait until the file takes them again. */
  #failed (error: unknown): void {
    this.#failing = { error }
    // it may be another one by then
    this.#reopen = (error as NodeJS.ErrnoException).code !== 'EAGAIN'
    if (this.length > 0) this.#tell({ reason: reasonOf(error), waiting: this.length }, 'the log file takes no lines: they wait')
    if (!this.#closing) this.#timer = setTimeout(() => this.#start(), AGAIN).unref()
  }

  #mended (): void {
    this.#failing = null
    if (this.#told.size === 0) return
    this.#told.clear()
    this.#log.warn({ ...this.counts, file: this.#path }, 'the log file takes lines again')
  }

  #unable (error: unknown): void {
    this.#tell({ reason: reasonOf(error) }, 'the log file can\'t be put aside: it grows on')
  }

  #tell (facts: Readonly<Record<string, unknown>>, message: string): void {
    const now = Date.now()
    if (now - (this.#told.get(message) ?? -Infinity) < QUIET) return
    this.#told.set(message, now)
    this.#log.warn({ ...this.counts, file: this.#path, ...facts }, message)
  }
}

function reasonOf (error: unknown): string | undefined {
  return (error as Error | null)?.message
}
