import type { Editable } from './edits.ts'

/**
 * The members of a JSON object as text: names decoded, values as they were written.
 *
 * Values that nobody touches go on byte for byte. `JSON.parse` and back would round 64-bit ids, drop the zeros of `1.00`
 * and move keys that look like numbers to the front.
 *
 * A member exists, for `has`, when its value is neither `null` nor `false`: Kong's transformers are written in Lua, where
 * these two are not true, and files rely on `add` filling them.
 */
export class JsonMembers implements Editable<string> {
  readonly #members: Map<string, string>

  private constructor (members: Map<string, string>) {
    this.#members = members
  }

  static empty (): JsonMembers {
    return new JsonMembers(new Map())
  }

  /** null when the text is no JSON object. */
  static parse (text: string): JsonMembers | null {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return null
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return new JsonMembers(scan(text))
  }

  has (name: string): boolean {
    const value = this.#members.get(name)
    return value !== undefined && value !== 'null' && value !== 'false'
  }

  remove (name: string): boolean {
    return this.#members.delete(name)
  }

  rename (from: string, to: string): void {
    const value = this.#members.get(from) as string
    this.#members.delete(from)
    this.#members.set(to, value)
  }

  /** @param value JSON text */
  set (name: string, value: string): void {
    this.#members.set(name, value)
  }

  /** @param value JSON text; what stood there becomes the first element of an array */
  append (name: string, value: string): void {
    const current = this.#members.get(name)
    if (current === undefined || current === 'null') this.#members.set(name, `[${value}]`)
    else if (!current.startsWith('[')) this.#members.set(name, `[${current},${value}]`)
    else if (/^\[\s*\]$/.test(current)) this.#members.set(name, `[${value}]`)
    else this.#members.set(name, `${current.slice(0, -1).trimEnd()},${value}]`)
  }

  toString (): string {
    let text = ''
    for (const [name, value] of this.#members) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${value}`
    return `{${text}}`
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Cuts a valid JSON object into its members; of two with one name the later wins, as in JSON.parse. */
function scan (text: string): Map<string, string> {
  const members = new Map<string, string>()
  let name: string | null = null
  let depth = 0
  let start = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) {
      const from = index
      index = endOfString(text, index)
      if (depth === 1 && name === null) name = JSON.parse(text.slice(from, index + 1)) as string
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++
    } else if (code === COLON && depth === 1) {
      start = index + 1
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET || (code === COMMA && depth === 1)) {
      if (depth === 1 && name !== null) {
        members.set(name, text.slice(start, index).trim())
        name = null
      }
      if (code !== COMMA) depth--
    }
  }
  return members
}

/** Index of the quote that ends the string starting at `index`. */
function endOfString (text: string, index: number): number {
  for (;;) {
    index = text.indexOf('"', index + 1)
    let slashes = 0
    while (text.charCodeAt(index - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return index
  }
}
