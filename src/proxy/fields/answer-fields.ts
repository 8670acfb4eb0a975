import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http'
import type { FixedFields } from './fixed-fields.ts'

/** What Fastify takes and gives for a field. */
export type FieldValue = string | number | string[]

/**
 * The header of an answer that is on its way through response hooks: what `reply.header`, `getHeader` and their like work on
 * while the answer is held, under Fastify's rules.
 *
 * Fastify's own store is an object that gets its properties in any order and loses some; with it, and with the way from it
 * to the list that is written, a held answer cost 6 µs more.
 */
export class AnswerFields {
  readonly #flat: Array<string | FieldValue>
  readonly #response: ServerResponse
  /** Not all values are text. */
  #mixed = false

  /** @param fields name, value, …; taken over */
  constructor (fields: string[], response: ServerResponse) {
    this.#flat = fields
    this.#response = response
  }

  has (name: string): boolean {
    return this.#indexOf(name.toLowerCase(), 0) !== -1 || this.#response.hasHeader(name)
  }

  /** The value, several as an array. */
  get (name: string): FieldValue | undefined {
    const lower = name.toLowerCase()
    const index = this.#indexOf(lower, 0)
    if (index === -1) return this.#response.getHeader(name)
    const value = this.#flat[index + 1] as FieldValue
    let next = this.#indexOf(lower, index + 2)
    if (next === -1) return value
    const values = asList(value).slice()
    for (; next !== -1; next = this.#indexOf(lower, next + 2)) values.push(...asList(this.#flat[next + 1] as FieldValue))
    return values
  }

  /**
   * One field in the place of all of that name; `Set-Cookie` collects.
   *
   * @throws for what no header may have: here, and not when the answer is written, so that it is known whose it was
   */
  put (name: string, value: FieldValue | undefined = ''): void {
    validateHeaderName(name)
    if (Array.isArray(value)) for (const item of value) validateHeaderValue(name, item)
    else validateHeaderValue(name, value as string)
    const text = typeof value === 'object' || typeof value === 'number' ? value : String(value)
    if (typeof text !== 'string') this.#mixed = true
    const lower = name.toLowerCase()
    const index = lower === 'set-cookie' ? -1 : this.#indexOf(lower, 0)
    if (index === -1) {
      this.#flat.push(name, Array.isArray(text) ? text.slice() : text)
      return
    }
    this.#flat[index + 1] = text
    this.#deleteFrom(lower, index + 2)
  }

  /** Fields that were checked before, each in the place of all of its name. */
  putFixed ({ names, lowers, values }: FixedFields): void {
    for (let at = 0; at < lowers.length; at++) {
      const lower = lowers[at] as string
      const index = this.#indexOf(lower, 0)
      if (index === -1) {
        this.#flat.push(names[at] as string, values[at] as string)
        continue
      }
      this.#flat[index + 1] = values[at] as string
      this.#deleteFrom(lower, index + 2)
    }
  }

  /** Fields that were checked before, where there is none of that name. */
  addFixed ({ names, lowers, values }: FixedFields): void {
    const others = this.#response.getHeaderNames().length > 0
    for (let at = 0; at < lowers.length; at++) {
      const lower = lowers[at] as string
      if (this.#indexOf(lower, 0) === -1 && !(others && this.#response.hasHeader(lower))) this.#flat.push(names[at] as string, values[at] as string)
    }
  }

  /** The length that the body really has. */
  putLength (length: number): void {
    const index = this.#indexOf('content-length', 0)
    const text = String(length)
    if (index !== -1 && this.#flat[index + 1] === text && this.#indexOf('content-length', index + 2) === -1) return
    this.put('content-length', text)
  }

  remove (name: string): void {
    this.#deleteFrom(name.toLowerCase(), 0)
    if (!this.#response.headersSent) this.#response.removeHeader(name)
  }

  /** All fields by their names in lower case, as `reply.getHeaders` gives them. */
  toObject (): Record<string, FieldValue | undefined> {
    const headers: Record<string, FieldValue | undefined> = { ...this.#response.getHeaders() }
    for (let index = 0; index < this.#flat.length; index += 2) {
      const name = (this.#flat[index] as string).toLowerCase()
      headers[name] = this.get(name)
    }
    return headers
  }

  /** Name, value, … as it is written, what hooks have set on Node's response included; the list itself where all values are text. */
  toList (): string[] {
    for (const name of this.#response.getHeaderNames()) {
      if (this.#indexOf(name, 0) === -1) this.put(name, this.#response.getHeader(name))
    }
    if (!this.#mixed) return this.#flat as string[]
    const fields: string[] = []
    for (let index = 0; index < this.#flat.length; index += 2) {
      const value = this.#flat[index + 1] as FieldValue
      if (typeof value === 'object') for (const item of value) fields.push(this.#flat[index] as string, String(item))
      else fields.push(this.#flat[index] as string, String(value))
    }
    return fields
  }

  #indexOf (lower: string, from: number): number {
    const flat = this.#flat
    for (let index = from; index < flat.length; index += 2) {
      const name = flat[index] as string
      // the length decides for nearly all names before anything is lower-cased
      if (name.length === lower.length && (name === lower || name.toLowerCase() === lower)) return index
    }
    return -1
  }

  #deleteFrom (lower: string, from: number): void {
    const flat = this.#flat
    let index = this.#indexOf(lower, from)
    if (index === -1) return
    let kept = index
    for (index += 2; index < flat.length; index += 2) {
      const name = flat[index] as string
      if (name.length === lower.length && name.toLowerCase() === lower) continue
      flat[kept] = name
      flat[kept + 1] = flat[index + 1] as FieldValue
      kept += 2
    }
    flat.length = kept
  }
}

function asList (value: FieldValue): string[] {
  return Array.isArray(value) ? value : [String(value)]
}
