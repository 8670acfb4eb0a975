import type { Range } from '../diagnostics.ts'

/** Offsets to lines and columns, by bisection over the offsets at which lines start. */
export class Lines {
  readonly text: string
  readonly #starts: number[] = [0]
  #changed: { readonly number: number, readonly change: (line: string) => string, readonly text: string } | null = null

  constructor (text: string) {
    this.text = text
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) this.#starts.push(index + 1)
  }

  get count (): number {
    return this.#starts.length
  }

  /** Range between two offsets, the second exclusive. */
  range (start: number, end: number): Range {
    const from = this.#position(start)
    const to = this.#position(end)
    return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column }
  }

  /** Text of a line, from 1, without its break. */
  line (number: number): string {
    const start = this.#starts[number - 1]
    if (start === undefined) return ''
    const end = this.#starts[number]
    return this.text.slice(start, end === undefined ? this.text.length : end - 1).replace(/\r$/, '')
  }

  /**
   * A line as `change` makes it. The last one is remembered: a file of one long line, with a finding every few characters, would be
   * gone through from end to end for each of them.
   */
  changed (number: number, change: (line: string) => string): string {
    if (this.#changed?.number !== number || this.#changed.change !== change) this.#changed = { number, change, text: change(this.line(number)) }
    return this.#changed.text
  }

  #position (offset: number): { line: number, column: number } {
    const starts = this.#starts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle] as number <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 }
  }
}
