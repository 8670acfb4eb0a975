import type { Readable } from 'node:stream'
import type { UpstreamRequest } from '../plugin.ts'
import { HeaderList } from './header-list.ts'
import type { Context } from '../gateway/context.ts'
import type { Destination, Ending } from '../upstream/destination.ts'
import type { Target } from './transport.ts'

const NOBODY: readonly Target[] = Object.freeze([])

/** The request that goes up, as plugins see and change it. */
export class Upstream implements UpstreamRequest {
  readonly destination: Destination
  /** Of the running or the last attempt; null before the first. */
  target: Target | null = null
  /** Targets of attempts that have failed. */
  #tried: readonly Target[] = NOBODY
  #begun = 0
  #running = false
  /** Host field, unless the client's is preserved or a plugin replaced it. */
  hostHeader: string
  method: string
  path: string
  query: string | null
  readonly headers: HeaderList
  body: Buffer | Readable | null = null
  /** Path prefix that the route stripped, for X-Forwarded-Prefix; '' when none. */
  readonly strippedPrefix: string

  constructor (destination: Destination, hostHeader: string, method: string, path: string, query: string | null, fields: string[], strippedPrefix: string) {
    this.destination = destination
    this.hostHeader = hostHeader
    this.method = method
    this.path = path
    this.query = query
    this.headers = new HeaderList(fields)
    this.strippedPrefix = strippedPrefix
  }

  /** Chooses the target of the next attempt, which begins. */
  begin (context: Context): Target {
    if (this.target !== null) this.#tried = [...this.#tried, this.target]
    const target = this.destination.pick(context, this.#tried)
    this.target = target
    this.#running = true
    this.#begun = this.#tried.length === 0 ? context.proxiedTick : performance.now()
    this.destination.begin(target, context)
    return target
  }

  /** The attempt's final status is here. */
  head (status: number, context: Context): void {
    this.destination.head(this.target as Target, status, context.headTick - this.#begun, context)
  }

  /** The attempt has ended. Whatever comes after that is not heard. */
  end (ending: Ending, context: Context): void {
    if (!this.#running) return
    this.#running = false
    this.destination.end(this.target as Target, ending, context)
  }

  get protocol (): 'http' | 'https' { return this.destination.protocol }
  get host (): string { return (this.target ?? this.destination).host }
  get port (): number { return (this.target ?? this.destination).port }
}
