import type { Duplex, Readable } from 'node:stream'

/** A request as it goes to a target. */
export interface Outgoing {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Name, value, …: without what belongs to one connection. */
  readonly fields: readonly string[]
  readonly body: Buffer | Readable | null
  /** It asks for a WebSocket. */
  readonly upgrade: boolean
  /** Milliseconds that its connection may take to be made. */
  readonly connectTimeout: number
  /** Milliseconds without a byte of its answer; 0: no limit. */
  readonly readTimeout: number
}

/** Who is told what becomes of a request. What a receiver throws ends the request. */
export interface Receiver {
  /** There is a connection, and the request goes out on it. @returns false: nobody wants it any more, and nothing goes out */
  onConnect (flow: Flow): boolean
  /** A head: of 1xx as often as they come, then the final one. @param fields name, value, … as they were sent, one character a byte */
  onHead (status: number, fields: string[], statusText: string): void
  /** The other protocol was switched to: no more is told. */
  onTunnel (status: number, fields: string[], socket: Duplex): void
  /** @returns false: pause until `resume` is called */
  onData (chunk: Buffer): boolean
  onComplete (trailers: string[] | null): void
  /** The end of it, unless it was complete. */
  onError (error: Error): void
}

/** A request on its way, for its receiver. */
export interface Flow {
  /** Goes on after a pause. */
  resume (receiver: Receiver): void
  /** Cuts it: `onError` follows. */
  abort (receiver: Receiver): void
}
