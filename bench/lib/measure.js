/** One timed slice of one participant. */
import { busyOf } from './cpu.js'
import { upstreamStats } from './running.js'

/**
 * @param {import('./running.js').RunningPeer} peer
 * @returns when it began (ms), CPU microseconds a request (user and system apart), requests a second, errors, connections made to the
 *   upstream, and the share of the participant's core that others took meanwhile
 */
export async function measure (peer, one, { load, seconds, upstream, proxyCore }) {
  const connectionsBefore = (await upstreamStats(upstream)).connections
  const busyBefore = busyOf(proxyCore)
  const before = peer.cpu()
  const startedAt = performance.now()
  const { requests, seconds: measured, failed, socketErrors } = await load.run(peer.port, one, seconds, peer.field, peer.peer.tls)
  const after = peer.cpu()
  const elapsed = (performance.now() - startedAt) * 1000
  const user = after.user - before.user
  const system = after.system - before.system
  const others = Math.max(0, busyOf(proxyCore) - busyBefore - user - system) / elapsed
  return {
    at: startedAt,
    cpu: (user + system) / requests,
    user: user / requests,
    system: system / requests,
    rps: requests / measured,
    requests,
    failed,
    socketErrors,
    // the look at the statistics makes one itself
    upstreamConnections: (await upstreamStats(upstream)).connections - connectionsBefore - 1,
    others
  }
}
