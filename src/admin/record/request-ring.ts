import type { Ended } from '../../observability/ended.ts'
import type { Redactor } from '../../observability/redaction.ts'
import { consumerName } from '../views/names.ts'
import type { RequestDetails, RequestView, TimelineView } from '../api/types.ts'
import type { Context } from '../../gateway/context.ts'
import { attemptsOf, failureOf } from '../../gateway/timeline.ts'

/** Which requests are asked for. */
export interface RequestFilter {
  readonly route?: string
  /** A number, or a class: `4xx`. */
  readonly status?: string
  readonly end?: string
  readonly consumer?: string
  readonly size: number
}

/** What is kept of a request: no header field, no body, nothing that holds memory of the request itself. */
interface Kept {
  readonly id: string
  readonly startedAt: number
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly target: string
  readonly clientIp: string
  readonly route: string | null
  readonly service: string | null
  readonly consumer: string | null
  readonly upstreamHost: string | null
  readonly upstreamPort: number
  readonly upstreamStatus: number
  readonly ended: Ended
  readonly tries: number
  readonly reason: string | null
  readonly snapshot: number
  readonly timeline: TimelineView | null
}

/** Requests that are kept, and of those that went wrong again as many: a busy gateway would have none of them left. */
const ALL = 400
const ODD = 200
/** Longer targets are cut: what a client can send must not decide about our memory. */
const LONGEST = 512

/** The requests that ended last. */
export class RequestRing {
  readonly #all: Array<Kept | undefined> = new Array<Kept | undefined>(ALL).fill(undefined)
  readonly #odd: Array<Kept | undefined> = new Array<Kept | undefined>(ODD).fill(undefined)
  #next = 0
  #nextOdd = 0

  add (context: Context, ended: Ended, snapshot: number, timeline: TimelineView | null): void {
    const { route, service, consumer, upstream, target } = context
    const asked = upstream !== null && context.proxiedTick !== 0 ? upstream : null
    const kept: Kept = {
      id: context.id,
      startedAt: context.startedAt,
      method: context.method,
      scheme: context.scheme,
      host: short(context.host),
      port: context.port,
      target: short(target),
      clientIp: context.clientIp,
      route: route === null ? null : route.name ?? route.id,
      service: service === null ? null : service.name ?? service.id,
      consumer: consumer === null ? null : consumerName(consumer),
      upstreamHost: asked === null ? null : asked.host,
      upstreamPort: asked === null ? 0 : asked.port,
      upstreamStatus: context.upstreamStatus,
      ended,
      tries: attemptsOf(context),
      reason: shortOrNull(failureOf(context)),
      snapshot,
      timeline
    }
    this.#all[this.#next] = kept
    this.#next = this.#next + 1 === ALL ? 0 : this.#next + 1
    if (ended.status < 400 && ended.error === null && timeline === null) return
    this.#odd[this.#nextOdd] = kept
    this.#nextOdd = this.#nextOdd + 1 === ODD ? 0 : this.#nextOdd + 1
  }

  /** Newest first. */
  list ({ route, status, end, consumer, size }: RequestFilter, redactor: Redactor): RequestView[] {
    return [...new Set([...this.#all, ...this.#odd])]
      .filter((kept): kept is Kept => kept !== undefined &&
        (route === undefined || kept.route === route) &&
        (status === undefined || status === String(kept.ended.status) || status === `${Math.floor(kept.ended.status / 100)}xx`) &&
        (end === undefined || kept.ended.reason === end) &&
        (consumer === undefined || kept.consumer === consumer))
      .sort((a, b) => b.startedAt + b.ended.total - a.startedAt - a.ended.total)
      .slice(0, size)
      .map(kept => view(kept, redactor))
  }

  /** null: it is not there any more, or never was. */
  one (id: string, redactor: Redactor): RequestDetails | null {
    const kept = [...this.#all, ...this.#odd].find(each => each?.id === id)
    return kept === undefined ? null : { ...view(kept, redactor), timeline: kept.timeline }
  }
}

/** A part of a string holds the whole of it in memory: this is a copy. */
function short (text: string): string {
  return text.length > LONGEST ? Buffer.from(text.slice(0, LONGEST)).toString() : text
}

function shortOrNull (text: string | null): string | null {
  return text === null ? null : short(text)
}

function view (kept: Kept, redactor: Redactor): RequestView {
  const { ended, upstreamHost: host, upstreamPort: port } = kept
  return {
    id: kept.id,
    at: new Date(kept.startedAt).toISOString(),
    method: kept.method,
    url: redactor.secrets(redactor.url(urlOf(kept))),
    client_ip: kept.clientIp,
    route: kept.route,
    service: kept.service,
    consumer: kept.consumer,
    upstream: host === null ? null : authority(redactor.host(host, port), port),
    status: ended.status,
    upstream_status: kept.upstreamStatus === 0 ? null : kept.upstreamStatus,
    end: ended.reason,
    error: ended.error,
    plugin: ended.plugin,
    latencies: { total: rounded(ended.total), gateway: rounded(ended.gateway), upstream: ended.upstream < 0 ? null : rounded(ended.upstream) },
    tries: kept.tries,
    reason: kept.reason === null ? null : redactor.url(redactor.secrets(kept.reason)),
    request_bytes: ended.read,
    response_bytes: ended.written,
    snapshot: kept.snapshot,
    has_timeline: kept.timeline !== null
  }
}

/** What the client asked for; a target that is an address says it all. */
function urlOf ({ scheme, host, port, target }: Kept): string {
  if (/^https?:\/\//i.test(target)) return target
  const usual = port === (scheme === 'https' ? 443 : 80)
  return `${scheme}://${usual ? host : authority(host, port)}${target.startsWith('/') ? '' : '/'}${target}`
}

function authority (host: string, port: number): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

function rounded (milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
