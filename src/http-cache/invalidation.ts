import type { FastifyRequest } from 'fastify'
import type { AnswerWatcher, WatchedHead } from '../proxy/answer/answer-watcher.ts'
import type { WholeAnswer } from '../proxy/answer/whole-answer.ts'
import type { ResponseCache } from './cache.ts'
import { valueOf } from './fields.ts'

/**
 * Drops what an unsafe request has changed, when it has succeeded (RFC 9111 section 4.4).
 *
 * @param kept its own answer is stored, since the service says that it serves others as well: what others of its kind were
 * answered still holds then
 */
export function dropChanged (cache: ResponseCache, { gateway: { scheme, host, path, target } }: FastifyRequest, { status, fields }: WatchedHead, kept: boolean): void {
  if (status >= 400) return
  const mark = target.indexOf('?')
  const own = cache.keys.uri(scheme, host, path, mark === -1 ? null : target.slice(mark + 1))
  const origin = cache.keys.uri(scheme, host, '/', null)
  cache.invalidate(own, !kept)
  for (const name of ['location', 'content-location']) {
    const reference = valueOf(fields, name)
    const uri = reference === undefined ? null : cache.keys.uriOf(reference, own)
    // nobody invalidates what is another's
    if (uri !== null && uri !== own && uri.startsWith(origin)) cache.invalidate(uri, true)
  }
}

/** An unsafe request whose answer isn't stored. */
export class Invalidation implements AnswerWatcher {
  readonly satisfied = true
  readonly #cache: ResponseCache
  readonly #request: FastifyRequest

  constructor (cache: ResponseCache, request: FastifyRequest) {
    this.#cache = cache
    this.#request = request
  }

  head (head: WatchedHead): WholeAnswer | null {
    dropChanged(this.#cache, this.#request, head, false)
    return null
  }

  data (): void {}
  end (): void {}
  failed (): null { return null }
  closed (): void {}
}
