import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { QueueCounts } from './queue.ts'

export interface LogFileSettings {
  /** Bytes after which the file is put aside; 0: never. */
  readonly maxSize: number
  /** Files that were put aside and are kept: `name.1` is the youngest. */
  readonly maxFiles: number
}

/** Bytes that wait for the disk. */
const BOUND = 8 * 1024 * 1024
/** Milliseconds that a line waits for company. */
const DELAY = 100
/** Bytes that are written without waiting for more. */
const PIECE = 65_536
/** Milliseconds between two looks whether somebody else has moved the file. */
const LOOK = 1_000
/** A lock that is older was left behind. */
const STALE = 10_000
const QUIET = 60_000

/**
 * A file that lines are appended to, in the background. Several processes may write to the same one: each piece is one append, and
 * whoever finds the file too long puts it aside, under a lock; the others notice that it has moved.
 */
export class LogFile {
  readonly counts: QueueCounts = { sent: 0, dropped: 0, failed: 0 }
  readonly #path: string
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  readonly #mode: number
  #settings: LogFileSettings
  #handle: FileHandle | null = null
  #inode = 0
  #lines: string[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | null = null
  #work: Promise<void> | null = null
  #reopen = false
  /** A piece was written in part, perhaps: half a line stands there. */
  #torn = false
  #looked = 0
  #told = -Infinity

  constructor (path: string, settings: LogFileSettings, log: Pick<FastifyBaseLogger, 'warn'>, mode = 0o640) {
    this.#path = path
    this.#settings = settings
    this.#log = log
    this.#mode = mode
  }

  /** Opens it, so that one that can't be written to is known at once. @throws the system's error */
  async ready (): Promise<void> {
    if (this.#handle === null) await this.#open()
  }

  configure (settings: LogFileSettings): void {
    this.#settings = settings
  }

  /** Lines that wait. */
  get length (): number {
    return this.#lines.length
  }

  /** @param line in ASCII, with its newline @returns false: there is no room */
  write (line: string): boolean {
    if (this.#bytes + line.length > BOUND) {
      this.counts.dropped++
      this.#tell(null)
      return false
    }
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#work === null) {
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

  async flush (): Promise<void> {
    while (this.#lines.length > 0 || this.#work !== null) {
      this.#start()
      await this.#work
    }
  }

  async close (): Promise<void> {
    await this.flush()
    await this.#handle?.close()
    this.#handle = null
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
      try {
        await this.#look()
        if (lines.length > 0) await (this.#handle as FileHandle).appendFile(`${this.#torn ? '\n' : ''}${lines.join('')}`, 'latin1')
        if (lines.length > 0) this.#torn = false
        this.counts.sent += lines.length
      } catch (error) {
        this.counts.failed += lines.length
        this.#tell(error)
        this.#reopen = true
        this.#torn = this.#handle !== null && lines.length > 0
      }
      this.#bytes = this.#lines.reduce((sum, line) => sum + line.length, 0)
    } while (this.#lines.length > 0)
  }

  /** Whether the file is still the one, and not too long. */
  async #look (): Promise<void> {
    const now = Date.now()
    if (this.#handle === null || this.#reopen) await this.#open()
    if (now - this.#looked < LOOK && this.#settings.maxSize === 0) return
    this.#looked = now
    const found = await stat(this.#path).catch(() => null)
    if (found === null || found.ino !== this.#inode) await this.#open()
    else if (this.#settings.maxSize > 0 && found.size >= this.#settings.maxSize) await this.#rotate()
  }

  async #open (): Promise<void> {
    this.#reopen = false
    const before = this.#handle
    this.#handle = null
    await before?.close().catch(() => {})
    this.#handle = await open(this.#path, 'a', this.#mode)
    this.#inode = (await this.#handle.stat()).ino
  }

  async #rotate (): Promise<void> {
    const lock = `${this.#path}.lock`
    const held = await open(lock, 'wx').catch(() => null)
    if (held === null) {
      // another process is at it, or died over it
      const age = await stat(lock).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0)
      if (age > STALE) await rm(lock, { force: true })
      return
    }
    try {
      const found = await stat(this.#path).catch(() => null)
      // another one was faster
      if (found !== null && found.ino === this.#inode) await this.#putAside()
    } finally {
      await held.close()
      await rm(lock, { force: true })
    }
    await this.#open()
  }

  async #putAside (): Promise<void> {
    const { maxFiles } = this.#settings
    for (let number = maxFiles - 1; number >= 1; number--) {
      await rename(`${this.#path}.${number}`, `${this.#path}.${number + 1}`).catch(() => {})
    }
    if (maxFiles === 0) await rm(this.#path)
    else await rename(this.#path, `${this.#path}.1`)
  }

  #tell (error: unknown): void {
    const now = Date.now()
    if (now - this.#told < QUIET) return
    this.#told = now
    this.#log.warn({ ...this.counts, file: this.#path, ...error === null ? {} : { reason: (error as Error)?.message } }, 'log lines are lost')
  }
}
