/** A request to a gateway that is tried, and what became of it. */
import type { X509Certificate } from 'node:crypto'
import type { Route, Service } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import type { Ended } from '../observability/ended.ts'
import type { ClientAnswer } from '../testing/client.ts'
import type { FailedTry } from './failed-try.ts'
import type { ObservedStep } from './observer.ts'
import type { StubbedRequest } from './stubs.ts'

/** A request to try. */
export interface LabRequest {
  /** Default GET. */
  readonly method?: string
  /** With scheme and host, or a path: then the host is `localhost`, and the scheme that of the first listener. */
  readonly url: string
  /** Name and value; Host is made of the URL unless it is given. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  readonly body?: string | Buffer | null
  /** Address of the connection's peer; default 192.0.2.1. */
  readonly ip?: string
  /** Username or id of who calls: authentication is not tried, it has found this one. */
  readonly consumer?: string
  /** What the client shows in the handshake, its own first. */
  readonly certificates?: readonly X509Certificate[]
  /** A WebSocket is asked for, and these are sent on it before it is closed. */
  readonly messages?: readonly string[]
}

/** What became of a request. */
export interface Trial {
  readonly request: LabRequest
  readonly answer: ClientAnswer
  /** What came back on the WebSocket; null: there was none. */
  readonly messages: readonly string[] | null
  /** null: no route matched. */
  readonly route: Route | null
  readonly service: Service | null
  /** Username or id. */
  readonly consumer: string | null
  /** What the hooks of plugins did, in the order in which they ended. */
  readonly steps: readonly ObservedStep[]
  /** What upstreams and authorisers got while it ran, those of copies included. */
  readonly received: readonly StubbedRequest[]
  /** What identity providers got. */
  readonly asked: readonly StubbedRequest[]
  /** Attempts at services that came to nothing. */
  readonly failedTries: readonly FailedTry[]
  /** How it ended, as the access log tells it; null: the HTTP parser has refused it. */
  readonly ended: Ended | null
  /** What the gateway itself found before any plugin ran (no route, https only, …). */
  readonly failure: boolean
  /** What it said in its own log meanwhile, from warnings on. */
  readonly log: readonly string[]
  /** Who answered: `upstream`, the name of a plugin, or `gateway`. */
  readonly answeredBy: string
}

/** What can't be tried; the message says what to write instead. */
export class LabError extends Error {}

/** Who gave the answer: `upstream`, the name of a plugin, or `gateway`. */
export function answeredBy (context: Context | null, steps: readonly ObservedStep[]): string {
  const last = steps.find(({ outcome }) => outcome === 'answered' || outcome === 'threw')
  if (last !== undefined) return last.plugin
  if (context?.answer != null) return context.plugin ?? 'gateway'
  return context?.proxied === true ? 'upstream' : 'gateway'
}
