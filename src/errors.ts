/** Every coded error of the engine. The code is stable; the message is for a human and may be reworded. */

export class GatewayError extends Error {
  /** Stable identifier, `SP_…`, in the log and in tests; never in a response body. */
  readonly code: string
  /** HTTP status of the answer. */
  readonly statusCode: number
  /** Headers of the answer, beside the body's own. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Members of the answer's body, beside `message` and `request_id`. */
  readonly body: Readonly<Record<string, unknown>> | undefined

  constructor (code: string, statusCode: number, message: string, options: { cause?: unknown, headers?: Readonly<Record<string, string>>, body?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.statusCode = statusCode
    this.headers = options.headers
    this.body = options.body
  }
}
