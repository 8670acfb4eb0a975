import type { Readable } from 'node:stream'
import type { UpstreamRequest } from '../plugin.ts'
import { HeaderList } from './header-list.ts'
import type { Destination } from '../upstream/destination.ts'
import type { Target } from './transport.ts'

/** The request that goes up, as plugins see and change it. */
export class Upstream implements UpstreamRequest {
  readonly destination: Destination
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

  constructor (destination: Destination, hostHeader: string, method: string, path: string, query: string | null, fields: string[], strippedPrefix: string) {
    this.destination = destination
    this.hostHeader = hostHeader
    this.method = method
    this.path = path
    this.query = query
    this.headers = new HeaderList(fields)
    this.strippedPrefix = strippedPrefix
  }

  get protocol (): 'http' | 'https' { return this.destination.protocol }
  get host (): string { return (this.target ?? this.destination).host }
  get port (): number { return (this.target ?? this.destination).port }
}
