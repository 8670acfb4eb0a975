import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface LineSocketSettings {
  readonly host: string
  readonly port: number
  /** Milliseconds: for the connection, and for a batch. */
  readonly timeout: number
  /** Milliseconds that an idle connection is kept. */
  readonly keepalive: number
  /** null: not encrypted. */
  readonly tls: { readonly name: string | undefined, readonly verify: boolean } | null
}

/** Milliseconds in which a connection that nobody serves shows it. */
const PROOF = 100

/** A connection that bytes go one way over: made when it is needed, closed when it is idle. */
export class LineSocket {
  readonly #settings: LineSocketSettings
  #socket: Socket | null = null

  constructor (settings: LineSocketSettings) {
    this.#settings = settings
  }

  /** Resolves when the system has the bytes, and the other side of a new connection has not reset it at once; whether the other side has read them, TCP doesn't say. @throws the system's error, or that it took too long */
  async send (bytes: Buffer): Promise<void> {
    const fresh = this.#socket === null
    const socket = this.#socket ??= await this.#connect()
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('the log server does not read')), this.#settings.timeout)
      socket.write(bytes, error => {
        clearTimeout(timer)
        if (error == null) resolve()
        else reject(error)
      })
    })
    if (this.#settings.keepalive === 0) this.close()
    else if (fresh) await this.#proven(socket)
  }

  /** A balancer without servers takes connections and resets them: what was written is lost. @throws the system's error */
  async #proven (socket: Socket): Promise<void> {
    if (socket.errored != null) throw socket.errored
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, PROOF)
      socket.once('error', reject).once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  close (): void {
    this.#socket?.end()
    this.#socket = null
  }

  async #connect (): Promise<Socket> {
    const { host, port, timeout, keepalive, tls } = this.#settings
    const bare = host.replace(/^\[|\]$/g, '')
    const name = tls?.name ?? (isIP(bare) === 0 ? bare : undefined)
    const socket = tls === null ? connectTcp({ host: bare, port }) : connectTls({ host: bare, port, rejectUnauthorized: tls.verify, ...name === undefined ? {} : { servername: name } })
    const forget = (): void => { if (this.#socket === socket) this.#socket = null }
    // one that the other side has closed would take a batch and lose it
    socket.on('error', forget).on('close', forget).on('end', () => {
      forget()
      socket.destroy()
    })
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeout} ms`)), timeout)
      socket.once(tls === null ? 'connect' : 'secureConnect', resolve).once('error', reject).once('close', () => reject(new Error('the log server has closed the connection')))
      socket.once('close', () => clearTimeout(timer)).once(tls === null ? 'connect' : 'secureConnect', () => clearTimeout(timer))
    })
    socket.resume().unref()
    if (keepalive > 0) socket.setTimeout(keepalive, () => socket.end())
    return socket
  }
}
