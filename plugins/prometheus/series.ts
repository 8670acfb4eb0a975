import { END_REASONS, type Consumer, type Ended, type EndReason, type GatewayRequest, type Route, type Service } from '../../src/plugin.ts'
import { Histogram } from './histogram.ts'

/** Milliseconds. */
export interface Buckets {
  readonly latency: readonly number[]
  readonly gateway: readonly number[]
}

/** Where what has no room of its own is counted. */
export const OTHER = '_other'

/** Different statuses and end reasons of one block; an upstream can send any number of three digits. */
const MOST_ANSWERS = 64

export interface AnswerCount {
  readonly code: string
  readonly reason: EndReason
  readonly source: 'upstream' | 'gateway'
  count: number
}

const REASON_NUMBERS = Object.fromEntries(Object.keys(END_REASONS).map((reason, number) => [reason, number])) as Readonly<Record<EndReason, number>>

/** What is counted of one combination of route, service and consumer. */
export class Block {
  readonly route: string
  readonly service: string
  readonly consumer: string
  readonly answers = new Map<number, AnswerCount>()
  /** By plugin and end reason. */
  readonly plugins = new Map<string, { readonly plugin: string, readonly reason: EndReason, count: number }>()
  readonly cache = new Map<string, number>()
  readonly total: Histogram
  readonly upstream: Histogram
  readonly gateway: Histogram
  ingress = 0
  egress = 0
  failedTries = 0

  constructor (route: string, service: string, consumer: string, buckets: Buckets) {
    this.route = route
    this.service = service
    this.consumer = consumer
    this.total = new Histogram(buckets.latency)
    this.upstream = new Histogram(buckets.latency)
    this.gateway = new Histogram(buckets.gateway)
  }

  add (ended: Ended, cache: unknown): void {
    this.#answer(ended).count++
    this.total.add(ended.total)
    this.gateway.add(ended.gateway)
    if (ended.upstream !== -1) this.upstream.add(ended.upstream)
    this.ingress += ended.read
    this.egress += ended.written
    this.failedTries += ended.failedTries
    if (ended.plugin !== null) this.#refusal(ended.plugin, ended.reason).count++
    if (typeof cache === 'string' && (this.cache.size < MOST_ANSWERS || this.cache.has(cache))) this.cache.set(cache, (this.cache.get(cache) ?? 0) + 1)
  }

  #answer ({ status, reason, proxied }: Ended): AnswerCount {
    const key = (status * 64 + REASON_NUMBERS[reason]) * 2 + (proxied ? 1 : 0)
    const known = this.answers.get(key)
    if (known !== undefined) return known
    const full = this.answers.size >= MOST_ANSWERS
    // as many as there are classes of statuses, with one reason and one source
    const place = full ? -Math.trunc(status / 100) : key
    let count = this.answers.get(place)
    if (count === undefined) {
      count = full
        ? { code: `${-place}xx`, reason: '-', source: 'upstream', count: 0 }
        : { code: String(status), reason, source: proxied ? 'upstream' : 'gateway', count: 0 }
      this.answers.set(place, count)
    }
    return count
  }

  #refusal (plugin: string, reason: EndReason): { count: number } {
    const key = `${plugin} ${reason}`
    let count = this.plugins.get(key)
    if (count === undefined) {
      count = { plugin, reason, count: 0 }
      this.plugins.set(key, count)
    }
    return count
  }
}

/** All blocks of an entry. They outlive reloads: names, not objects of a configuration, tell them apart. */
export class Series {
  readonly buckets: Buckets
  readonly #blocks = new Map<string, Block>()
  /** Of routes with their own service and nobody's consumer: most requests find theirs without a string being made. */
  #byRoute = new WeakMap<Route, Block>()
  #most = 0
  #perConsumer = false
  #other: Block | null = null

  constructor (buckets: Buckets) {
    this.buckets = buckets
  }

  /** After each reload. */
  configure ({ max_series: most, per_consumer: perConsumer }: { readonly max_series: number, readonly per_consumer: boolean }): void {
    this.#most = most
    this.#perConsumer = perConsumer
    this.#byRoute = new WeakMap()
  }

  * blocks (): Generator<Block> {
    yield * this.#blocks.values()
    if (this.#other !== null) yield this.#other
  }

  add (request: GatewayRequest): void {
    const { route, service, ended } = request
    if (ended === null) return
    const consumer = this.#perConsumer ? request.consumer : null
    this.#find(route, service, consumer).add(ended, request.logFields === null ? null : request.logFields['cache'])
  }

  #find (route: Route | null, service: Service | null, consumer: Consumer | null): Block {
    if (route === null || consumer !== null || (service !== null && service.id !== route.service)) return this.#byName(route, service, consumer)
    let block = this.#byRoute.get(route)
    if (block === undefined) {
      block = this.#byName(route, service, null)
      this.#byRoute.set(route, block)
    }
    return block
  }

  #byName (route: Route | null, service: Service | null, consumer: Consumer | null): Block {
    const names = [route?.name ?? route?.id ?? '', service?.name ?? service?.host ?? '', consumer?.username ?? consumer?.custom_id ?? ''] as const
    const key = names.join('\n')
    let block = this.#blocks.get(key)
    if (block !== undefined) return block
    if (this.#blocks.size >= this.#most) {
      this.#other ??= new Block(OTHER, OTHER, consumer === null ? '' : OTHER, this.buckets)
      return this.#other
    }
    block = new Block(...names, this.buckets)
    this.#blocks.set(key, block)
    return block
  }
}
