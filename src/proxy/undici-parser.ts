import type { Socket } from 'node:net'
import type { TimedParser } from './calm-socket.ts'

/** What undici's parser of a connection says about the answer that it reads; no public interface tells. */
export interface Parser extends TimedParser {
  statusCode: number | null
  headers: readonly unknown[]
  shouldKeepAlive: boolean
  /** Its answer's reader is slower. */
  paused: boolean
  /** Parses what the connection has. */
  readMore (): void
  /** The connection has ended. @returns what is wrong with that */
  finish (): Error | null
}

/** The parser of a connection; undefined before undici has it, null after. */
export function parserOf (socket: Socket): Parser | null | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(candidate => candidate.description === 'parser')
  return symbol === undefined ? undefined : (socket as unknown as Record<symbol, Parser | null>)[symbol]
}
