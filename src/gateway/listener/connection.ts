import type { Socket } from 'node:net'
import type { ListenAddress } from '../../config/model.ts'
import { TLSSocket } from 'node:tls'
import type { Context } from '../context.ts'

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
  /** Of HTTP. With 2, this is one stream of it. */
  readonly version: 1 | 2
  /** The request that the connection carries now. */
  current: Context | null
  /** Pipelined requests that wait for it, in order; null: none ever did. */
  waiting: Array<() => void> | null
  /** Something that is no request has come: nothing behind it is read any more. */
  refused: boolean
  /** Sweeper's memory of the last look: bytes that the client has taken, and since when none. */
  written: number
  stalledSince: number
  /** Since when something has waited for it all the time, and the bytes that it had taken then. */
  waitsSince: number
  waited: number
  /** And of idleness: bytes read, and since when no request has run and nothing has come. */
  read: number
  idleSince: number
}

/** Node says `false` where the client named none. */
function serverName (socket: TLSSocket & { readonly servername?: string | false | null }): string | null {
  return typeof socket.servername === 'string' ? socket.servername : null
}

/** Facts of a socket; the first call works them out. */
export function connectionOf (socket: Socket): Connection {
  const known = (socket as GatewaySocket)[kConnection]
  if (known !== undefined) return known
  const connection = makeConnection(socket, 1)
  ;(socket as GatewaySocket)[kConnection] = connection
  return connection
}

/** Has a socket pass for another one, before its first request. */
export function disguise (socket: Socket, facts: Partial<Pick<Connection, 'address' | 'port' | 'scheme' | 'sni' | 'listener'>>): void {
  (socket as GatewaySocket)[kConnection] = { ...connectionOf(socket), ...facts }
}

export function makeConnection (socket: Socket, version: 1 | 2): Connection {
  const address = socket.remoteAddress ?? ''
  return {
    socket,
    address: address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address,
    port: socket.localPort ?? 0,
    scheme: socket instanceof TLSSocket ? 'https' : 'http',
    sni: socket instanceof TLSSocket ? serverName(socket) : null,
    listener: null,
    version,
    current: null,
    waiting: null,
    refused: false,
    written: 0,
    stalledSince: 0,
    waitsSince: 0,
    waited: 0,
    read: 0,
    idleSince: 0
  }
}
