/** Every coded error of the engine. The code is stable; the message is for a human and may be reworded. */

export interface GatewayErrorOptions {
  readonly cause?: unknown
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly content?: Buffer
  /** May happen to thousands of requests a second: the gateway's own log has no line for each. */
  readonly quiet?: boolean
}

export class GatewayError extends Error {
  /** Stable identifier, `SP_…`, in the log and in tests; never in a response body. */
  readonly code: string
  /** HTTP status of the answer. */
  readonly statusCode: number
  /** Headers of the answer, beside the body's own. A list of values makes a line for each. */
  readonly headers: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Members of the answer's body, beside `message` and `request_id`. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  /** The whole body, in place of the gateway's own; its Content-Type stands in `headers`. */
  readonly content: Buffer | undefined
  /** No line of the gateway's own log: who throws it says in another way that it happens. */
  readonly quiet: boolean

  constructor (code: string, statusCode: number, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.statusCode = statusCode
    this.headers = options.headers
    this.body = options.body
    this.content = options.content
    this.quiet = options.quiet === true
  }
}
