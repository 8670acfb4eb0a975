import { hasLastTry } from '../observability/access-fields.ts'
import type { Context } from './context.ts'

/** Plugin that kept a request waiting; monotonic milliseconds. */
export interface Wait {
  readonly plugin: string
  readonly from: number
  readonly to: number
}

/** An attempt at an upstream; milliseconds since the request began. */
export interface TimedTry {
  readonly host: string
  readonly port: number
  readonly from: number
  /** End of the attempt; of the one that was answered, when its answer had gone out. */
  readonly to: number
  /** When the head of its answer came; -1: none did. */
  readonly head: number
  readonly status: number | null
  readonly error: string | null
}

/** Where the time of a request went; milliseconds since it began. */
export interface Timeline {
  /** Milliseconds since the epoch, with fractions. */
  readonly startedAt: number
  readonly total: number
  readonly waits: readonly Wait[]
  readonly tries: readonly TimedTry[]
}

/** How many attempts a timeline has. */
export function attemptsOf (context: Context): number {
  return (context.tries?.length ?? 0) + (hasLastTry(context) ? 1 : 0)
}

/**
 * Why a request failed, as its log line says: why the last attempt came to nothing, or what the client was told without one;
 * null: it didn't, or an answer did.
 */
export function failureOf ({ errorCode, tries, refusal }: Context): string | null {
  return errorCode === null ? null : tries?.at(-1)?.error ?? refusal
}

/** For a request that has ended. */
export function timelineOf (context: Context): Timeline {
  const { startedTick, startedAt, ended, waits, tries, upstream, upstreamStatus, triedTick, headTick } = context
  const total = (ended?.tick ?? performance.now()) - startedTick
  const timed: TimedTry[] = (tries ?? []).map(each => {
    const from = each.startedAt - startedAt
    return { host: each.host, port: each.port, from, to: from + (each.took ?? 0), head: -1, status: each.status ?? null, error: each.error ?? null }
  })
  const answered = upstreamStatus !== 0
  const head = answered ? { head: headTick - startedTick, status: upstreamStatus } : { head: -1, status: null }
  const failed = timed.at(-1)
  if (upstream !== null && hasLastTry(context)) {
    timed.push({ host: upstream.host, port: upstream.port, from: triedTick - startedTick, to: total, ...head, error: answered ? null : ended?.error ?? null })
  } else if (failed !== undefined && answered && head.head >= failed.from) {
    // its own answer, which broke off
    timed[timed.length - 1] = { ...failed, ...head }
  }
  return { startedAt, total, waits: (waits ?? []).map(({ plugin, from, to }) => ({ plugin, from: from - startedTick, to: to - startedTick })), tries: timed }
}
