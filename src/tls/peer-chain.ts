import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** A client may send as many as fit into a handshake. */
const MOST = 20

const kChain: unique symbol = Symbol('sallyport.peerChain')

/** What the other side of a connection has shown. */
export interface PeerChain {
  /** Its own first. */
  readonly certificates: readonly X509Certificate[]
  /** Of its own: Node computes it each time. */
  readonly fingerprint: string
}

interface ChainSocket extends Partial<Pick<TLSSocket, 'getPeerX509Certificate'>> {
  [kChain]?: PeerChain
}

/**
 * The certificates that the other side of a connection has shown; null: none, or the connection is plain.
 *
 * Read once and kept with the socket: each call of Node's `getPeerX509Certificate` takes one certificate out of the
 * connection's chain (measured on 20.20), so that the second one has lost the intermediates.
 */
export function peerChain (socket: object): PeerChain | null {
  const holder = socket as ChainSocket
  const known = holder[kChain]
  if (known !== undefined) return known
  const first = holder.getPeerX509Certificate?.()
  if (first === undefined) return null
  const certificates: X509Certificate[] = []
  for (let one: X509Certificate | undefined = first; one !== undefined && certificates.length < MOST; one = one.issuerCertificate) certificates.push(one)
  const chain = { certificates, fingerprint: first.fingerprint256 }
  holder[kChain] = chain
  return chain
}

/** Has a connection pass for one on which these were shown. */
export function showChain (socket: object, certificates: readonly X509Certificate[]): void {
  const [first] = certificates
  if (first !== undefined) (socket as ChainSocket)[kChain] = { certificates, fingerprint: first.fingerprint256 }
}
