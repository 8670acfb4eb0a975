import { Http1Connections } from '../proxy/transport/http1/connections.ts'
import type { Flow, Receiver } from '../proxy/transport/flow.ts'
import { clientOptions } from '../tls/upstream-tls.ts'
import { isHopField } from './pairs.ts'

/** What became of a request. */
export interface Sent {
  /** null: no head of an answer came. */
  readonly status: number | null
  /** Of the answer: name, value, … */
  readonly fields: readonly string[]
  /** null: it broke off, or was too long, or did not come in time; `error` says which. */
  readonly body: Buffer | null
  readonly error: Error | null
}

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
  async send (body: Buffer, milliseconds: number): Promise<Sent> {
    return await new Promise(resolve => {
      const exchange = new Sending(this.#longest, sent => {
        clearTimeout(timer)
        resolve(sent)
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

/** One request and what is told of it. */
class Sending implements Receiver {
  readonly #longest: number
  readonly #settle: (sent: Sent) => void
  readonly #chunks: Buffer[] = []
  #length = 0
  #status: number | null = null
  #fields: readonly string[] = []
  #flow: Flow | null = null
  #settled = false

  constructor (longest: number, settle: (sent: Sent) => void) {
    this.#longest = longest
    this.#settle = settle
  }

  onConnect (flow: Flow): boolean {
    this.#flow = flow
    return !this.#settled
  }

  onHead (status: number, fields: string[]): void {
    if (status < 200) return
    this.#status = status
    this.#fields = fields
  }

  onTunnel (): void {}

  onData (chunk: Buffer): boolean {
    this.#length += chunk.length
    if (this.#length > this.#longest) this.cut(new Error('its answer is too long'))
    // the bytes are the connection's again
    else this.#chunks.push(Buffer.from(chunk))
    return true
  }

  onComplete (): void {
    this.#flow = null
    this.#end(Buffer.concat(this.#chunks), null)
  }

  onError (error: Error): void {
    this.#flow = null
    this.#end(null, error)
  }

  cut (error: Error): void {
    const flow = this.#flow
    this.#end(null, error)
    flow?.abort(this)
  }

  #end (body: Buffer | null, error: Error | null): void {
    if (this.#settled) return
    this.#settled = true
    this.#settle({ status: this.#status, fields: this.#fields, body, error })
  }
}
