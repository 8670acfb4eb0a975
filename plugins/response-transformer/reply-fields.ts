import type { Editable, FastifyReply } from '../../src/plugin.ts'

const SET_COOKIE = 'set-cookie'

/** The header of an answer. */
export class ReplyFields implements Editable<string> {
  readonly #reply: FastifyReply

  constructor (reply: FastifyReply) {
    this.#reply = reply
  }

  has (name: string): boolean {
    return this.#reply.hasHeader(name)
  }

  remove (name: string): boolean {
    if (!this.#reply.hasHeader(name)) return false
    this.#reply.removeHeader(name)
    return true
  }

  rename (from: string, to: string): void {
    const value = this.#reply.getHeader(from)
    this.#reply.removeHeader(from).removeHeader(to).header(to, value)
  }

  set (name: string, value: string): void {
    // Fastify collects its values
    if (name.length === SET_COOKIE.length && name.toLowerCase() === SET_COOKIE) this.#reply.removeHeader(name)
    this.#reply.header(name, value)
  }

  /** A list of values becomes one line each. */
  append (name: string, value: string): void {
    const current = this.#reply.getHeader(name)
    const values = current === undefined ? [] : Array.isArray(current) ? current : [String(current)]
    this.#reply.removeHeader(name).header(name, [...values, value])
  }
}
