import type { Editable } from './edits.ts'
import { escapeArgument, unescapeArgument } from './bytes.ts'

/**
 * Arguments of a query or of an urlencoded form, in order. Names and values are bytes.
 *
 * Those that nobody touches go on as they were written and where they stood: Kong sorts and escapes all of them anew, and
 * its users have asked for better.
 */
export class ArgumentList implements Editable<string> {
  #items: Array<{ name: string, written: string }>

  private constructor (items: Array<{ name: string, written: string }>) {
    this.#items = items
  }

  static parse (text: string): ArgumentList {
    const items = []
    for (const written of text === '' ? [] : text.split('&')) {
      const equals = written.indexOf('=')
      items.push({ name: unescapeArgument(equals === -1 ? written : written.slice(0, equals)), written })
    }
    return new ArgumentList(items)
  }

  /** First value; '' for an argument without one. */
  get (name: string): string | undefined {
    const written = this.#items.find(item => item.name === name)?.written
    if (written === undefined) return undefined
    const equals = written.indexOf('=')
    return equals === -1 ? '' : unescapeArgument(written.slice(equals + 1))
  }

  /** All values, in order; null for an argument without `=`. */
  getAll (name: string): Array<string | null> {
    const values = []
    for (const { name: own, written } of this.#items) {
      if (own !== name) continue
      const equals = written.indexOf('=')
      values.push(equals === -1 ? null : unescapeArgument(written.slice(equals + 1)))
    }
    return values
  }

  /** All names and values, in order; null for an argument without `=`. */
  entries (): Array<readonly [name: string, value: string | null]> {
    return this.#items.map(({ name, written }) => {
      const equals = written.indexOf('=')
      return [name, equals === -1 ? null : unescapeArgument(written.slice(equals + 1))]
    })
  }

  has (name: string): boolean {
    return this.#items.some(item => item.name === name)
  }

  remove (name: string): boolean {
    const before = this.#items.length
    this.#items = this.#items.filter(item => item.name !== name)
    return this.#items.length !== before
  }

  rename (from: string, to: string): void {
    this.remove(to)
    for (const item of this.#items) {
      if (item.name !== from) continue
      const equals = item.written.indexOf('=')
      item.name = to
      item.written = escapeArgument(to) + (equals === -1 ? '' : item.written.slice(equals))
    }
  }

  set (name: string, value: string): void {
    const first = this.#items.find(item => item.name === name)
    if (first === undefined) {
      this.append(name, value)
      return
    }
    first.written = `${escapeArgument(name)}=${escapeArgument(value)}`
    this.#items = this.#items.filter(item => item === first || item.name !== name)
  }

  append (name: string, value: string): void {
    this.#items.push({ name, written: `${escapeArgument(name)}=${escapeArgument(value)}` })
  }

  toString (): string {
    return this.#items.map(item => item.written).join('&')
  }
}
