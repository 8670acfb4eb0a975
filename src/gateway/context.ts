import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Attempt, Identity } from '../auth/identity.ts'
import type { Consumer, Route, Service } from '../config/model.ts'
import type { GatewayError } from '../errors.ts'
import type { CopyOptions, Credential, GatewayRequest, LogSink, TraceContext } from '../plugin.ts'
import type { AnswerFields } from '../proxy/fields/answer-fields.ts'
import type { Ended } from '../observability/ended.ts'
import type { ReplyFields } from '../proxy/fields/reply-fields.ts'
import type { Upstream } from '../proxy/request/upstream.ts'
import { Copy } from '../proxy/copy.ts'
import type { AnswerWatcher } from '../proxy/answer/answer-watcher.ts'
import { Errand } from '../proxy/errand.ts'
import type { HeaderList } from '../proxy/fields/header-list.ts'
import type { WholeAnswer } from '../proxy/answer/whole-answer.ts'
import { collectBody, hasBody } from '../proxy/request/request-body.ts'
import type { Connection } from './listener/connection.ts'
import type { DebugTrace } from './debug/trace.ts'
import type { Handshake } from './listener/handshake.ts'
import type { RouteRuntime } from './runtime.ts'
import type { Scope } from './scopes.ts'
import { timelineOf, type Timeline, type Wait } from './timeline.ts'
import { sendTo } from './send-to.ts'
import type { Snapshot } from './snapshot.ts'

/** Where the context of a request rides on Node's request. */
export const kContext: unique symbol = Symbol('sallyport.context')

export interface GatewayMessage extends IncomingMessage {
  [kContext]: Context
}

// nobody writes to it
const NO_FIELDS = Object.freeze([]) as unknown as string[]
const NO_CAPTURES: Readonly<Record<string, string>> = Object.freeze({})

/**
 * What can be ended when the client leaves. An object, not a function: a closure made for each request has V8 promote
 * every request to its old generation, 5 µs of garbage collection a request.
 */
export interface Hop {
  cancel (): void
}

/** One failed or successful attempt at an upstream connection. */
export interface Try {
  readonly host: string
  readonly port: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Coded reason where the attempt failed. */
  error?: string
  /** Status that was not passed on. */
  status?: number
  /** Milliseconds. */
  took?: number
}

/**
 * One request on its way: what plugins see at `request.gateway`, and what the engine keeps beside it.
 *
 * One class with all fields set in one place, so that every request has the same hidden class.
 */
export class Context implements GatewayRequest {
  id: string
  route: Route | null = null
  service: Service | null = null
  clientIp: string
  scheme: 'http' | 'https'
  host = ''
  port: number
  method: string
  target: string
  path = ''
  captures: Readonly<Record<string, string>> = NO_CAPTURES
  /** What the route's path has matched; `/` for a route without paths. */
  prefix = '/'
  startedAt: number
  consumer: Consumer | null = null
  credential: Credential | null = null
  identity: Identity | null = null
  /** null: a refusal of an authentication plugin is the answer. */
  attempts: Attempt[] | null = null
  upstream: Upstream | null = null
  answer: WholeAnswer | null = null
  /** Is told of the upstream's answer. */
  watcher: AnswerWatcher | null = null
  #log: Record<string, unknown> | null = null

  /** Monotonic milliseconds: start, sent to the upstream, its head arrived. 0: not reached. */
  startedTick: number
  proxiedTick = 0
  /** The last attempt began. */
  triedTick = 0
  headTick = 0

