import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** A client may send as many as fit into a handshake. */
const MOST = 20

/** The certificates that the other side of a connection has shown, its own first; null: none, or the connection is plain. */
export function peerChain (socket: Pick<Socket, never>): X509Certificate[] | null {
  const first = (socket as Partial<TLSSocket>).getPeerX509Certificate?.()
  if (first === undefined) return null
  const chain: X509Certificate[] = []
  for (let one: X509Certificate | undefined = first; one !== undefined && chain.length < MOST; one = one.issuerCertificate) chain.push(one)
  return chain
}
