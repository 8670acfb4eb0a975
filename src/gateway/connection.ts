import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/model.ts'
import type { Context } from './context.ts'

const kConnection: unique symbol = Symbol('sallyport.connection')

interface GatewaySocket extends Socket {
  [kConnection]?: Connection
}

/** What is known about a client's connection: worked out once, read by each of its requests. */
export interface Connection {
  readonly socket: Socket
  /** IPv4-mapped IPv6 addresses are written as IPv4. */
  readonly address: string
  /** Port of the listener. */
  readonly port: number
  readonly scheme: 'http' | 'https'
  readonly sni: string | null
  /** Where it came in; null: nobody said. */
  listener: ListenAddress | null
  /** The request that the connection carries now. */
  current: Context | null
  /** Pipelined requests that wait for it, in order; null: none ever did. */
  waiting: Array<() => void> | null
  /** Something that is no request has come: nothing behind it is read any more. */
  refused: boolean
  /** Sweeper's memory of the last look: bytes written, bytes that wait, and since when none of these left. */
  written: number
  left: number
  stalledSince: number
  /** And of idleness: bytes read, and since when no request has run and nothing has come. */
  read: number
  idleSince: number
}

/** Facts of a socket; the first call works them out. */
export function connectionOf (socket: Socket): Connection {
  const known = (socket as GatewaySocket)[kConnection]
  if (known !== undefined) return known
  const address = socket.remoteAddress ?? ''
  const connection: Connection = {
    socket,
    address: address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address,
    port: socket.localPort ?? 0,
    scheme: 'http',
    sni: null,
    listener: null,
    current: null,
    waiting: null,
    refused: false,
    written: 0,
    left: 0,
    stalledSince: 0,
    read: 0,
    idleSince: 0
  }
  ;(socket as GatewaySocket)[kConnection] = connection
  return connection
}
