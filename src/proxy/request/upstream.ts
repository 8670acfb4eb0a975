import type { Readable } from 'node:stream'
import type { UpstreamRequest } from '../../plugin.ts'
import { HeaderList } from '../fields/header-list.ts'
import type { RetryPolicy } from '../attempts/retry-policy.ts'
import type { ServicePolicy, Timeouts } from '../service-policy.ts'
import type { Destination } from '../../upstream/destination.ts'
import type { Target } from '../transport/transport.ts'

/** The request that goes up, as plugins see and change it. */
export class Upstream implements UpstreamRequest {
  /** Of the service; `redirect` changes it. */
  destination: Destination
  /** Of the same service. */
  policy: ServicePolicy
  timeouts: Timeouts
  retry: RetryPolicy
  /** Of the attempt that began last; null before the first. */
  target: Target | null = null
  /** Host field, unless the client's is preserved or a plugin replaced it. */
  hostHeader: string
  method: string
  path: string
  query: string | null
  readonly headers: HeaderList
  body: Buffer | Readable | null = null
  /** Path prefix that the route stripped, for X-Forwarded-Prefix; '' when none. */
  readonly strippedPrefix: string
  /** Where the value of the Host field stands among the finished fields. */
  hostAt = -1
  /** The Host field that a target's own may replace; null: it is the client's. */
  #given: string | null

  /** @param preserved `hostHeader` is the client's */
  constructor (destination: Destination, policy: ServicePolicy, hostHeader: string, preserved: boolean, method: string, path: string, query: string | null, fields: string[], strippedPrefix: string) {
    this.destination = destination
    this.policy = policy
    this.timeouts = policy.timeouts
    this.retry = policy.retry
    this.hostHeader = hostHeader
    this.#given = preserved ? null : hostHeader
    this.method = method
    this.path = path
    this.query = query
    this.headers = new HeaderList(fields)
    this.strippedPrefix = strippedPrefix
  }

  /** The name that goes up is the client's, and so is the one that TLS verifies. */
  get preserved (): boolean {
    return this.#given === null
  }

  /** The next attempt goes to this target, by its own name unless the client's is preserved or a plugin has named another. */
  aim (target: Target): void {
    this.target = target
    if (target.hostHeader !== null && this.hostHeader === this.#given) this.headers.raw[this.hostAt] = target.hostHeader
  }

  /** The same request with other fields and without its body, before its first attempt. */
  copy (fields: string[]): Upstream {
    const copy = new Upstream(this.destination, this.policy, this.hostHeader, this.#given === null, this.method, this.path, this.query, fields, this.strippedPrefix)
    copy.timeouts = this.timeouts
    return copy
  }

  /** To somewhere else, before the first attempt. */
  redirect (destination: Destination, policy: ServicePolicy, hostHeader: string, preserved: boolean, path: string): void {
    this.destination = destination
    // what a plugin has said stays
    if (this.timeouts === this.policy.timeouts) this.timeouts = policy.timeouts
    if (this.retry === this.policy.retry) this.retry = policy.retry
    this.policy = policy
    this.hostHeader = hostHeader
    this.#given = preserved ? null : hostHeader
    this.path = path
  }

  get protocol (): 'http' | 'https' { return this.destination.protocol }
  get host (): string { return (this.target ?? this.destination).host }
  get port (): number { return (this.target ?? this.destination).port }
}
