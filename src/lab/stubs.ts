import { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import type { Purpose, Reached } from '../gateway/outside.ts'
import { undici } from '../lazy-packages.ts'
import { headOf, type ReceivedRequest, receive, send, type UpstreamAnswer } from '../testing/loopback-server.ts'
import { peerChain } from '../tls/peer-chain.ts'
import { detailsOf, distinguishedName } from '../tls/x509.ts'
import type { UpstreamTls } from '../tls/upstream-tls.ts'
import { ownSocket } from './guard.ts'
import type { LabNames } from './names.ts'
import { type Accepted, type Peer, StubServer } from './stub-server.ts'
import { agreeHead, answerSocket, type SocketScript } from './websocket.ts'
import { type CertificateKind, type Shown, StubCertificates } from './tls/stub-certificates.ts'

/** Whom a request of the gateway was meant for. */
export interface Addressee {
  readonly purpose: Purpose
  readonly protocol: 'http' | 'https'
  /** As the file names it. */
  readonly host: string
  readonly port: number
}

/** What a stub got. */
export interface StubbedRequest extends ReceivedRequest {
  readonly to: Addressee
  /** Of HTTP. */
  readonly version: '1.1' | '2'
  /** Subject of the certificate that the gateway has shown (RFC 4514); null: none. */
  readonly clientCertificate: string | null
  /** What has come on the WebSocket; null: none was asked for. */
  readonly messages: string[] | null
}

/** What a stub does: answers, or fails as servers do. */
export type StubAnswer = UpstreamAnswer & {
  /** `refused`: it takes no connection. `reset`: it cuts the one that the request came by. `silent`: it never answers. */
  readonly error?: 'refused' | 'reset' | 'silent'
  /** It takes the WebSocket that it is asked for; others get the answer. */
  readonly websocket?: SocketScript
}

export type Stub = (request: StubbedRequest) => StubAnswer | Promise<StubAnswer>

/** What stands at an address. */
export interface Standing {
  readonly stub: Stub
  /** It takes no connections. */
  readonly refused: boolean
  /** What it shows where TLS is spoken. */
  readonly certificate: CertificateKind
}

/** Nobody has said what is there. */
class NotStubbed extends Error {
  readonly code = 'SP_NOT_STUBBED'

  constructor (to: Addressee) {
    super(`not stubbed: nothing stands for ${to.protocol}://${to.host}:${to.port}`)
  }
}

export interface StubsOptions {
  /** What their answers say the time is, in milliseconds since the epoch. */
  now (): number
  readonly names: LabNames
  /** Who answers; null: nobody, and the connection fails. */
  find (to: Addressee): Standing | null
  /** What is shown where TLS is spoken; default: some of their own. */
  readonly certificates?: StubCertificates | undefined
}

/** One server on the loopback that stands for all others: it tells who was meant by the connection that a request came by. */
export class Stubs {
  readonly names: LabNames
  readonly received: StubbedRequest[] = []
  /** Whom the gateway tried to reach in vain. */
  readonly missing: Addressee[] = []
  readonly #options: StubsOptions
  readonly #server: StubServer
  readonly #certificates: StubCertificates
  readonly #open = new Set<{ readonly socket: Socket, readonly to: Addressee, readonly certificate: CertificateKind }>()

  constructor (options: StubsOptions) {
    this.names = options.names
    this.#options = options
    this.#certificates = options.certificates ?? new StubCertificates()
    this.#server = new StubServer({
      serve: async (message, response, connection) => await this.#serve(message, response, connection),
      upgrade: async (message, socket, head, connection) => await this.#upgrade(message, socket, head, connection)
    })
  }

  async listen (): Promise<void> {
    await this.#server.listen()
  }

  async close (): Promise<void> {
    await this.#server.close()
  }

  /** @throws what a stub threw since the last call */
  check (): void {
    this.#server.check()
  }

  /** Cuts connections that would not be made, or not so, any more: a server that is away takes its own along. */
  review (): void {
    for (const { socket, to, certificate } of this.#open) {
      const standing = this.#options.find(to)
      if (standing === null || standing.refused || standing.certificate !== certificate) socket.destroy()
    }
  }

  /** The authority of the stubs in the place of those that the gateway trusts: the rest is as the file says. */
  trusts (tls: UpstreamTls): UpstreamTls {
    return { ...tls, authorities: [this.#certificates.authority] }
  }

  /** A connection that is being made; TLS is up to who dials. */
  dial (purpose: Purpose, { protocol, host, port, http2 }: Reached): Socket {
    const to: Addressee = { purpose, protocol, host: this.names.nameOf(host), port }
    return this.#connect(to, { to, http2, show: protocol === 'http' ? null : name => this.#shown(to, [to.host, host, name]) })
  }

  /** For those who make connections with undici. */
  connector (purpose: Purpose): buildConnector.connector {
    const { buildConnector } = undici()
    // sessions of a server that shows another certificate now
    const secure = buildConnector({ ca: this.#certificates.authority, maxCachedSessions: 0 })
    return (options, callback) => {
      const { protocol: scheme, hostname, port } = options
      const protocol = scheme === 'https:' ? 'https' : 'http'
      const to: Addressee = { purpose, protocol, host: this.names.nameOf(hostname.replace(/^\[|\]$/g, '')), port: Number(port) || (protocol === 'https' ? 443 : 80) }
      const socket = this.#connect(to, { to, http2: false, show: protocol === 'http' ? null : name => this.#shown(to, [to.host, name]) })
      const failed = (error: Error): void => callback(error, null)
      socket.once('error', failed)
      socket.once('connect', () => {
        socket.off('error', failed)
        if (protocol === 'http') callback(null, socket)
        else secure({ ...options, httpSocket: socket }, callback)
      })
    }
  }

  /** By the clock of the test: a cache takes an answer of another time for old. */
  #send (response: ServerResponse, answer: StubAnswer): void {
    response.setHeader('Date', new Date(this.#options.now()).toUTCString())
    send(response, answer)
  }

  /** @param names that it may be asked by; '' is none */
  #shown (to: Addressee, names: readonly string[]): Shown {
    return this.#certificates.show(this.#options.find(to)?.certificate ?? 'good', [...new Set(names)].filter(name => name !== ''))
  }

  #connect (to: Addressee, peer: Peer): Socket {
    const standing = this.#options.find(to)
    if (standing === null) {
      this.missing.push(to)
      return failing(new NotStubbed(to))
    }
    if (standing.refused) return failing(Object.assign(new Error(`connect ECONNREFUSED ${addressOf(to)}`), { code: 'ECONNREFUSED' }))
    const socket = ownSocket(this.#server.port)
    const held = { socket, to, certificate: standing.certificate }
    this.#open.add(held)
    socket.once('connect', () => { this.#server.expect(socket.localPort as number, peer) })
    socket.once('close', () => this.#open.delete(held))
    return socket
  }

  async #serve (message: IncomingMessage, response: ServerResponse, { peer: { to }, raw, tls }: Accepted): Promise<void> {
    const request: StubbedRequest = { ...await receive(message), to, version: message.httpVersionMajor === 2 ? '2' : '1.1', clientCertificate: subjectOf(tls), messages: null }
    this.received.push(request)
    const answer = await (this.#options.find(to) as Standing).stub(request)
    if (answer.error === 'silent') return
    if (answer.error === undefined) this.#send(response, answer)
    else reset(raw)
  }

  async #upgrade (message: IncomingMessage, socket: Duplex, head: Buffer, { peer: { to }, raw, tls }: Accepted): Promise<void> {
    const messages: string[] = []
    const request: StubbedRequest = { ...headOf(message), to, version: '1.1', clientCertificate: subjectOf(tls), messages }
    this.received.push(request)
    const answer = await (this.#options.find(to) as Standing).stub(request)
    // nobody has said anything: it comes back
    const script = answer.websocket ?? (Object.keys(answer).length === 0 ? {} : undefined)
    if (answer.error === 'silent') return
    if (answer.error !== undefined) {
      reset(raw)
      return
    }
    if (script === undefined) {
      const response = new ServerResponse(message)
      response.assignSocket(socket as Socket)
      response.shouldKeepAlive = false
      response.once('finish', () => socket.end())
      this.#send(response, answer)
      return
    }
    socket.write(agreeHead(String(message.headers['sec-websocket-key']), [...protocolOf(message), ...Object.entries(answer.headers ?? {}).map(([name, value]): [string, string] => [name, String(value)])]))
    await answerSocket(socket, head, script, text => { messages.push(text) })
  }
}

/** The first that is offered. */
function protocolOf ({ headers }: IncomingMessage): Array<[string, string]> {
  const [first] = (headers['sec-websocket-protocol'] ?? '').split(',')
  return first === undefined || first === '' ? [] : [['Sec-WebSocket-Protocol', first.trim()]]
}

function failing (error: Error): Socket {
  // as it would look until somebody refuses it
  const socket = Object.assign(new Socket(), { connecting: true })
  setImmediate(() => socket.destroy(error))
  return socket
}

/** The handle of a connection with TLS is TLS's: that one is cut without a reset. */
function reset (raw: Socket): void {
  try {
    raw.resetAndDestroy()
  } catch {
    raw.destroy()
  }
}

function subjectOf (tls: TLSSocket | null): string | null {
  const shown = tls === null ? null : peerChain(tls)?.certificates[0]
  return shown == null ? null : distinguishedName(detailsOf(shown))
}

/** `host:port`, as stubs are found by. */
export function addressOf ({ host, port }: Pick<Addressee, 'host' | 'port'>): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}
