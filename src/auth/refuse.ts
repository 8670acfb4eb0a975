import { GatewayError } from '../errors.ts'

export interface RefusalOptions {
  /** WWW-Authenticate (RFC 9110 section 11.6.1). */
  readonly challenge?: string
  /** Members of the answer's body, beside `message` and `request_id`. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Default: by the status. */
  readonly code?: string
  /** Shown in the log only. */
  readonly cause?: unknown
  /** Seconds, for Retry-After. */
  readonly retryAfter?: number
}

const CODES: Readonly<Record<number, string>> = { 401: 'SP_UNAUTHORIZED', 403: 'SP_FORBIDDEN', 503: 'SP_AUTH_UNAVAILABLE' }

/** Refuses a caller: 401 (who are you?), 403 (you may not), or 503 (who knows that can't be asked). */
export function refuse (status: number, message: string, { challenge, body, code, cause, retryAfter }: RefusalOptions = {}): GatewayError {
  return new GatewayError(code ?? CODES[status] ?? 'SP_REFUSED', status, message, {
    headers: {
      ...challenge === undefined ? {} : { 'www-authenticate': challenge },
      ...retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
    },
    ...body === undefined ? {} : { body },
    ...cause === undefined ? {} : { cause }
  })
}

/** A quoted parameter of a challenge (RFC 9110 section 5.6.4). */
export function quoted (text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
