import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { parserOf } from './undici-parser.ts'

/** Spares each request what undici does to its connection's timers and references. */
export function calmSockets (connect: buildConnector.connector): buildConnector.connector {
  return function connectCalm (options, callback) {
    connect(options, (...outcome) => {
      const socket = outcome[1]
      if (socket != null) keepReferenced(socket)
      callback(...outcome)
      // the callback makes it
      const parser = socket == null ? null : parserOf(socket)
      if (parser != null) keepTimer(parser)
    })
  }
}

/** What undici keeps of a connection: its parser has one timer, for whatever is waited for. */
export interface TimedParser {
  timeout: { _state?: number, _idleTimeout?: number, refresh (): void } | null
  timeoutValue: number | null
  timeoutType: number | null
  setTimeout (delay: number, type: number): void
}

/**
 * Lets a connection keep its timer.
 *
 * undici makes a timer when a request goes out and another, of Node's, when its answer is complete, and clears each. What is
 * cleared stays in its list for half a second, so that all of them outlive two garbage collections. Here the one that it
 * made first is told another time; it is right to half a second, as undici's times for head and body are anyway.
 */
export function keepTimer (parser: TimedParser): void {
  const { setTimeout: replaceTimer } = parser
  parser.setTimeout = function setTime (delay, type) {
    const timer = this.timeout
    // only undici's own coarse timers have a state
    if (timer === null || timer._state === undefined || timer._idleTimeout === undefined || delay === 0) {
      replaceTimer.call(this, delay, type)
      return
    }
    timer._idleTimeout = delay
    timer.refresh()
    this.timeoutValue = delay
    this.timeoutType = type
  }
}

/**
 * Leaves a connection to an upstream referenced while it is idle: undici changes that twice a request, each time in the
 * system's event loop. The transport closes its connections when the gateway ends.
 */
export function keepReferenced (socket: Socket): void {
  const same = (): Socket => socket
  socket.ref = same
  socket.unref = same
}
