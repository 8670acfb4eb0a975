import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { UpstreamRequest } from '../plugin-request.ts'
import type { CacheRules } from './rules.ts'

/** Says who calls, as far as a cache has to know. */
export class CallerReader {
  readonly #apart: boolean
  readonly #headers: readonly string[]

  constructor ({ vary_by_consumer: apart, private_headers: headers }: CacheRules) {
    this.#apart = apart
    this.#headers = headers.map(name => name.toLowerCase())
  }

  /**
   * '' for anybody; null for somebody, who has no cache of their own and so may share only what all may share; otherwise what
   * tells this caller from others: all that the upstream is told about them.
   */
  read (request: FastifyRequest, upstream: UpstreamRequest): string | null {
    const { consumer, credential, identity } = request.gateway
    if (consumer === null && credential === null && identity === null && !this.#tells(request)) return ''
    if (!this.#apart) return null
    const said = ['authorization', ...this.#headers].map(name => upstream.headers.getAll(name))
    const known = [consumer?.id, credential?.id, identity?.subject, identity?.scopes, identity?.roles, identity?.groups, identity?.headers, identity?.claims?.['iss']]
    // a digest: what callers send to prove who they are is not kept
    return createHash('sha256').update(JSON.stringify([known, said])).digest('base64url')
  }

  /** The request brings something that says who calls, whoever verifies it. */
  #tells ({ headers }: FastifyRequest): boolean {
    if (headers.authorization !== undefined) return true
    for (const name of this.#headers) if (headers[name] !== undefined) return true
    return false
  }
}
