import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { lookUp } from '../upstream/dns/look-up.ts'
import type { LiveProblem, ProbeContext } from './probe.ts'
import { dnsProblem, expiryProblem, tlsProblem } from './problems.ts'

/** An address that is spoken to. */
export interface LiveEndpoint {
  /** Name or address, without brackets. */
  readonly host: string
  readonly port: number
  /** In words for messages: `users.internal:8443`, or `this host` for a secret. */
  readonly shown: string
  /** null: not encrypted. */
  readonly tls: ConnectionOptions | null
  /** The gateway shows a certificate of its own. */
  readonly client?: boolean
  /** A target of an upstream, which the name servers of the file are asked for: each of its addresses is tried. */
  readonly target?: boolean
}

/** Of TLS 1.3, a client learns after the handshake that its certificate isn't good enough: milliseconds for that. */
const LAST_WORD = 300
/** The same, once the server has sent its tickets: some look at certificates afterwards. */
const AFTER_TICKETS = 50

/** A host that came from a reference: its addresses are not told either. */
export const HIDDEN = 'this host'

const DAY = 86_400_000

/** Resolves, connects, shakes hands, and leaves without a byte of its own. */
export async function tryEndpoint (endpoint: LiveEndpoint, context: ProbeContext): Promise<LiveProblem[]> {
  const { host, shown } = endpoint
  let addresses: Array<{ host: string, port: number }>
  try {
    addresses = await addressesOf(endpoint, context)
  } catch (error) {
    return [dnsProblem(shown.replace(/:\d+$/, ''), (error as NodeJS.ErrnoException).code ?? '')]
  }
  if (addresses.length === 0) return [dnsProblem(shown.replace(/:\d+$/, ''), 'ENOTFOUND')]
  const outcomes = await Promise.all(addresses.map(async address => await tryAddress(endpoint, address, context)))
  // of a service's name one address is enough, as connections try all
  if (endpoint.target !== true && isIP(host) === 0) {
    const good = outcomes.find(problems => problems.every(({ severity }) => severity === 'warning'))
    return good ?? outcomes[0] ?? []
  }
  const seen = new Set<string>()
  return outcomes.flat().filter(({ cause }) => !seen.has(cause) && seen.add(cause))
}

async function addressesOf ({ host, port, target }: LiveEndpoint, { names }: ProbeContext): Promise<Array<{ host: string, port: number }>> {
  if (isIP(host) !== 0) return [{ host, port }]
  if (target === true) {
    const { addresses } = await lookUp(host, names)
    return addresses.map(address => ({ host: address.host, port: address.port ?? port }))
  }
  return (await lookup(host, { all: true })).map(({ address }) => ({ host: address, port }))
}

async function tryAddress (endpoint: LiveEndpoint, address: { host: string, port: number }, { signal, timeout, now }: ProbeContext): Promise<LiveProblem[]> {
  const { host, shown, tls } = endpoint
  const where = address.host === host || shown === HIDDEN ? shown : `${shown} (${address.host})`
  const socket: Socket | TLSSocket = tls === null ? connectTcp(address) : connectTls({ ...tls, ...address })
  const stop = (): void => { socket.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })) }
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    await until(socket, tls === null ? 'connect' : 'secureConnect')
    if (tls === null) return []
    const secure = socket as TLSSocket
    // a TLS socket is an error where its certificate was refused later
    await lastWord(secure)
    if (tls.ALPNProtocols !== undefined && secure.alpnProtocol !== 'h2') return [{ rule: 'live-tls', cause: `${where} does not speak HTTP/2`, mend: 'Remove `http2`, or turn it on there.' }]
    return expiring(secure, now).map(({ name, end }) => expiryProblem(where, name, end, now))
  } catch (error) {
    return [tlsProblem(where, error as NodeJS.ErrnoException, { timeout, tls: tls !== null, client: endpoint.client === true })]
  } finally {
    signal.removeEventListener('abort', stop)
    socket.on('error', () => {}).destroy()
  }
}

async function until (socket: Socket, event: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve()).once('error', reject).once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  })
}

async function lastWord (socket: TLSSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let timer = setTimeout(resolve, LAST_WORD)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    socket.once('session', () => {
      clearTimeout(timer)
      timer = setTimeout(resolve, AFTER_TICKETS)
    })
    socket.once('end', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))).once('error', fail)
    // so that an end is seen
    socket.resume()
  })
}

/** Certificates of the chain that end within 30 days, each once. */
function expiring (socket: TLSSocket, now: number): Array<{ name: string, end: number }> {
  const found: Array<{ name: string, end: number }> = []
  const seen = new Set<string>()
  for (let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true); one?.valid_to !== undefined && !seen.has(one.fingerprint256); one = one.issuerCertificate) {
    seen.add(one.fingerprint256)
    const end = Date.parse(one.valid_to)
    if (end - now < 30 * DAY) found.push({ name: [one.subject?.CN ?? ''].flat()[0] ?? '', end })
  }
  return found
}
