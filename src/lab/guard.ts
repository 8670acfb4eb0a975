/** Keeps what a plugin of somebody else does on its own account from leaving the process: sockets that the lab has not made fail. */
import { Socket as Datagrams } from 'node:dgram'
import { Socket } from 'node:net'

const kOwn: unique symbol = Symbol('sallyport.lab')

/** A connection of the lab itself, to a port of this machine. */
export function ownSocket (port: number): Socket {
  const socket = new Socket()
  ;(socket as { [kOwn]?: boolean })[kOwn] = true
  socket.setNoDelay(true)
  return socket.connect({ port, host: '127.0.0.1' })
}

/**
 * Refuses every other connection of this process, and every datagram, until the returned function is called. Only for a
 * process that does nothing else.
 *
 * @param tell of each that was refused
 */
export function guardNetwork (tell: (refused: Error) => void = () => {}): () => void {
  const { connect } = Socket.prototype
  const { send } = Datagrams.prototype
  Socket.prototype.connect = function guarded (this: Socket, ...args: unknown[]) {
    if ((this as { [kOwn]?: boolean })[kOwn] === true) return (connect as (...args: unknown[]) => Socket).apply(this, args)
    const refused = refusal(args)
    tell(refused)
    process.nextTick(() => this.destroy(refused))
    return this
  } as typeof connect
  Datagrams.prototype.send = function guarded (this: Datagrams, ...args: unknown[]) {
    tell(refusal([]))
    const done = args.at(-1)
    if (typeof done === 'function') process.nextTick(done as (error: Error) => void, refusal([]))
  } as typeof send
  return () => {
    Socket.prototype.connect = connect
    Datagrams.prototype.send = send
  }
}

/** `net` hands its own arguments over in a list. */
function refusal (args: readonly unknown[]): Error {
  const [first] = args.flat() as Array<{ host?: string, port?: number, path?: string } | undefined>
  const where = typeof first === 'object' ? first.path ?? `${first.host ?? 'localhost'}:${first.port ?? ''}` : String(first ?? 'anywhere')
  return Object.assign(new Error(`not stubbed: a test of a configuration connects to nobody, and a plugin tried ${where}`), { code: 'SP_NOT_STUBBED' })
}
