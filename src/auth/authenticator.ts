/** What authentication plugins share: Kong's rules of who counts, of anonymous callers, and of several plugins on one route. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Consumer } from '../config/model.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../plugin.ts'
import { fieldValue } from '../proxy/fields/field-value.ts'
import { consumerFields, type Identity } from './identity.ts'

export interface AuthenticatorOptions {
  /** Name of the plugin. */
  readonly plugin: string
  /** Who a caller without a valid credential is; null: refused. */
  readonly anonymous?: Consumer | null
  /** `false` lets OPTIONS pass unauthenticated; default true. */
  readonly preflight?: boolean
}

/** Verifies the credential of a request: an identity, or why not. May throw what it could return. */
export type Verify = (request: FastifyRequest, reply: FastifyReply) => Identity | GatewayError | Promise<Identity | GatewayError>

/**
 * Makes the hook of an authentication plugin.
 *
 * Without a policy on the route, a refusal is the answer (several plugins: all must succeed, the last one counts), or with
 * `anonymous` the anonymous consumer (several: the first success counts). With one, attempts are written down for it.
 */
export function createAuthenticator (options: AuthenticatorOptions, verify: Verify): (request: FastifyRequest, reply: FastifyReply) => void | Promise<void> {
  const { plugin, anonymous = null, preflight = true } = options

  function conclude (gateway: GatewayRequest, outcome: Identity | GatewayError): void {
    if (!(outcome instanceof Error)) {
      if (gateway.attempts === null) identify(gateway, outcome)
      else gateway.attempts.push({ plugin, identity: outcome, refusal: null })
      return
    }
    if (gateway.attempts !== null) {
      gateway.attempts.push({ plugin, identity: null, refusal: outcome })
      return
    }
    // who can't be asked may have said no for a reason: nobody becomes anonymous by an outage
    if (anonymous === null || outcome.statusCode >= 500) throw outcome
    passAsAnonymous(gateway, anonymous)
  }

  function fail (gateway: GatewayRequest, error: unknown): void {
    // what is wrong with the request itself (a body too large to look for a key in) is no matter of who calls
    if (error instanceof GatewayError && isAboutCaller(error)) conclude(gateway, error)
    else throw error
  }

  return function authenticate (request, reply) {
    const { gateway } = request
    if (!preflight && gateway.method === 'OPTIONS') return
    if (anonymous !== null && gateway.credential !== null) return
    let outcome: Identity | GatewayError | Promise<Identity | GatewayError>
    try {
      outcome = verify(request, reply)
    } catch (error) {
      fail(gateway, error)
      return
    }
    if (!(outcome instanceof Promise)) {
      conclude(gateway, outcome)
      return
    }
    return outcome.then(result => { conclude(gateway, result) }, error => { fail(gateway, error) })
  }
}

function isAboutCaller ({ statusCode }: GatewayError): boolean {
  return statusCode === 401 || statusCode === 403 || statusCode >= 500
}

/** The caller is this identity: for the plugins that follow, the log and the upstream. */
export function identify (gateway: GatewayRequest, identity: Identity): void {
  const { consumer, credential } = identity
  forget(gateway)
  gateway.identity = identity
  gateway.consumer = consumer
  gateway.credential = credential
  const headers = gateway.upstream?.headers
  if (headers === undefined) return
  headers.appendAll(identity.fields)
  for (const [name, value] of identity.headers) headers.set(name, fieldValue(value))
}

function passAsAnonymous (gateway: GatewayRequest, consumer: Consumer): void {
  forget(gateway)
  gateway.consumer = consumer
  const headers = gateway.upstream?.headers
  if (headers === undefined) return
  headers.appendAll(consumerFields(consumer))
  headers.append('X-Anonymous-Consumer', 'true')
}

const OWN_FIELDS = ['X-Consumer-ID', 'X-Consumer-Custom-ID', 'X-Consumer-Username', 'X-Credential-Identifier', 'X-Anonymous-Consumer']

/** Who another plugin of the chain has said it is; its further fields stay true. What the client says never comes this far. */
function forget (gateway: GatewayRequest): void {
  if (gateway.identity === null && gateway.consumer === null) return
  gateway.identity = null
  gateway.consumer = null
  gateway.credential = null
  for (const name of OWN_FIELDS) gateway.upstream?.headers.delete(name)
}
