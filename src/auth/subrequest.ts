import type { Outside } from '../gateway/outside.ts'
import type { Flow, Receiver } from '../proxy/transport/flow.ts'
import { HeaderList } from '../proxy/fields/header-list.ts'
import { Http1Connections } from '../proxy/transport/http1/connections.ts'
import { hostOf } from '../proxy/transport/open-socket.ts'
import { clientOptions } from '../tls/upstream-tls.ts'

/** Whom to ask, and for how long. */
export interface SubrequestOptions {
  /** Path and query included. */
  readonly url: URL
  /** Milliseconds for the whole of it: connection, head and body. */
  readonly timeout: number
  /** Longest body that is read, in bytes. */
  readonly limit: number
  readonly verify: boolean
  /** Makes the connections; default: Node. */
  readonly outside?: Pick<Outside, 'dial' | 'trusts'> | undefined
}

/** What came back. */
export interface Subanswer {
  readonly status: number
  readonly headers: HeaderList
  /** null: longer than the limit, or of no interest (2xx). */
  readonly body: Buffer | null
}

/** Who waits for the answer to a question: the response to a client, say. */
export interface Asker {
  readonly destroyed: boolean
  once (event: 'close', listener: () => void): unknown
  off (event: 'close', listener: () => void): unknown
}

/** No answer that could be read, in time. The message is for the log. */
export class SubrequestError extends Error {
  /** Nothing of an answer came, over a connection that broke: it may have been an old one, closed as we wrote. */
  readonly broken: boolean
  /** Nobody waits for it any more. */
  readonly left: boolean

  constructor (message: string, options: { cause?: unknown, broken?: boolean, left?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.name = 'SubrequestError'
    this.broken = options.broken === true
    this.left = options.left === true
  }
}

const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * Questions about a request, asked of another server before it goes on (nginx's word is subrequest): GET, no body, over
 * connections that are kept. Each has a connection to itself, which is cut when there is more on it than the answer: the
 * next request must not get what was said about this one.
 */
export class Subrequests {
  readonly #options: SubrequestOptions
  readonly #connections: Http1Connections
  readonly #path: string

  constructor (options: SubrequestOptions) {
    const { url, verify, outside } = options
    const secure = url.protocol === 'https:'
    const protocol = secure ? 'https' : 'http'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    const tls = { id: '', verify, authorities: null, depth: null, client: null }
    this.#options = options
    this.#path = url.pathname + url.search
    this.#connections = new Http1Connections({
      host,
      port,
      secure: secure ? clientOptions(outside?.trusts(tls) ?? tls) : null,
      dial: outside === undefined ? undefined : () => outside.dial('authoriser', { protocol, host, port, http2: false })
    })
  }

  /**
   * Asks. Redirects are an answer like any other.
   *
   * @param fields name, value, …; without a Host it is that of the URL
   * @param asker when it closes, the question is taken back
   * @throws SubrequestError when no answer came in time
   */
  async ask (fields: readonly string[], asker: Asker | null = null): Promise<Subanswer> {
    const end = performance.now() + this.#options.timeout
    try {
      return await this.#once(fields, end, asker)
    } catch (error) {
      if (!(error as SubrequestError).broken) throw error
      return await this.#once(fields, end, asker)
    }
  }

  /** Cuts what runs. */
  async close (): Promise<void> {
    await this.#connections.destroy()
  }

  async #once (fields: readonly string[], end: number, asker: Asker | null): Promise<Subanswer> {
    if (asker?.destroyed === true) throw new SubrequestError('nobody waits for the answer', { left: true })
    const named = hostOf(fields) === undefined ? ['Host', this.#options.url.host, ...fields] : fields
    return await new Promise((resolve, reject) => {
      const question = new Question({ limit: this.#options.limit, end, resolve, reject, asker })
      try {
        // one deadline for all of it is kept by the question
        this.#connections.send({ method: 'GET', path: this.#path, fields: named, body: null, upgrade: false, connectTimeout: this.#options.timeout, readTimeout: 0 }, question)
      } catch (error) {
        // a field that may not be sent
        question.onError(error as Error)
      }
    })
  }
}

interface QuestionOptions {
  readonly limit: number
  readonly end: number
  readonly resolve: (answer: Subanswer) => void
  readonly reject: (error: SubrequestError) => void
  readonly asker: Asker | null
}

/** One of them. */
class Question implements Receiver {
  readonly #options: QuestionOptions
  readonly #timer: NodeJS.Timeout
  readonly #leave = (): void => this.#fail(new SubrequestError('nobody waits for the answer', { left: true }))
  #flow: Flow | null = null
  #settled = false
  #status = 0
  #headers: HeaderList | null = null
  #chunks: Buffer[] = []
  #size = 0

  constructor (options: QuestionOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#fail(new SubrequestError('no answer in time')), Math.max(1, options.end - performance.now()))
    options.asker?.once('close', this.#leave)
  }

  onConnect (flow: Flow): boolean {
    this.#flow = flow
    return !this.#settled
  }

  onHead (status: number, fields: string[]): void {
    if (status < 200) return
    this.#status = status
    this.#headers = new HeaderList(fields)
  }

  onTunnel (): void {}

  onData (chunk: Buffer): boolean {
    if (this.#settled) return true
    this.#size += chunk.length
    if (this.#size > this.#options.limit) this.#succeed(null)
    else if (this.#status >= 300) this.#chunks.push(chunk)
    return true
  }

  onComplete (): void {
    // there is nothing left to be taken back: the connection serves the next question
    this.#flow = null
    this.#succeed(this.#status >= 300 ? Buffer.concat(this.#chunks, this.#size) : null)
  }

  onError (error: Error): void {
    this.#flow = null
    const { code } = error as NodeJS.ErrnoException
    this.#fail(new SubrequestError('no answer that could be read', { cause: error, broken: this.#headers === null && BROKEN.has(code ?? '') }))
  }

  #succeed (body: Buffer | null): void {
    if (!this.#settle()) return
    this.#options.resolve({ status: this.#status, headers: this.#headers as HeaderList, body })
  }

  #fail (error: SubrequestError): void {
    if (this.#settle()) this.#options.reject(error)
  }

  #settle (): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#timer)
    this.#options.asker?.off('close', this.#leave)
    // what still comes is not waited for
    this.#flow?.abort(this)
    return true
  }
}
