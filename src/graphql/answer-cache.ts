import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { ResponseCache } from '../http-cache/cache.ts'
import { valueOf } from '../http-cache/fields.ts'
import type { CacheRules } from '../http-cache/rules.ts'
import type { Subject } from '../http-cache/subject.ts'
import type { PluginGateway } from '../plugin-contract.ts'
import type { PurgeOrder } from '../stores/cache/cache-store.ts'
import { type GraphqlFrontEnd, graphqlFrontEnd, type GraphqlRequest } from './front-end.ts'
import { STANDARD_LIMITS } from './limiter.ts'
import { normalText } from './normal-text.ts'

/** Answers queries from a cache, by what they ask. */
export class GraphqlAnswerCache {
  readonly #cache: ResponseCache
  readonly #frontEnd: GraphqlFrontEnd
  readonly #invalidates: boolean

  /** @param invalidates a mutation that succeeds drops what is stored of its URI */
  constructor (rules: CacheRules, invalidates: boolean, gateway: PluginGateway) {
    this.#cache = new ResponseCache(rules, gateway)
    this.#frontEnd = graphqlFrontEnd(gateway)
    this.#invalidates = invalidates
  }

  /** Call it in the request phase, with the body held. */
  admit (request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const asked = this.#read(request)
    if (asked === null) return this.#cache.bypass(request, reply, 'fwd=request', false)
    const { operations: [operation, ...more], batch, sent } = asked
    // who sends a list gets one
    if (operation === undefined || batch || more.length > 0) return this.#cache.bypass(request, reply, 'fwd=request', this.#invalidates && changes(asked))
    if (operation.node.operation !== 'query') return this.#cache.bypass(request, reply, 'fwd=method', this.#invalidates && changes(asked))
    const accept = request.gateway.upstream?.headers.getAll('accept').join(', ') ?? ''
    // by GET the parameters are in the normal text; beside a body they may say anything to the service
    const query = sent.method === 'POST' ? sent.query ?? '' : ''
    return this.#cache.admit(request, reply, new Query(`${accept}\n${query}\n${normalText(operation, sent)}`))
  }

  async purge (order: PurgeOrder): Promise<number> {
    return await this.#cache.purge(order)
  }

  /** null: it is no GraphQL request, which isn't for a cache to judge. */
  #read (request: FastifyRequest): GraphqlRequest | null {
    try {
      return this.#frontEnd.read(request, STANDARD_LIMITS)
    } catch (error) {
      if (error instanceof GatewayError) return null
      throw error
    }
  }
}

function changes ({ operations }: GraphqlRequest): boolean {
  return operations.some(({ node }) => node.operation === 'mutation')
}

class Query implements Subject {
  readonly key: string

  constructor (key: string) {
    this.key = key
  }

  /** Data, and no errors: what has failed for one may not for the next. */
  keeps (body: Buffer, fields: readonly string[]): boolean {
    if (valueOf(fields, 'content-encoding') !== undefined) return false
    let answer: unknown
    try {
      answer = JSON.parse(body.toString('utf8'))
    } catch {
      return false
    }
    if (!isObject(answer)) return false
    const { data, errors } = answer
    return isObject(data) && (errors === undefined || errors === null || (Array.isArray(errors) && errors.length === 0))
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
