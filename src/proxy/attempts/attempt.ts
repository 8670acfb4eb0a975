import type { Duplex } from 'node:stream'
import type { Context } from '../../gateway/context.ts'
import type { Ending } from '../../upstream/destination.ts'
import type { Flow, Receiver } from '../transport/flow.ts'
import { rawField } from '../fields/raw-field.ts'
import type { Target } from '../transport/transport.ts'
import type { Upstream } from '../request/upstream.ts'

/** As much as is read of an answer that nobody wants, so that its connection can be used again. */
const SHORT_REST = 65_536

/** Who makes attempts, and is told what becomes of them. */
export interface Attempter {
  /** The head of an answer of 1xx. */
  onInterim (status: number, raw: readonly string[]): void
  /** The final head. */
  onHead (attempt: Attempt, status: number, raw: string[], statusText: string): void
  onTunnel (attempt: Attempt, raw: string[], socket: Duplex): void
  /** @returns false: pause until `resume` is called */
  onData (attempt: Attempt, chunk: Buffer): boolean
  onComplete (attempt: Attempt, trailers: string[] | null): void
  onError (attempt: Attempt, error: Error): void
}

/**
 * One attempt at one target.
 *
 * An object of its own, since a connection may speak of an attempt that was given up (one that comes too late, the slower
 * one of two) while the next one runs: what it says then is heard by nobody.
 */
export class Attempt implements Receiver {
  readonly target: Target
  /** Monotonic milliseconds. */
  readonly begun: number
  /** The connection was there: bytes may have gone out. */
  sent = false
  readonly #attempter: Attempter
  readonly #context: Context
  readonly #upstream: Upstream
  /** When the budget lent it, which gets that back once a connection is there; 0: it did not. */
  readonly #lentAt: number
  /** Of its answer; 0: none came. */
  #status = 0
  #flow: Flow | null = null
  /** Nobody waits for it any more. */
  #dropped = false
  /** Bytes that are still read of an answer that nobody wants. */
  #rest = 0
  #ended = false

  constructor (attempter: Attempter, context: Context, upstream: Upstream, target: Target, begun: number, lentAt: number) {
    this.#attempter = attempter
    this.#context = context
    this.#upstream = upstream
    this.target = target
    this.begun = begun
    this.#lentAt = lentAt
    upstream.destination.begin(target, begun, context)
  }

  send (fields: string[]): void {
    const { path, query, timeouts, method, body } = this.#upstream
    try {
      this.target.connections.send({
        method,
        path: query === null ? path : `${path}?${query}`,
        fields,
        body,
        upgrade: this.#context.upgrade !== null,
        connectTimeout: timeouts.connect,
        readTimeout: timeouts.read
      }, this)
    } catch (error) {
      // a path or field that may not be sent
      this.onError(error as Error)
    }
  }

  /** Tells the destination how it ended; the first one to say so is believed. */
  end (ending: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#upstream.destination.end(this.target, ending, this.#status, this.begun, this.#context)
  }

  /** Nothing of it is wanted any more: its connection is cut, or never used. */
  drop (ending: Ending): void {
    this.end(ending)
    if (this.#dropped) return
    this.#dropped = true
    this.#flow?.abort(this)
  }

  /** Its answer isn't wanted: a short rest is read, a longer one cut, and one of unknown length, which may never end. */
  discard (raw: readonly string[]): void {
    this.end('complete')
    this.#dropped = true
    this.#rest = SHORT_REST
    const bodiless = this.#upstream.method === 'HEAD' || this.#status === 204 || this.#status === 304
    if (!bodiless && !(Number(rawField(raw, 'content-length') ?? NaN) <= SHORT_REST)) this.#flow?.abort(this)
  }

  onConnect (flow: Flow): boolean {
    if (this.#dropped) return false
    this.#flow = flow
    this.sent = true
    if (this.#lentAt !== 0) this.#upstream.policy.budget.giveBack(this.#lentAt)
    return true
  }

  /** Goes on with its answer after a pause. */
  resume (): void {
    this.#flow?.resume(this)
  }

  onHead (status: number, raw: string[], statusText: string): void {
    if (this.#dropped) return
    if (status < 200) {
      this.#attempter.onInterim(status, raw)
      return
    }
    this.#head(status)
    this.#attempter.onHead(this, status, raw, statusText)
  }

  onTunnel (status: number, raw: string[], socket: Duplex): void {
    if (this.#dropped) {
      socket.destroy()
      return
    }
    this.#head(status)
    this.#attempter.onTunnel(this, raw, socket)
  }

  onData (chunk: Buffer): boolean {
    if (!this.#dropped) return this.#attempter.onData(this, chunk)
    this.#rest -= chunk.length
    if (this.#rest < 0) this.#flow?.abort(this)
    return true
  }

  onComplete (trailers: string[] | null): void {
    if (!this.#dropped) this.#attempter.onComplete(this, trailers)
  }

  onError (error: Error): void {
    if (!this.#dropped) this.#attempter.onError(this, error)
  }

  #head (status: number): void {
    const context = this.#context
    this.#status = status
    context.headTick = performance.now()
    context.upstreamStatus = status
    this.#upstream.destination.head(this.target, status, this.begun, context)
  }
}
