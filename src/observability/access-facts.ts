import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CountedSocket } from './access-fields.ts'
import type { GatewayRequest } from '../plugin.ts'
import type { Ended } from './ended.ts'

/** One attempt at an upstream. */
export interface LoggedTry {
  readonly host: string
  readonly port: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Milliseconds. */
  readonly took?: number
  /** Coded reason where it failed. */
  readonly error?: string
  /** Status that was not passed on. */
  readonly status?: number
}

/** What the engine knows of an exchange when it has ended; its own context object fits. */
export interface AccessFacts extends Omit<GatewayRequest, 'log' | 'readBody' | 'sendTo' | 'copyTo' | 'answer' | 'watch' | 'sendBeside' | 'logTo' | 'timeline'> {
  /** `counted`: where its bytes are not those of its socket. */
  readonly raw: IncomingMessage & { readonly counted?: CountedSocket }
  readonly response: ServerResponse
  /** Monotonic milliseconds (`performance.now()`); 0 where a stage was not reached. */
  readonly startedTick: number
  readonly proxiedTick: number
  /** The last attempt began. */
  readonly triedTick: number
  readonly headTick: number
  /** 0 where no upstream answered. */
  readonly upstreamStatus: number
  /** The answer is the upstream's. */
  readonly proxied: boolean
  readonly tries: readonly LoggedTry[] | null
  /** Knows the fields of answers that Fastify wrote. */
  readonly reply: { getHeaders (): Record<string, string | number | string[] | undefined> } | null
  /** Fields of the answer where the hop wrote it past Fastify: name, value, … */
  readonly responseHeaders: readonly string[] | null
  readonly errorCode: string | null
  /** Answered past `response`, by what refused the rest of its body. */
  readonly refused?: boolean
  /** What the client was told, where the gateway has refused the request; null: it was not. */
  readonly refusal: string | null
  /** Plugin that has the word, or had it when the exchange ended; null: they have all let it pass. */
  readonly plugin: string | null
  /** Worked out when the request has ended; null: nobody wants to know. */
  readonly ended: Ended | null
  readonly logFields: Readonly<Record<string, unknown>> | null
}

/** A request that ended before it could be understood. */
export interface RefusedFacts {
  readonly id: string
  readonly status: number
  readonly errorCode: string
  readonly clientIp: string
  readonly startedAt: number
}