  readonly raw: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  snapshot: Snapshot
  scope: Scope
  runtime: RouteRuntime | null = null
  /** Decided before any plugin ran (malformed, https only, no route): access and request phases are skipped. */
  failure: GatewayError | null = null
  /** A plugin or the engine has answered: recorded when `send`, `hijack` or `redirect` is called. */
  answered = false
  /** The response hooks have seen the answer; what is sent now only has to be written. */
  hooksDone = false
  /** The answer is the upstream's. */
  proxied = false
  /** The answer is an error that the gateway renders. */
  failed = false
  /** The header of a held answer while response hooks see it, and after; null: Fastify's own store has it. */
  answerFields: AnswerFields | null = null
  /** Header fields that stood on the reply before the response phase, the upstream's left out; null: it has not begun. */
  ownFields: ReplyFields | null = null
  upstreamStatus = 0
  /** Code of the error that became the answer, for the log. */
  errorCode: string | null = null
  /** Answered past Fastify, which knows nothing of it: the rest of its body was refused. */
  refused = false
  /** What a client was told that no upstream was asked for; null: nothing. */
  refusal: string | null = null
  tries: Try[] | null = null
  /** Header fields of the answer, where the hop wrote them itself: name, value, … */
  responseHeaders: readonly string[] | null = null
  /** Query without `?`, as received. */
  query: string | null = null
  /** The connection's peer is in `trusted_ips`. */
  trusted = false
  /** The log and the counters have seen its end. */
  finished = false
  /** How it ended; null: it has not, or nobody wants to know. */
  ended: Ended | null = null
  /** Plugin whose request hook runs or has ended the walk; null: none does. */
  plugin: string | null = null
  /** What it is called in traces; null: in none. */
  trace: TraceContext | null = null
  /** What X-Sallyport-Debug said, whatever it was; null: nothing. */
  debugToken: string | null = null
  /** What is noted of it, where a token asks for that. */
  debug: DebugTrace | null = null
  /** Plugins that kept it waiting, where somebody wants to know. */
  waits: Wait[] | null = null
  /** Get the line of the access log when all log hooks have run. */
  sinks: LogSink[] | null = null
  /** Fields of our own are on the local answer. */
  stamped = false
  /** What goes upstream, of a request whose route has no service: a plugin may find one. */
  fields: string[] = NO_FIELDS
  /** Follow the request when it goes up. */
  copies: Copy[] | null = null
  /** Counts as running for the overload protection. */
  admitted = false
  /** Field values that decide about the hop; undefined where absent. */
  forwardedFor: string | undefined = undefined
  forwardedHost: string | undefined = undefined
  forwardedPort: string | undefined = undefined
  forwardedPath: string | undefined = undefined
  forwardedPrefix: string | undefined = undefined
  via: string | undefined = undefined
  hostHeader = ''
  /** The client accepts trailers (`TE: trailers`). */
  trailers = false
  /** The client waits for `100 Continue`. */
  expectsContinue = false
  /** The client asks for a WebSocket. */
  upgrade: Handshake | null = null
  /** Config chosen for each chain item that has consumer-level alternatives. */
  choices: Array<number | undefined> | null = null
  /** Response hook that failed once: it is passed over while its error is sent. */
  failedStep = -1
  reply: FastifyReply | null = null
  /** Sweeper's memory of the upload: since when it counts, and from which byte. */
  bodySince = 0
  bodyBytes = 0
  /** The whole body, where a plugin has read it in the access phase. */
  heldBody: Buffer | null = null
  #reading: Promise<Buffer | null> | null = null
  /** What the request is balanced by, where the gateway has made it up; null: nothing. */
  affinityKey: string | null = null
  /** Set-Cookie by which the client will come back to its target; null: none. */
  affinityCookie: string | null = null
  /** The upstream's side while it runs. */
  hop: Hop | null = null

  constructor (id: string, raw: IncomingMessage, response: ServerResponse, connection: Connection, snapshot: Snapshot, scope: Scope) {
    this.id = id
    this.raw = raw
    this.response = response
    this.connection = connection
    this.snapshot = snapshot
    this.scope = scope
    this.method = raw.method as string
    this.target = raw.url as string
    this.clientIp = connection.address
    this.scheme = connection.scheme
    this.port = connection.port
    this.startedAt = Date.now()
    this.startedTick = performance.now()
  }

  get log (): Record<string, unknown> {
    this.#log ??= {}
    return this.#log
  }

  watch (watcher: AnswerWatcher): void {
    if (this.watcher !== null) throw new TypeError('another plugin watches the answer of this request')
    this.watcher = watcher
  }

  sendBeside (headers: HeaderList, watcher: AnswerWatcher): void {
    if (this.upstream === null) throw new TypeError('the route has no service')
    new Errand(this, this.upstream, headers, watcher).send()
  }

  readBody (): Promise<Buffer | null> {
    this.#reading ??= this.#holdBody()
    return this.#reading
  }

  async #holdBody (): Promise<Buffer | null> {
    if (!hasBody(this.raw) || this.upgrade !== null) return null
    if (this.raw.readableDidRead) throw new TypeError('readBody() after the access phase')
    this.heldBody = await new Promise((resolve, reject) => {
      collectBody(this, this.snapshot.config.gateway.limits.request_buffer, (error, body) => error === null ? resolve(body) : reject(error))
    })
    if (this.upstream !== null) this.upstream.body = this.heldBody
    return this.heldBody
  }

  copyTo (options: CopyOptions): void {
    if (this.runtime === null || this.upgrade !== null) return
    (this.copies ??= []).push(new Copy(this, this.runtime.reach(options.service), options))
  }

  timeline (): Timeline {
    return timelineOf(this)
  }

  logTo (sink: LogSink): void {
    (this.sinks ??= []).push(sink)
  }

  sendTo (service: Service): void {
    sendTo(this, service)
  }

  /** Same as `log`, without making it. */
  get logFields (): Readonly<Record<string, unknown>> | null {
    return this.#log
  }
}
