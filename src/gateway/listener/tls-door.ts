import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'
import type { ListenSettings } from '../../config/gateway-settings.ts'
import { alpnOptions, isChallenge } from '../../tls/alpn.ts'
import type { CertificateStore } from '../../tls/certificate-store.ts'
import { tlsProfile } from '../../tls/profile.ts'
import type { TicketKeys } from '../../tls/ticket-keys.ts'

export interface TlsDoorOptions {
  readonly certificates: () => CertificateStore
  readonly ticketKeys: TicketKeys
  /** Milliseconds for a handshake, from the first moment of the connection. */
  readonly timeout: () => number
  /** The handshake is done. */
  readonly secured: (socket: TLSSocket) => void
  /** The client speaks HTTP without TLS. */
  readonly refusePlain: (socket: Socket) => void
  readonly log: FastifyBaseLogger
}

interface Guest {
  readonly raw: Socket
  readonly timer: NodeJS.Timeout
}

/** Where a listener's clients shake hands. What fails there costs the connection, and nothing else. */
export class TlsDoor {
  readonly #options: TlsDoorOptions
  readonly #server: Server
  /** Connections whose handshake is not done, by their peers: Node tells nobody which connection a TLS socket stands on. */
  readonly #greeted = new Map<string, Guest>()
  readonly #settings: ListenSettings
  /** What the server has been given. */
  #store: CertificateStore | null = null
  #key: Buffer | null = null

  constructor (settings: ListenSettings, options: TlsDoorOptions) {
    this.#options = options
    this.#settings = settings
    const client = settings.client_certificate
    this.#server = createServer({
      ...tlsProfile(settings, []),
      ...alpnOptions(() => this.#store, settings.http2 ? ['h2', 'http/1.1'] : ['http/1.1']),
      requestCert: client !== 'none',
      rejectUnauthorized: client === 'require'
    })
    this.#server.on('secureConnection', socket => {
      this.#forget(peerOf(socket))
      if (isChallenge(socket)) socket.destroy()
      else options.secured(socket)
    })
    this.#server.on('tlsClientError', (error, socket) => {
      options.log.debug({ code: (error as NodeJS.ErrnoException).code, client: socket.remoteAddress }, 'a TLS handshake failed')
      socket.destroy()
    })
    this.#server.on('OCSPRequest', (certificate, _issuer, done) => {
      // null is what Node takes for none; its types say otherwise
      done(null, (this.#store?.ocspFor(certificate) ?? null) as Buffer)
    })
  }

  /** Takes a connection that has said nothing yet. */
  greet (raw: Socket): void {
    const peer = peerOf(raw)
    this.#greeted.set(peer, { raw, timer: setTimeout(() => raw.destroy(), this.#options.timeout()) })
    const destroy = (): void => { raw.destroy() }
    raw.once('close', () => {
      // the same port may have come again before we are told that this one has gone
      if (this.#greeted.get(peer)?.raw === raw) this.#forget(peer)
    })
    raw.on('error', destroy)
    raw.once('end', destroy)
    raw.once('data', first => {
      raw.pause()
      raw.off('end', destroy)
      if (isHttp(first)) {
        this.#forget(peer)
        this.#options.refusePlain(raw)
      } else {
        raw.unshift(first)
        // who ends in a handshake has left; the TLS socket takes it over
        raw.allowHalfOpen = false
        this.#shakeHands(raw)
      }
    })
  }

  /** Ends what has not got through. */
  destroy (): void {
    for (const { raw } of this.#greeted.values()) raw.destroy()
  }

  #forget (peer: string): void {
    clearTimeout(this.#greeted.get(peer)?.timer)
    this.#greeted.delete(peer)
  }

  #shakeHands (raw: Socket): void {
    const store = this.#options.certificates()
    try {
      if (store !== this.#store) this.#use(store)
      this.#seal()
    } catch (error) {
      this.#options.log.error({ err: error }, 'the certificates can\'t be used: those before them stay')
    }
    if (this.#store === null) raw.destroy()
    else this.#server.emit('connection', raw)
  }

  /** Connections that are there keep what they began with. */
  #use (store: CertificateStore): void {
    if (store.default === null) {
      this.#store = null
      return
    }
    this.#server.setSecureContext({ ...tlsProfile(this.#settings, store.authorities), ...store.default })
    this.#store = store
    this.#key = null
  }

  /** OpenSSL seals and opens all tickets with the keys of the server's own context, whichever certificate is shown. */
  #seal (): void {
    const key = this.#options.ticketKeys.at(Date.now())
    if (key === this.#key) return
    this.#server.setTicketKeys(key)
    this.#key = key
  }
}

function peerOf ({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/** A method begins with a capital letter; what TLS begins with is none. */
function isHttp (bytes: Buffer): boolean {
  const first = bytes[0] as number
  return first >= 65 && first <= 90
}
