/** What plugins see of a request: {@link GatewayRequest}, at `request.gateway`. */
import type { Readable } from 'node:stream'
import type { Consumer, Route, Service } from './config/model.ts'
import type { Attempt, Identity } from './auth/identity.ts'
import type { AnswerWatcher } from './proxy/answer/answer-watcher.ts'
import type { HeaderList } from './proxy/fields/header-list.ts'
import type { Timeline } from './gateway/timeline.ts'
import type { Ended } from './observability/ended.ts'
import type { WholeAnswer } from './proxy/answer/whole-answer.ts'
import type { RetryPolicy } from './proxy/attempts/retry-policy.ts'
import type { Timeouts as UpstreamTimeouts } from './proxy/service-policy.ts'

/** What was verified about the caller. */
export interface Credential {
  readonly id: string
  /** Shown to the upstream as X-Credential-Identifier. */
  readonly identifier?: string
}

/** What goes to the upstream; plugins of the access and request phases change it in place. */
export interface UpstreamRequest {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  method: string
  /** Path in its final, escaped form, without query. */
  path: string
  /** Query as the client sent it, without the `?`; null when there was none, '' for a lone `?`. */
  query: string | null
  /** The Host field. Never in `headers`. */
  hostHeader: string
  /** Header fields in order; hop-by-hop fields and client-sent identity headers are already gone. */
  readonly headers: HeaderList
  /** How long is waited for what. Of the service; a plugin may put another object here, and changes none. */
  timeouts: UpstreamTimeouts
  /** When it is asked again. Of the service; a plugin may put what {@link createRetryPolicy} made here. */
  retry: RetryPolicy
  /** Replaces the body: set it only where `body: 'buffer'` is declared. Content-Length is recomputed. */
  body: Buffer | Readable | null
}

/**
 * What became of a copy. `answered`: with whatever status · `failed`: no whole answer · `timeout` · `refused`: the service has no
 * target, or its circuit breaker is open · `too_large`: its body is longer than the limit · `cut`: the body broke off, or the
 * process ends.
 */
export type CopyOutcome = 'answered' | 'failed' | 'timeout' | 'refused' | 'too_large' | 'cut'

/** A copy of a request, for {@link GatewayRequest.copyTo}. */
export interface CopyOptions {
  readonly service: Service
  /** Milliseconds for the whole of it. */
  readonly timeout: number
  /** Longest body that is copied, in bytes. */
  readonly limit: number
  /** Sends the Host of the request instead of the service's. */
  readonly preserveHost: boolean
  /** Asked when the request goes up: the last word. */
  wanted (): boolean
  /** Changes the header fields of the copy. */
  edit (headers: HeaderList): void
  /** Told once what became of it, if it was wanted. */
  done (outcome: CopyOutcome): void
}

/** Under which name a request is known in distributed traces (W3C Trace Context). */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits: the span that asks the upstream. */
  readonly spanId: string
  readonly sampled: boolean
}

/** Something that log lines go to. It must neither throw nor make anybody wait. */
export interface LogSink {
  /** @param line of the access log, in ASCII, with a newline at its end; secrets are cut already */
  take (line: string, ended: Ended): void
}

/** One request on its way through the gateway, at `request.gateway`. */
export interface GatewayRequest {
  /** 32 hex digits. */
  readonly id: string
  /** null where no route matched. */
  readonly route: Route | null
  readonly service: Service | null
  /** Address of the client, after `trusted_ips`. */
  readonly clientIp: string
  /** Whether the peer of the connection is in `trusted_ips`: what it says about the client is believed. */
  readonly trusted: boolean
  readonly scheme: 'http' | 'https'
  /** Lower-case, without port. */
  readonly host: string
  readonly port: number
  readonly method: string
  /** Request target as received. */
  readonly target: string
  /** Normalised path: the one that the router matched. */
  readonly path: string
  /** Groups of the regex path that matched: by number (from 1) and by name. */
  readonly captures: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Set by authentication plugins; decides which consumer-level entries apply from here on. */
  consumer: Consumer | null
  credential: Credential | null
  /** All that is known about the caller: of the authentication that counts. Set by {@link createAuthenticator}. */
  identity: Identity | null
  /** What authentication plugins found, where the route has a policy that decides about it; null: it has none. */
  readonly attempts: Attempt[] | null
  /** null where the route has no service. */
  readonly upstream: UpstreamRequest | null
  /**
   * What is sent in place of an answer of the upstream, which is not asked then. Set it in the access or request phase: it goes
   * out when all hooks of these phases have let the request pass, through the response hooks, as an answer of the upstream would.
   */
  answer: WholeAnswer | null
  /** Whether the answer that response hooks see is the upstream's: errors and what plugins answer are not. */
  readonly proxied: boolean
  /** Has the upstream's answer watched as it arrives; one watcher a request. Set it in the access or request phase. */
  watch (watcher: AnswerWatcher): void
  /**
   * Sends the request as it stands to the upstream, once and without a body, beside what happens to it here: its answer goes to
   * the watcher alone, also when the client has left.
   *
   * @param headers in place of `upstream.headers`; taken over
   */
  sendBeside (headers: HeaderList, watcher: AnswerWatcher): void
  /** Fields added to this request's access log line. Never put a secret here. */
  readonly log: Record<string, unknown>
  /** Set by a plugin that traces; its id is in the access log. */
  trace: TraceContext | null
  /** Where its time went, for log hooks. Waits are measured where a plugin of the route has `timings`. */
  timeline (): Timeline
  /** The same fields, without making them; null: there are none. */
  readonly logFields: Readonly<Record<string, unknown>> | null
  /** How the exchange ended: for log hooks (`onResponse`). null: it has not. */
  readonly ended: Ended | null
  /** Gives the line of the access log to this sink as well, when all log hooks have run; also where `gateway.log.access` is off. For log hooks. */
  logTo (sink: LogSink): void
  /**
   * Sends the request to another service than the route's: protocol, host, path, timeouts, retries and `service` are its own
   * from here on. For the access phase, before plugins that change `upstream.path`. Plugin entries of that service don't
   * run: say in the schema that the option `refersTo: 'service'`, and `check` finds out.
   */
  sendTo (service: Service): void
  /**
   * Sends a copy of the request, as it goes up, to another service; when it goes up, and never when it doesn't. The answer is
   * thrown away, and nothing that becomes of the copy touches the request. A WebSocket is not copied.
   */
  copyTo (options: CopyOptions): void
  /**
   * Reads the body whole in the access phase, for a credential that is in it; null where the request has none. It is held
   * from then on, for plugins that want it (`body: 'buffer'`) and for the upstream. Clients that are still unknown can fill
   * memory with it, up to `gateway.limits.request_buffer` each: call it last.
   *
   * @throws GatewayError 413 beyond that limit
   */
  readBody (): Promise<Buffer | null>
}
