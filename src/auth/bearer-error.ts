import type { GatewayError } from '../errors.ts'
import { quoted, refuse } from './refuse.ts'

/** Why a bearer token is refused, in the terms of RFC 6750 section 3. No Error: it is made on the request's path. */
export class BearerError {
  readonly status: 401 | 403
  /** For the client; never holds anything of the token but names of claims. */
  readonly message: string
  /** null: no token was sent, so the challenge says nothing more. */
  readonly error: 'invalid_token' | 'insufficient_scope' | null
  /** Scopes that would do, for the challenge. */
  readonly scope: string | null
  /** Further members of the body: Kong names the claim that is wrong. */
  readonly members: Readonly<Record<string, string>> | null

  constructor (status: 401 | 403, message: string, error: BearerError['error'], { scope = null, members = null }: { scope?: string | null, members?: Readonly<Record<string, string>> | null } = {}) {
    this.status = status
    this.message = message
    this.error = error
    this.scope = scope
    this.members = members
  }

  /** The value of WWW-Authenticate. */
  challenge (realm: string | undefined): string {
    const parameters: string[] = []
    if (realm !== undefined) parameters.push(`realm=${quoted(realm)}`)
    if (this.error !== null) parameters.push(`error="${this.error}"`)
    if (this.scope !== null) parameters.push(`scope=${quoted(this.scope)}`)
    return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`
  }

  /** As the answer of the gateway. */
  refusal (realm: string | undefined): GatewayError {
    return refuse(this.status, this.message, { challenge: this.challenge(realm), ...this.members === null ? {} : { body: this.members } })
  }
}

export function noToken (): BearerError {
  return new BearerError(401, 'Unauthorized', null)
}

export function invalidToken (message: string, members: Readonly<Record<string, string>> | null = null): BearerError {
  return new BearerError(401, message, 'invalid_token', { members })
}

export function insufficientScope (message: string, scope: string | null = null): BearerError {
  return new BearerError(403, message, 'insufficient_scope', { scope })
}
