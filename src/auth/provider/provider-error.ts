import type { GatewayError } from '../../errors.ts'
import { refuse } from '../refuse.ts'

/**
 * What a provider did wrong, for the log: never what it answered, nor what it was sent, since both may hold secrets.
 */
export class ProviderError extends Error {
  readonly code = 'SP_PROVIDER'
  /** Of the answer that was refused; null when there was none. */
  readonly status: number | null

  constructor (message: string, options: { cause?: unknown, status?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ProviderError'
    this.status = options.status ?? null
  }
}

/**
 * The answer to a client whose credential can't be verified for now: closed, and by no means its own mistake.
 *
 * @param wait milliseconds until it is worth another try
 */
export function providerUnavailable (wait: number, cause?: unknown): GatewayError {
  return refuse(503, 'The identity provider is unavailable', {
    code: 'SP_PROVIDER_UNAVAILABLE',
    cause,
    retryAfter: Math.max(1, Math.ceil(wait / 1000))
  })
}
