import { buildConnector, Client, type Dispatcher } from 'undici'
import { failOnWrongName } from '../proxy/certificate-name.ts'
import { Connections } from '../proxy/connections.ts'
import { HeaderList } from '../proxy/header-list.ts'

/** Whom to ask, and for how long. */
export interface SubrequestOptions {
  /** Path and query included. */
  readonly url: URL
  /** Milliseconds for the whole of it: connection, head and body. */
  readonly timeout: number
  /** Longest body that is read, in bytes. */
  readonly limit: number
  readonly verify: boolean
  /** Makes the connections; default: Node's. */
  readonly connector?: buildConnector.connector | undefined
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
const IDLE = 4_000

/**
 * Questions about a request, asked of another server before it goes on (nginx's word is subrequest): GET, no body, over
 * connections that are kept. Each has a connection to itself, which is cut when there is more on it than the answer: the
 * next request must not get what was said about this one.
 */
export class Subrequests {
  readonly #options: SubrequestOptions
  readonly #connections: Connections
  readonly #path: string

  constructor (options: SubrequestOptions) {
    const { url, timeout, verify } = options
    this.#options = options
    this.#path = url.pathname + url.search
    const connect = failOnWrongName(options.connector ?? buildConnector({ timeout, rejectUnauthorized: verify, autoSelectFamily: true }))
    this.#connections = new Connections(() => ({
      connectTimeout: timeout,
      client: new Client(url.origin, {
        connect,
        // see Connections: never more than one
        pipelining: 2,
        allowH2: false,
        keepAliveTimeout: IDLE,
        // one deadline for all of it is kept here
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: 65_536
      })
    }))
  }

  /**
   * Asks. Redirects are an answer like any other.
   *
   * @param fields name, value, name, value, …; Host is set
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
    return await new Promise((resolve, reject) => {
      const lease = this.#connections.take(this.#options.timeout)
      const question = new Question({ limit: this.#options.limit, end, resolve, reject, asker, giveBack: () => this.#connections.give(lease) })
      try {
        lease.client.dispatch({ path: this.#path, method: 'GET', headers: fields as string[], headersTimeout: 0, bodyTimeout: 0 }, question)
      } catch (error) {
        // undici refuses a field that may not be sent
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
  readonly giveBack: () => void
}

/** undici's handler for one of them. */
class Question implements Dispatcher.DispatchHandler {
  readonly #options: QuestionOptions
  readonly #timer: NodeJS.Timeout
  readonly #leave = (): void => this.#fail(new SubrequestError('nobody waits for the answer', { left: true }))
  #giveBack: (() => void) | null
  #abort: (() => void) | null = null
  #settled = false
  #status = 0
  #headers: HeaderList | null = null
  #chunks: Buffer[] = []
  #size = 0

  constructor (options: QuestionOptions) {
    this.#options = options
    this.#giveBack = options.giveBack
    this.#timer = setTimeout(() => this.#fail(new SubrequestError('no answer in time')), Math.max(1, options.end - performance.now()))
    options.asker?.once('close', this.#leave)
  }

  onConnect (abort: () => void): void {
    this.#abort = abort
    if (this.#settled) abort()
  }

  onHeaders (status: number, raw: Buffer[]): boolean {
    if (status < 200) return true
    this.#status = status
    // bytes as they are: what undici makes of them elsewhere is UTF-8, which no header field may carry on
    this.#headers = new HeaderList(raw.map(part => part.toString('latin1')))
    return true
  }

  onData (chunk: Buffer): boolean {
    if (this.#settled) return true
    this.#size += chunk.length
    if (this.#size > this.#options.limit) this.#succeed(null)
    else if (this.#status >= 300) this.#chunks.push(chunk)
    return true
  }

  onComplete (): void {
    this.#release()
    this.#succeed(this.#status >= 300 ? Buffer.concat(this.#chunks, this.#size) : null)
  }

  onError (error: Error): void {
    this.#release()
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
    if (this.#giveBack !== null) this.#abort?.()
    return true
  }

  /** Only now: a client whose request is still on its way is not for another one. */
  #release (): void {
    this.#giveBack?.()
    this.#giveBack = null
  }
}
