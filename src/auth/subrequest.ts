import type { Outside } from '../gateway/outside.ts'
import { type Reply, TOO_LONG, WholeReply } from '../proxy/transport/whole-reply.ts'
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
    const { url, limit, timeout } = this.#options
    const named = hostOf(fields) === undefined ? ['Host', url.host, ...fields] : fields
    return answerOf(await new Promise(resolve => {
      const question = new WholeReply(limit, reply => {
        clearTimeout(timer)
        asker?.off('close', leave)
        resolve(reply)
      })
      const leave = (): void => question.cut(new SubrequestError('nobody waits for the answer', { left: true }))
      // one deadline for all of it
      const timer = setTimeout(() => question.cut(new SubrequestError('no answer in time')), Math.max(1, end - performance.now()))
      asker?.once('close', leave)
      try {
        this.#connections.send({ method: 'GET', path: this.#path, fields: named, body: null, upgrade: false, connectTimeout: timeout, readTimeout: 0 }, question)
      } catch (error) {
        // a field that may not be sent
        question.cut(error as Error)
      }
    }))
  }
}

/** @throws SubrequestError where there is none */
function answerOf ({ status, fields, body, error }: Reply): Subanswer {
  if (status !== null && (error === null || error.code === TOO_LONG)) return { status, headers: new HeaderList(fields), body: status < 300 ? null : body }
  if (error instanceof SubrequestError) throw error
  throw new SubrequestError('no answer that could be read', { cause: error, broken: status === null && BROKEN.has(error?.code ?? '') })
}
