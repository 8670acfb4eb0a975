import { failure } from './failure.ts'
import type { Flow, Receiver } from './flow.ts'

/** What became of a request whose answer is wanted whole. */
export interface Reply {
  /** null: no head of an answer came. */
  readonly status: number | null
  /** Of the answer: name, value, … */
  readonly fields: string[]
  /** null: it broke off, or was too long, or was cut; `error` says which. */
  readonly body: Buffer | null
  readonly error: NodeJS.ErrnoException | null
}

/** Code of the error for more bytes than are wanted. */
export const TOO_LONG = 'SP_REPLY_LENGTH'

/** Gathers an answer of bounded length, and tells of it once. */
export class WholeReply implements Receiver {
  readonly #longest: number
  readonly #settle: (reply: Reply) => void
  readonly #chunks: Buffer[] = []
  #length = 0
  #status: number | null = null
  #fields: string[] = []
  #flow: Flow | null = null
  #settled = false

  /** @param longest bytes of a body */
  constructor (longest: number, settle: (reply: Reply) => void) {
    this.#longest = longest
    this.#settle = settle
  }

  onConnect (flow: Flow): boolean {
    this.#flow = flow
    return !this.#settled
  }

  onHead (status: number, fields: string[]): void {
    if (status < 200) return
    this.#status = status
    this.#fields = fields
  }

  onTunnel (): void {}

  onData (chunk: Buffer): boolean {
    this.#length += chunk.length
    if (this.#length > this.#longest) this.cut(failure(TOO_LONG, 'its answer is too long'))
    else this.#chunks.push(chunk)
    return true
  }

  onComplete (): void {
    // nothing is left to be taken back: the connection has its next request
    this.#flow = null
    this.#end(Buffer.concat(this.#chunks, this.#length), null)
  }

  onError (error: Error): void {
    this.#flow = null
    this.#end(null, error)
  }

  /** What still comes is not waited for. */
  cut (error: Error): void {
    const flow = this.#flow
    this.#end(null, error)
    flow?.abort(this)
  }

  #end (body: Buffer | null, error: Error | null): void {
    if (this.#settled) return
    this.#settled = true
    this.#settle({ status: this.#status, fields: this.#fields, body, error })
  }
}
