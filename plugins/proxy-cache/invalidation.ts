import type { AnswerWatcher, FastifyRequest, WatchedHead, WholeAnswer } from '../../src/plugin.ts'
import type { ResponseCache } from './cache.ts'
import { valueOf } from './fields.ts'

/** Methods that change nothing (RFC 9110 section 9.2.1, RFC 4918, RFC 3253, RFC 5323; QUERY of draft-ietf-httpbis-safe-method-w-body). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/** One that nobody knows may change anything. */
export function isSafe (method: string): boolean {
  return SAFE.has(method)
}

/** An unsafe request: when it has succeeded, what is stored of what it changed is dropped (RFC 9111 section 4.4). */
export class Invalidation implements AnswerWatcher {
  readonly satisfied = true
  readonly #cache: ResponseCache
  readonly #uri: string
  readonly #origin: string

  constructor (cache: ResponseCache, { gateway: { scheme, host, path, target } }: FastifyRequest) {
    this.#cache = cache
    const mark = target.indexOf('?')
    this.#uri = cache.keys.uri(scheme, host, path, mark === -1 ? null : target.slice(mark + 1))
    this.#origin = cache.keys.uri(scheme, host, '/', null)
  }

  head ({ status, fields }: WatchedHead): WholeAnswer | null {
    if (status >= 400) return null
    this.#cache.invalidate(this.#uri)
    for (const name of ['location', 'content-location']) {
      const reference = valueOf(fields, name)
      const uri = reference === undefined ? null : this.#cache.keys.uriOf(reference, this.#uri)
      // nobody invalidates what is another's
      if (uri !== null && uri !== this.#uri && uri.startsWith(this.#origin)) this.#cache.invalidate(uri)
    }
    return null
  }

  data (): void {}
  end (): void {}
  failed (): null { return null }
  closed (): void {}
}
