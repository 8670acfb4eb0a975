import { failure } from '../failure.ts'
import { latin1 } from '../../fields/latin1.ts'
import { parseTrailers } from './head.ts'

const SIZE = 0
const DATA = 1
const AFTER_DATA = 2
const TRAILERS = 3

const LF = 10
/** With its extensions, which nobody reads. */
const LONGEST_SIZE = 4_096
const LONGEST_TRAILERS = 65_536
// thirteen digits are exact as a number
const SIZE_LINE = /^([0-9a-f]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/i

/** A body in chunks (RFC 9112 section 7.1), as it comes. */
export class Chunks {
  #state = SIZE
  /** Of the chunk that is being read. */
  #left = 0
  /** A line that is not complete. */
  #line = ''
  #trailers = ''
  /** Name, value, …; null: the body goes on. */
  trailers: string[] | null = null

  /**
   * Reads what is there.
   *
   * @param pieces get the parts of the body: views of `bytes`
   * @returns where it stopped: the end of `bytes`, or of the body
   * @throws Error when this is none
   */
  read (bytes: Buffer, from: number, pieces: Buffer[]): number {
    let at = from
    while (at < bytes.length && this.trailers === null) {
      if (this.#state === DATA) {
        const end = Math.min(bytes.length, at + this.#left)
        pieces.push(bytes.subarray(at, end))
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = AFTER_DATA
        continue
      }
      const lineFeed = bytes.indexOf(LF, at)
      const end = lineFeed === -1 ? bytes.length : lineFeed + 1
      this.#line += latin1(bytes, at, end)
      at = end
      if (lineFeed !== -1) this.#endLine()
      else if (this.#line.length > (this.#state === TRAILERS ? LONGEST_TRAILERS : LONGEST_SIZE)) throw invalid('a line without end between chunks')
    }
    return at
  }

  #endLine (): void {
    const line = this.#line
    this.#line = ''
    if (this.#state === SIZE) {
      const size = line.length > LONGEST_SIZE ? null : SIZE_LINE.exec(line)
      if (size === null) throw invalid('a chunk size that is none')
      this.#left = parseInt(size[1] as string, 16)
      this.#state = this.#left === 0 ? TRAILERS : DATA
    } else if (this.#state === AFTER_DATA) {
      if (line !== '\r\n') throw invalid('a chunk that is longer than its size')
      this.#state = SIZE
    } else if (line === '\r\n') {
      this.trailers = parseTrailers(this.#trailers)
      if (this.trailers === null) throw invalid('trailers that are none')
    } else {
      if (!line.endsWith('\r\n')) throw invalid('trailers that are none')
      this.#trailers += line
      if (this.#trailers.length > LONGEST_TRAILERS) throw failure('UND_ERR_HEADERS_OVERFLOW', 'trailers that are too long')
    }
  }
}

function invalid (message: string): Error {
  return failure('SP_UPSTREAM_INVALID', message)
}
