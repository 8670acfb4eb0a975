/** Where log lines go: an asynchronous writer on a file descriptor, bounded and never in the way of a request. */
import { setTimeout as wait } from 'node:timers/promises'
import { PieceWriter } from './piece-writer.ts'

/** Bytes that are joined before they are written: at 64 KiB the thread that writes is woken four times as often, 0.6 µs a line. */
const PIECE = 256 * 1024
/** Pieces that are kept for the next lines: one is filled while another is written. */
const SPARE = 2
/** Milliseconds that a line waits for company. */
const DELAY = 100
/** Bytes that may wait for a slow reader; what comes on top is dropped and counted. */
const BOUND = 8 * 1024 * 1024
/** What a closing gateway gives a reader that doesn't read. */
const DEADLINE = 1000

export interface Destination {
  /** Takes one line, newline included; never blocks, never throws. */
  write (line: string): void
  /** The same for a line that is known to be ASCII: each character becomes a byte, unseen. */
  writeAscii (line: string): void
  /** Takes whole lines that are joined already. */
  writeLines (lines: Buffer): void
  /** Resolves when everything is written, or after `deadline` milliseconds. */
  flush (deadline?: number): Promise<void>
  /** Flushes, then lets go; later lines are dropped. */
  close (deadline?: number): Promise<void>
  /** Lines lost because the reader was too slow or gone. */
  readonly dropped: number
  /** A write waits in the kernel for a reader that doesn't read. */
  readonly stuck: boolean
}

/**
 * Lines are joined as bytes: a line is put together from some fifty strings, which would all stay alive until the piece is full, and
 * encoding a piece as UTF-8 takes V8 a look at each character.
 *
 * @param target file descriptor (1 is standard output) or file name
 * @param bound largest number of bytes that wait
 * @throws the system's error where the file can't be opened
 */
export function createDestination (target: number | string, bound: number = BOUND): Destination {
  const spare: Buffer[] = []
  const waiting = new Set<() => void>()
  let piece: Buffer = Buffer.allocUnsafeSlow(PIECE)
  let filled = 0
  let dropped = 0
  let closed = false
  /** What was joined has waited long enough. */
  let due = false
  let timer: NodeJS.Timeout | undefined

  const writer = new PieceWriter(target, bound, () => {
    if (due) handOver()
    if (!writer.busy || writer.gone) for (const resolve of waiting) resolve()
  }, bytes => { dropped += countLines(bytes) })

  function handOver (): void {
    clearTimeout(timer)
    timer = undefined
    due = false
    if (filled === 0) return
    const bytes = piece
    const taken = writer.take(bytes, filled, () => { if (spare.length < SPARE) spare.push(bytes) })
    if (taken) piece = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE)
    else dropped += countLines(bytes.subarray(0, filled))
    filled = 0
  }

  /** While a write is under way more company may come: what waits for a slow reader is in whole pieces. */
  function grownOld (): void {
    timer = undefined
    due = true
    if (!writer.busy) handOver()
  }

  /** Makes room for a line; false: there can't be enough. */
  function reserve (length: number): boolean {
    if (filled + length > PIECE) handOver()
    return length <= PIECE
  }

  function written (length: number): void {
    filled += length
    if (filled === PIECE) handOver()
    else if (timer === undefined && !due) timer = setTimeout(grownOld, DELAY).unref()
  }

  function writeBytes (bytes: Buffer): void {
    if (closed || writer.gone) {
      dropped += countLines(bytes)
    } else if (reserve(bytes.length)) {
      bytes.copy(piece, filled)
      written(bytes.length)
    } else if (!writer.take(bytes, bytes.length, null)) {
      dropped += countLines(bytes)
    }
  }

  async function flush (deadline: number = DEADLINE): Promise<void> {
    handOver()
    if (!writer.busy) return
    const done = new AbortController()
    const settle = (): void => done.abort()
    waiting.add(settle)
    await wait(deadline, undefined, { signal: done.signal }).catch(() => {})
    waiting.delete(settle)
  }

  return {
    flush,
    get stuck () {
      return writer.busy
    },
    get dropped () {
      return dropped
    },
    write (line) {
      writeBytes(Buffer.from(line))
    },
    writeAscii (line) {
      if (closed || writer.gone || !reserve(line.length)) writeBytes(Buffer.from(line, 'latin1'))
      else written(piece.write(line, filled, 'latin1'))
    },
    writeLines: writeBytes,
    async close (deadline) {
      if (closed) return
      await flush(deadline)
      closed = true
      writer.close()
    }
  }
}

function countLines (piece: Buffer): number {
  let count = 0
  for (let index = piece.indexOf(10); index !== -1; index = piece.indexOf(10, index + 1)) count++
  return count
}
