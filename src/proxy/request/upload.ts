import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** As much as the client's socket hands over at once. */
const HIGH_WATER_MARK = 65_536

/**
 * The body of a client's request on its way up.
 *
 * A connection destroys the body that it is given when the upstream answers early or fails, and a destroyed request takes
 * Node's client socket with it: the client would never read the answer. So it gets this stream instead, and what is left of
 * the body is thrown away.
 */
export class Upload extends Readable {
  readonly #raw: IncomingMessage
  #started: (() => void) | null

  /** @param started called once, when the first bytes or the end of the body are there */
  constructor (raw: IncomingMessage, started: () => void) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#raw = raw
    this.#started = started
    raw.on('data', this.#onData)
    raw.on('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#raw.pause()
    this.#start()
  }

  readonly #onEnd = (): void => {
    this.push(null)
    this.#start()
  }

  #start (): void {
    const started = this.#started
    if (started === null) return
    this.#started = null
    started()
  }

  override _read (): void {
    this.#raw.resume()
  }

  override _destroy (error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.off('data', this.#onData)
    this.#raw.off('end', this.#onEnd)
    this.#raw.resume()
    done(error)
  }
}
