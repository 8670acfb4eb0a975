import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { ClientOptions } from '../../tls/upstream-tls.ts'

/** Where a connection goes, and how. */
export interface SocketOptions {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** null: cleartext. */
  readonly secure: ClientOptions | null
  /** Name that TLS asks for; '': that of the host. */
  readonly name: string
  readonly protocols: string[]
  /** Of an earlier connection, which saves a part of the handshake. */
  readonly session?: Buffer | undefined
  /** Where bytes go as they are read, past the stream; not with TLS. */
  readonly onread?: OnReadOpts | undefined
  /** Makes the connection of TCP in the place of Node; `onread` is not for it. */
  readonly dial?: (() => Socket) | undefined
}

const PROBES = 60_000

/** A socket that is being connected: `connect` or `secureConnect` follows, or `error`. */
export function openSocket ({ host, port, secure, name, protocols, session, onread, dial }: SocketOptions): Socket | TLSSocket {
  // Node tries all addresses of a name in turn, so that a dead IPv6 route does not cost the connect timeout
  const address = { host, port, autoSelectFamily: true }
  const made = dial?.()
  const socket = secure === null
    ? made ?? connectTcp({ ...address, ...onread === undefined ? {} : { onread } })
    : connectTls({ ...secure, ...address, ...made === undefined ? {} : { socket: made }, ALPNProtocols: protocols, ...session === undefined ? {} : { session }, ...name === '' ? {} : { servername: name } })
  if (socket !== made) made?.on('error', error => socket.destroy(error))
  socket.setNoDelay(true)
  socket.setKeepAlive(true, PROBES)
  return socket
}

/** TLS names no addresses (RFC 6066 section 3). @param authority Host field of a request */
export function serverName (authority: string): string {
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return isIP(name) === 0 ? name : ''
}

/** The Host field. */
export function hostOf (fields: readonly string[]): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') return fields[index + 1]
  }
  return undefined
}
