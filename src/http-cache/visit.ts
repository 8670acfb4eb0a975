import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UpstreamRequest } from '../plugin-request.ts'
import type { Seen, Variants } from '../stores/cache/cache-store.ts'
import type { RequestDirectives } from './directives.ts'
import { type Key, keyId } from './key.ts'
import type { Passes } from './passes.ts'
import { isSafe } from './safe-methods.ts'
import type { Subject } from './subject.ts'

/** One request that may be answered from the cache. */
export class Visit implements Seen {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly upstream: UpstreamRequest
  readonly key: Key
  readonly asks: RequestDirectives
  /** The caller is somebody without a cache of their own. */
  readonly identified: boolean
  /** Why its answer is not stored whatever it is; null: it may be. */
  readonly obstacle: string
  /** Where what was found is stored. */
  place = ''
  /** What the store has said at the look-up. */
  generation: string | null = null
  /** By which fields the answers differ that are stored for it. */
  variants: Variants | null = null
  /** It has waited for another one: once is enough. */
  waited = false
  /** What was looked for and not found (RFC 9211 section 2.2). */
  missed: 'uri-miss' | 'vary-miss' | 'stale' | 'bypass' = 'uri-miss'
  /** What it asks for, where method, query and body don't say; it changes nothing then. */
  readonly subject: Subject | null
  readonly #passes: Passes
  #id: string | null = null

  constructor (request: FastifyRequest, reply: FastifyReply, upstream: UpstreamRequest, key: Key, asks: RequestDirectives, identified: boolean, obstacle: string, passes: Passes, subject: Subject | null = null) {
    this.request = request
    this.reply = reply
    this.upstream = upstream
    this.key = key
    this.asks = asks
    this.identified = identified
    this.obstacle = obstacle
    this.subject = subject
    this.#passes = passes
  }

  /** Nobody has to fear that it changes what is stored. */
  get safe (): boolean {
    return this.subject !== null || isSafe(this.request.gateway.method)
  }

  get storing (): boolean {
    return this.obstacle === ''
  }

  /** For whom it may wait: what an identified caller gets can mostly not be stored, and says nothing about what others get. */
  get flight (): string {
    return `${this.identified ? '!' : ''}${this.key.uri}\n${this.key.rest}`
  }

  /** What the answer can be purged by. */
  get id (): string {
    this.#id ??= keyId(this.key)
    return this.#id
  }

  /** Its answer can't be stored, and so soon neither can the next one. */
  pass (): void {
    this.#passes.add(this.flight)
  }

  log (state: string): void {
    this.request.gateway.log['cache'] = state
  }
}
