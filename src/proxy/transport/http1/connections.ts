import type { OnReadOpts, Socket } from 'node:net'
import type { ClientOptions } from '../../../tls/upstream-tls.ts'
import { failure } from '../failure.ts'
import type { Outgoing, Receiver } from '../flow.ts'
import { hostOf, openSocket, serverName } from '../open-socket.ts'
import type { TargetConnections } from '../target-connections.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { requestHead } from './request-head.ts'

export interface Http1Options {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** null: cleartext. */
  readonly secure: ClientOptions | null
  /** Name that TLS asks for; default: that of the Host field. */
  readonly name?: string
  /** Milliseconds that an idle connection is kept at most, and where the server says nothing; 0: each has one request. Default: a minute, and 4 s. */
  readonly idle?: number
  /** Makes connections of TCP in the place of Node: see `Outside`. */
  readonly dial?: (() => Socket) | undefined
}

/** Idle connections are closed a little before common servers' own limits (Node 5 s, others 60 s and more) would. */
const IDLE = 4_000
const IDLE_MAXIMUM = 60_000
/** Before the time that the server says. */
const EARLIER = 1_000
/** Milliseconds between two looks at what waits or idles. */
const PERIOD = 500
/** TLS sessions that are kept, by name. */
const SESSIONS = 100

/** All connections of a thread read into this: what is kept of it is copied. */
const SHARED = Buffer.allocUnsafeSlow(65_536)

/**
 * Connections of HTTP/1.1 to one target, each for one request at a time.
 *
 * One that became free can have the next request after a turn of the event loop that has read what was there: an end, or
 * bytes beyond the answer, which cut the connection.
 */
export class Http1Connections implements TargetConnections, ConnectionOwner {
  readonly #options: Http1Options
  readonly #all = new Set<Connection>()
  /** The one that became idle last is the last. */
  readonly #idle: Connection[] = []
  /** Those that became free in this turn of the event loop, and in the one before. */
  #returned: Connection[] = []
  #rested: Connection[] = []
  readonly #sessions = new Map<string, Buffer>()
  #sweep: NodeJS.Timeout | null = null
  #closing = false

  // one function for the life of the pool: a request makes none
  readonly #takeBack = (): void => {
    for (const connection of this.#rested) {
      // one that ended meanwhile
      if (!this.#all.has(connection)) continue
      if (this.#closing) connection.destroy()
      else this.#idle.push(connection)
    }
    const rested = this.#rested
    rested.length = 0
    this.#rested = this.#returned
    this.#returned = rested
    if (this.#rested.length > 0) setImmediate(this.#takeBack)
  }

  constructor (options: Http1Options) {
    this.#options = options
  }

  get size (): number {
    return this.#all.size
  }

  get idle (): number {
    return this.#idle.length + this.#returned.length + this.#rested.length
  }

  send (request: Outgoing, receiver: Receiver): void {
    const head = requestHead(request)
    const name = this.#options.secure === null ? '' : this.#options.name ?? serverName(hostOf(request.fields) ?? '')
    // an upgraded connection is read as a stream from its first byte
    const connection = request.upgrade ? undefined : this.#take(name)
    if (connection === undefined) this.#open(request, name).expect(request, head, receiver)
    else connection.send(request, head, receiver)
  }

  /** The last one that became idle comes first. */
  #take (name: string): Connection | undefined {
    const idle = this.#idle
    const last = idle.at(-1)
    if (last === undefined || last.name === name) return idle.pop()
    const index = idle.findLastIndex(connection => connection.name === name)
    if (index !== -1) return idle.splice(index, 1)[0]
    // names may be the clients' to choose: they share what is open
    idle[0]?.destroy()
    return undefined
  }

  #open (request: Outgoing, name: string): Connection {
    const connection = new Connection(this, name)
    this.#all.add(connection)
    this.#sweep ??= setInterval(() => this.#look(), PERIOD).unref()
    this.#connect(connection, request)
    return connection
  }

  #connect (connection: Connection, { upgrade, connectTimeout }: Outgoing): void {
    const { host, port, secure, dial } = this.#options
    const { name } = connection
    const onread: OnReadOpts | undefined = secure === null && !upgrade && dial === undefined ? { buffer: SHARED, callback: (size, bytes) => connection.read(bytes as Buffer, size) } : undefined
    const socket = openSocket({ host, port, secure, name, protocols: ['http/1.1'], session: this.#sessions.get(name), onread, dial })
    const timer = setTimeout(() => socket.destroy(failure('UND_ERR_CONNECT_TIMEOUT', 'no connection in time')), connectTimeout)
    const failed = (error: Error): void => connection.failed(error)
    connection.connecting(socket)
    socket.on('error', failed)
    // one that somebody else has made may end without a word
    const closed = (): void => {
      clearTimeout(timer)
      connection.failed(failure('UND_ERR_SOCKET', 'no connection'))
    }
    socket.on('close', closed)
    socket.once(secure === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', failed).off('close', closed)
      connection.connected(socket, onread === undefined)
    })
    if (secure !== null) socket.on('session', (session: Buffer) => this.#keepSession(name, session))
  }

  #keepSession (name: string, session: Buffer): void {
    if (!this.#sessions.delete(name) && this.#sessions.size >= SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value as string)
    this.#sessions.set(name, session)
  }

  freed (connection: Connection, keepAlive: number): void {
    const { idle } = this.#options
    const time = keepAlive === -1 ? idle ?? IDLE : Math.min(keepAlive * 1000 - EARLIER, idle ?? IDLE_MAXIMUM)
    if (time <= 0) {
      connection.destroy()
      return
    }
    connection.idleUntil = performance.now() + time
    this.#returned.push(connection)
    if (this.#returned.length === 1 && this.#rested.length === 0) setImmediate(this.#takeBack)
  }

  ended (connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    if (this.#all.size > 0 || this.#sweep === null) return
    clearInterval(this.#sweep)
    this.#sweep = null
  }

  #look (): void {
    const now = performance.now()
    for (const connection of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) connection.destroy()
    for (const connection of this.#all) connection.check(now)
  }

  close (): void {
    this.#closing = true
    for (const connection of [...this.#idle]) connection.destroy()
  }

  async destroy (): Promise<void> {
    this.#closing = true
    const all = [...this.#all]
    const closed = all.map(connection => connection.closed())
    for (const connection of all) connection.destroy()
    await Promise.all(closed)
  }
}
