import type { ChildProcess } from 'node:child_process'
import type { Worker } from 'node:cluster'

/** What node:cluster says to a worker when it offers a connection, and what the worker answers. */
interface Offer { readonly act: 'newconn', readonly seq: number }
interface Reply { readonly ack?: number }

/**
 * Gives connections that a dying worker had not taken yet to another one.
 *
 * node:cluster offers a connection to a worker and holds it until the worker has answered. A worker that dies before never
 * does: the connection would stay open, its client wait for ever. So the refusal is said in its place, once its channel
 * has ended: what it did say has been read by then, and a connection that it took is gone with it.
 */
export function rescueConnections (worker: Worker): void {
  const child = worker.process
  const offered = new Set<number>()
  const send = child.send.bind(child) as (...args: unknown[]) => boolean
  child.send = (...args: unknown[]) => {
    const message = args[0] as Offer | null
    if (message?.act === 'newconn') offered.add(message.seq)
    return send(...args)
  }
  child.on('internalMessage', ({ ack }: Reply) => { if (ack !== undefined) offered.delete(ack) })
  // cluster's own listeners, which take the worker off its list, are older than these
  child.once('disconnect', () => {
    for (const seq of offered) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false })
  })
  child.once('exit', () => { sayDisconnect(child) })
}

/**
 * Node tells of no disconnection while a handle that was sent is not acknowledged; a dead process acknowledges nothing.
 * What the channel still held is read first.
 */
function sayDisconnect (child: ChildProcess, looks = 100): void {
  setTimeout(() => {
    // something that the worker started may hold the other end of the channel
    if (child.connected && looks > 0) sayDisconnect(child, looks - 1)
    else child.emit('disconnect')
  }, 10)
}
