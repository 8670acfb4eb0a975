import { Http1Connections } from '../proxy/transport/http1/connections.ts'
import { type Reply, WholeReply } from '../proxy/transport/whole-reply.ts'
import { clientOptions } from '../tls/upstream-tls.ts'
import { isHopField } from './pairs.ts'

export interface HttpSenderOptions {
  readonly url: URL
  /** Default: POST. */
  readonly method?: string
  /** Beside Host; those that are the connection's to say are left out. */
  readonly headers: Readonly<Record<string, string>>
  /** PEM of the authorities that are trusted; default: those that Node knows. */
  readonly authorities?: readonly string[] | null
  /** Whether certificates are verified; default: they are. */
  readonly verify?: boolean
  /** Milliseconds that an idle connection is kept at most; 0: each request has its own. Default: what the server says, or 4 s. */
  readonly idle?: number
  /** Bytes of an answer that are read. */
  readonly longest: number
}

/**
 * Sends bytes to one address, over connections as the hop has them. A client of Node's beside the gateway's own server has V8 compile what
 * both run for both, which costs each request of the gateway 0.9 µs, whether or not anything is sent.
 */
export class HttpSender {
  readonly #method: string
  readonly #path: string
  readonly #fields: readonly string[]
  readonly #longest: number
  readonly #connections: Http1Connections

  constructor ({ url, method = 'POST', headers, authorities = null, verify = true, idle, longest }: HttpSenderOptions) {
    const secure = url.protocol === 'https:'
    const named = new Map([['host', url.host]])
    for (const [name, value] of Object.entries(headers)) if (!isHopField(name) && name.toLowerCase() !== 'content-length') named.set(name.toLowerCase(), value)
    this.#method = method
    this.#path = `${url.pathname}${url.search}`
    this.#fields = [...named].flat()
    this.#longest = longest
    this.#connections = new Http1Connections({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      secure: secure ? clientOptions({ id: '', verify, authorities, depth: null, client: null }) : null,
      ...idle === undefined ? {} : { idle }
    })
  }

  /** @param milliseconds for the whole of it. Never rejects. */
  async send (body: Buffer, milliseconds: number): Promise<Reply> {
    return await new Promise(resolve => {
      const exchange = new WholeReply(this.#longest, reply => {
        clearTimeout(timer)
        resolve(reply)
      })
      const timer = setTimeout(() => exchange.cut(new Error('no answer in time')), milliseconds)
      try {
        this.#connections.send({ method: this.#method, path: this.#path, fields: this.#fields, body, upgrade: false, connectTimeout: milliseconds, readTimeout: 0 }, exchange)
      } catch (error) {
        exchange.cut(error as Error)
      }
    })
  }

  /** Cuts what is under way, and lets go of connections. */
  close (): void {
    this.#connections.destroy().catch(() => {})
  }
}
