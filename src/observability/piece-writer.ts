import { close, openSync, write } from 'node:fs'

/** Milliseconds until a reader that is not ready, or a disk that is full, is asked again. */
const AGAIN = 100
/** Standard input, output and error are the process's. */
const LAST_STANDARD = 2

interface Piece {
  readonly bytes: Buffer
  from: number
  readonly to: number
  /** Told when it is written. */
  readonly done: (() => void) | null
}

/**
 * Writes pieces to a file descriptor, one after the other, in the background.
 *
 * By itself and not by sonic-boom: that takes new memory for each piece and lets go of the old, 20 µs for 64 KiB.
 */
export class PieceWriter {
  readonly #fd: number
  readonly #bound: number
  readonly #idle: () => void
  readonly #lost: (bytes: Buffer) => void
  readonly #waiting: Piece[] = []
  #bytes = 0
  #writing = false
  #again: NodeJS.Timeout | undefined
  #gone = false
  #closing = false

  /**
   * @param target file descriptor, or file name
   * @param bound largest number of bytes that wait
   * @param idle called when all is written, or nothing more ever can be
   * @param lost told of what waited for a reader that went away
   * @throws the system's error where the file can't be opened
   */
  constructor (target: number | string, bound: number, idle: () => void, lost: (bytes: Buffer) => void) {
    this.#fd = typeof target === 'number' ? target : openSync(target, 'a')
    this.#bound = bound
    this.#idle = idle
    this.#lost = lost
  }

  /** Something is under way, or waits for it. */
  get busy (): boolean {
    return this.#writing || this.#again !== undefined
  }

  /** The reader went away for good. */
  get gone (): boolean {
    return this.#gone
  }

  /**
   * @param done called when they are written
   * @returns false: there is no room; the bytes are the caller's
   */
  take (bytes: Buffer, length: number, done: (() => void) | null): boolean {
    if (this.#gone || this.#closing || this.#bytes + length > this.#bound) return false
    this.#waiting.push({ bytes, from: 0, to: length, done })
    this.#bytes += length
    if (!this.busy) this.#next()
    return true
  }

  /** What waits is given up. */
  close (): void {
    if (this.#closing) return
    this.#closing = true
    clearTimeout(this.#again)
    this.#again = undefined
    this.#waiting.length = this.#writing ? 1 : 0
    if (!this.#writing) this.#letGo()
  }

  #next (): void {
    const piece = this.#waiting[0]
    if (piece === undefined) {
      this.#idle()
      return
    }
    this.#writing = true
    write(this.#fd, piece.bytes, piece.from, piece.to - piece.from, null, (error, written) => this.#wrote(piece, error, written))
  }

  #wrote (piece: Piece, error: NodeJS.ErrnoException | null, written: number): void {
    this.#writing = false
    if (this.#closing) {
      this.#letGo()
    } else if (error === null) {
      piece.from += written
      this.#bytes -= written
      if (piece.from === piece.to) {
        this.#waiting.shift()
        piece.done?.()
      }
      this.#next()
    } else if (error.code === 'EPIPE') {
      this.#gone = true
      for (const { bytes, from, to } of this.#waiting.splice(0)) this.#lost(bytes.subarray(from, to))
      this.#idle()
    } else {
      // a full disk, too, may have room again: the next piece can't ask where nothing fits beside those that wait
      this.#again = setTimeout(() => {
        this.#again = undefined
        this.#next()
      }, AGAIN)
    }
  }

  #letGo (): void {
    if (this.#fd > LAST_STANDARD) close(this.#fd, () => {})
    this.#idle()
  }
}
