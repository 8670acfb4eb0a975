import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { parserOf } from './undici-parser.ts'

/**
 * Lets the end of an upstream's connection wait for a client that reads slowly.
 *
 * undici asserts that its parser isn't paused when the connection ends: a slow client and an answer that ends with its
 * connection would end the process (nodejs/undici issue 5360; undici 7.30 has it). Where the answer has a length, it is
 * whole, and would be cut. Here the end is told to the parser once it has been resumed.
 */
export function letEndWait (connect: buildConnector.connector): buildConnector.connector {
  return function connectPatiently (options, callback) {
    connect(options, (...outcome) => {
      // before undici's own listener, which decides what the end means
      outcome[1]?.prependListener('end', holdWhilePaused)
      callback(...outcome)
    })
  }
}

function holdWhilePaused (this: Socket): void {
  const parser = parserOf(this)
  if (parser == null || !parser.paused || !parser.statusCode || this.errored !== null) return
  // else Node closes the connection now, which undici takes for a cut answer
  this.allowHalfOpen = true
  // no other answer comes on this connection: undici then asks the parser, and not the state of the connection
  parser.shouldKeepAlive = false
  const { finish, readMore } = parser
  parser.finish = () => null
  // the last step of each resumption
  parser.readMore = () => {
    readMore.call(parser)
    if (parser.paused) return
    parser.finish = finish
    parser.readMore = readMore
    // the answer was complete with the bytes that were there
    if (this.destroyed) return
    const error = parser.finish()
    if (error !== null) this.destroy(error)
  }
}
