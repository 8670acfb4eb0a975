import type { GatewaySettings } from '../../config/model.ts'

/** How far an answer is on its way to the client, in bytes of its body. */
export interface Way {
  /** Waiting for the client. */
  readonly writableLength: number
  /** Taken by the client's windows, or by TCP where they are wide. */
  readonly gone: number
  /** Of the piece that is being taken: how much of it has gone, nobody says. */
  readonly underWay: number
}

/**
 * How an answer over HTTP/2 is read; what the sweeper remembers of it.
 *
 * Node tells neither a client's windows nor their updates, but only that a piece has gone as a whole. Of one that is under way, as
 * much may have gone as has left on the whole connection since it began: so nobody is cut who reads fast enough.
 */
export class Reading {
  /** Bytes that had left on the connection at the last look. */
  #last: number
  #gone = 0
  /** Since when the piece under way has not gone, and the connection's bytes then; and at the look before it began. */
  #stalledSince = 0
  #written = 0
  #began = 0
  /** Since when something has waited for the client all the time, and what it had taken then. */
  #waitsSince = 0
  #waited = 0

  /** @param written bytes that have left on the connection so far */
  constructor (written: number) {
    this.#last = written
  }

  /**
   * Whether the client takes nothing of it, or next to nothing.
   *
   * @param now milliseconds
   * @param written bytes that have left on the connection so far
   */
  tooSlow (way: Way, now: number, written: number, { send, send_min_rate: rate }: GatewaySettings['timeouts']): boolean {
    const last = this.#last
    this.#last = written
    if (way.writableLength === 0 || send === 0) {
      this.#stalledSince = 0
      this.#waitsSince = 0
      return false
    }
    if (this.#stalledSince === 0 || way.gone !== this.#gone) {
      this.#gone = way.gone
      this.#stalledSince = now
      this.#written = written
      this.#began = last
    }
    if (this.#waitsSince === 0) {
      this.#waitsSince = now
      this.#waited = way.gone
    }
    const part = Math.min(way.underWay, written - this.#began)
    const stalled = now - this.#stalledSince
    if (stalled > send && (written === this.#written || part < rate * (stalled - send) / 1000)) return true
    const elapsed = now - this.#waitsSince
    if (elapsed <= send) return false
    if (way.gone + part - this.#waited < rate * elapsed / 1000) return true
    // each period for itself: a fast start is no credit
    this.#waitsSince = now
    this.#waited = way.gone
    return false
  }
}
