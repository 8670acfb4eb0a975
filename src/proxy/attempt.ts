import type { Duplex } from 'node:stream'
import type { Client, Dispatcher } from 'undici'
import type { Context } from '../gateway/context.ts'
import type { Destination, Ending } from '../upstream/destination.ts'
import { passInterim } from './early-hints.ts'
import type { Target } from './transport.ts'
import type { Upstream } from './upstream.ts'

/** Who makes attempts, and is told what becomes of them. */
export interface Attempter {
  /** The final head. */
  onHead (attempt: Attempt, status: number, raw: Buffer[], resume: () => void, statusText: string): void
  onTunnel (attempt: Attempt, raw: Buffer[], socket: Duplex): void
  /** @returns false: pause until `resume` is called */
  onData (attempt: Attempt, chunk: Buffer): boolean
  onComplete (attempt: Attempt, trailers: Buffer[] | string[] | null): void
  onError (attempt: Attempt, error: Error): void
}

/**
 * One attempt at one target: undici's handler for `dispatch`.
 *
 * The raw handler interface of undici 7 (`onHeaders` with bytes) is used on purpose: the newer one builds an object of
 * all fields for each answer, which the hop would take apart again.
 *
 * An object of its own, since undici may speak of an attempt that was given up (a connection that comes too late, the
 * slower one of two) while the next one runs: what it says then is heard by nobody.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly target: Target
  /** Monotonic milliseconds. */
  readonly begun: number
  /** The connection was there: bytes may have gone out. */
  sent = false
  readonly #attempter: Attempter
  readonly #context: Context
  readonly #destination: Destination
  #client: Client | null = null
  /** Of its answer; 0: none came. */
  #status = 0
  #abort: (() => void) | null = null
  /** Nobody waits for it any more. */
  #dropped = false
  #ended = false

  constructor (attempter: Attempter, context: Context, destination: Destination, target: Target, begun: number) {
    this.#attempter = attempter
    this.#context = context
    this.#destination = destination
    this.target = target
    this.begun = begun
    destination.begin(target, begun, context)
  }

  send (upstream: Upstream, fields: string[], readTimeout: number): void {
    const { path, query } = upstream
    try {
      this.#client = this.target.connections.take()
      this.#client.dispatch({
        path: query === null ? path : `${path}?${query}`,
        method: upstream.method as Dispatcher.HttpMethod,
        headers: fields,
        body: upstream.body,
        headersTimeout: readTimeout,
        bodyTimeout: readTimeout,
        upgrade: this.#context.upgrade === null ? null : 'websocket'
      }, this)
    } catch (error) {
      // undici refuses the request itself: a path or field that may not be sent
      this.onError(error as Error)
    }
  }

  /** Tells the destination how it ended; the first one to say so is believed. */
  end (ending: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#destination.end(this.target, ending, this.#status, this.begun, this.#context)
  }

  /** Nothing of it is wanted any more: its connection is cut, or never used. */
  drop (ending: Ending): void {
    this.end(ending)
    if (this.#dropped) return
    this.#dropped = true
    this.#abort?.()
  }

  onConnect (abort: () => void): void {
    if (this.#dropped) {
      abort()
      return
    }
    this.#abort = abort
    this.sent = true
  }

  onHeaders (status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.#dropped) return true
    if (status < 200) passInterim(this.#context, status, raw)
    else {
      this.#head(status)
      this.#attempter.onHead(this, status, raw, resume, statusText)
    }
    return true
  }

  onUpgrade (status: number, raw: Buffer[] | string[] | null, socket: Duplex): void {
    this.#give()
    if (this.#dropped) {
      socket.destroy()
      return
    }
    this.#head(status)
    this.#attempter.onTunnel(this, (raw ?? []) as Buffer[], socket)
  }

  onData (chunk: Buffer): boolean {
    return this.#dropped || this.#attempter.onData(this, chunk)
  }

  onComplete (trailers: Buffer[] | string[] | null): void {
    this.#give()
    if (!this.#dropped) this.#attempter.onComplete(this, trailers)
  }

  onError (error: Error): void {
    this.#give()
    if (!this.#dropped) this.#attempter.onError(this, error)
  }

  #head (status: number): void {
    const context = this.#context
    this.#status = status
    context.headTick = performance.now()
    context.upstreamStatus = status
    this.#destination.head(this.target, status, this.begun, context)
  }

  #give (): void {
    if (this.#client === null) return
    this.target.connections.give(this.#client)
    this.#client = null
  }
}
