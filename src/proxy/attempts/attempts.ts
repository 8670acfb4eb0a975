import type { Context } from '../../gateway/context.ts'
import type { Ending } from '../../upstream/destination.ts'
import { Attempt } from './attempt.ts'
import { writeDeadline } from './deadline.ts'
import { causeCode } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { rawField } from '../fields/raw-field.ts'
import { retryAfter } from './retry-after.ts'
import { backoffTime, isReason, mayHedge, mayRepeat } from './retry-policy.ts'
import type { Target } from '../transport/transport.ts'
import type { Upstream } from '../request/upstream.ts'

const NOBODY: readonly Target[] = Object.freeze([])

/** Asks for a pause whatever target comes next: the limit that was met is the client's. */
const TOO_MANY_REQUESTS = 429

/**
 * The attempts of a request: where the next one goes and when, and which of two counts.
 *
 * What is asked again is decided here: a reason of the policy, a retry left of `retries` and of the service's budget, a
 * target, and time for the pause that comes before.
 */
export class Attempts {
  readonly #exchange: Exchange
  readonly #context: Context
  readonly #upstream: Upstream
  readonly #fields: string[]
  /** Monotonic milliseconds; 0: none. */
  readonly #deadline: number
  #left: number
  /** null: before the first, and in a pause. */
  #current: Attempt | null = null
  /** The second of two that run at once. */
  #rival: Attempt | null = null
  /** Targets of attempts that came to nothing. */
  #tried: readonly Target[] = NOBODY
  #hedgeTimer: NodeJS.Timeout | null = null
  #pause: NodeJS.Timeout | null = null

  constructor (exchange: Exchange, context: Context, upstream: Upstream, fields: string[], deadline: number) {
    this.#exchange = exchange
    this.#context = context
    this.#upstream = upstream
    this.#fields = fields
    this.#deadline = deadline
    this.#left = upstream.retry.retries
  }

  /** Whether none has come to nothing. */
  get isFirst (): boolean {
    return this.#tried.length === 0
  }

  begin (now: number): void {
    const { hedgeDelay } = this.#upstream.retry
    if (hedgeDelay !== 0 && mayHedge(this.#context, this.#upstream)) this.#hedgeTimer = setTimeout(hedge, hedgeDelay, this)
    this.next(now, 0)
  }

  /** @param lentAt see {@link Attempts.#start} */
  next (now: number, lentAt: number): void {
    let target: Target
    try {
      target = this.#upstream.destination.pick(this.#context, this.#tried, now)
    } catch (error) {
      this.#exchange.fail(error as Error, 'cancelled')
      return
    }
    this.#start(target, now, lentAt)
  }

  /** @param lentAt when the retry was taken from the budget that comes in the place of one that never left; 0: none was */
  #start (target: Target, now: number, lentAt: number): void {
    this.#current = this.#attemptAt(target, now, lentAt)
    this.#current.send(this.#fields)
  }

  #attemptAt (target: Target, now: number, lentAt: number): Attempt {
    const upstream = this.#upstream
    const { deadline } = upstream.policy
    upstream.aim(target)
    this.#context.triedTick = now
    if (this.#deadline !== 0 && deadline !== null && deadline.send) {
      upstream.headers.set(deadline.header, writeDeadline(deadline.header, this.#deadline - now, Date.now()))
    }
    return new Attempt(this.#exchange, this.#context, upstream, target, now, lentAt)
  }

  /** The first attempt takes long: another one is made beside it. */
  hedge (): void {
    this.#hedgeTimer = null
    const first = this.#current
    if (first === null) return
    const { destination, policy } = this.#upstream
    const now = performance.now()
    if (!policy.budget.take(now, policy.limits)) return
    let target: Target
    try {
      target = destination.pick(this.#context, [...this.#tried, first.target], now)
    } catch {
      policy.budget.giveBack(now)
      return
    }
    this.#rival = this.#attemptAt(target, now, 0)
    this.#rival.send(this.#fields)
  }

  /**
   * The head of an answer is here.
   *
   * @returns whether it counts; else something better may come, and it has been discarded
   */
  accept (attempt: Attempt, status: number, raw: readonly string[]): boolean {
    const { statuses } = this.#upstream.retry
    if (statuses !== null && statuses.has(status) && this.#passesOver(attempt, status, raw)) return false
    if (this.#hedgeTimer !== null) this.#stopHedge()
    if (this.#rival !== null) this.#choose(attempt)
    return true
  }

  #passesOver (attempt: Attempt, status: number, raw: readonly string[]): boolean {
    if (this.#rival !== null) {
      this.#leave(attempt)
      this.#discard(attempt, raw)
      return true
    }
    if (!mayRepeat(this.#upstream)) return false
    return this.#again(attempt, raw, retryAfter(rawField(raw, 'retry-after'), Date.now()), status === TOO_MANY_REQUESTS, false)
  }

  /**
   * An attempt has failed.
   *
   * @param begun its answer had begun: nothing can take its place
   * @returns whether another one runs in its place, or will
   */
  replace (attempt: Attempt, error: Error, ending: Ending, begun: boolean): boolean {
    attempt.end(ending)
    this.#note(attempt, { error: causeCode(error) })
    if (this.#rival === null) return !begun && isReason(this.#upstream, ending) && this.#again(attempt, null, 0, false, ending === 'connect')
    this.#leave(attempt)
    return true
  }

  /**
   * Another attempt in the place of this one, which came to nothing.
   *
   * @param raw of its answer, which is discarded then; null: it has none
   * @param wait milliseconds that its target asks for
   * @param always wait at another target, too
   * @param unsent it never left
   * @returns whether there is one, now or after a pause; or an end without one
   */
  #again (attempt: Attempt, raw: readonly string[] | null, wait: number, always: boolean, unsent: boolean): boolean {
    if (this.#left === 0) return false
    const context = this.#context
    const { affinityCookie, affinityKey } = context
    if (this.#repeat(attempt, raw, wait, always, unsent)) return true
    // the client stays with who has answered it, not with one that was picked and never asked
    context.affinityCookie = affinityCookie
    context.affinityKey = affinityKey
    return false
  }

  /** See {@link Attempts.#again}; where there is none, a pick may have left its mark on the request. */
  #repeat (attempt: Attempt, raw: readonly string[] | null, wait: number, always: boolean, unsent: boolean): boolean {
    const { destination, policy, retry } = this.#upstream
    const now = performance.now()
    const tried = [...this.#tried, attempt.target]
    let target: Target
    try {
      target = destination.pick(this.#context, tried, now)
    } catch (error) {
      // an answer that is here is worth more than that there is no other target; an error is worth less
      if (raw === null) this.#exchange.fail(error as Error, 'cancelled')
      return raw === null
    }
    const pause = always || tried.includes(target) ? Math.max(wait, backoffTime(retry, tried.length)) : 0
    if (pause > 0 && (this.#deadline === 0 ? pause > retry.maxBackoff : now + pause >= this.#deadline)) return false
    if (!policy.budget.take(now, policy.limits)) return false
    this.#left--
    this.#tried = tried
    if (raw !== null) this.#discard(attempt, raw)
    const lentAt = unsent ? now : 0
    if (pause === 0) {
      this.#start(target, now, lentAt)
      return true
    }
    this.#current = null
    this.#pause = setTimeout(afterPause, pause, this, lentAt)
    return true
  }

  /** The answer of an attempt is not passed on. */
  #discard (attempt: Attempt, raw: readonly string[]): void {
    this.#note(attempt, { status: this.#context.upstreamStatus })
    attempt.discard(raw)
  }

  /** One of two came to nothing; the other goes on. */
  #leave (attempt: Attempt): void {
    this.#tried = [...this.#tried, attempt.target]
    if (attempt !== this.#rival) this.#current = this.#rival
    this.#rival = null
    this.#upstream.target = (this.#current as Attempt).target
  }

  /** One of two has answered; the other is cut. */
  #choose (attempt: Attempt): void {
    const other = attempt === this.#rival ? this.#current : this.#rival
    this.#current = attempt
    this.#rival = null
    this.#upstream.target = attempt.target
    this.#context.triedTick = attempt.begun
    other?.drop('cancelled')
  }

  /** Remembers an attempt that came to nothing, for the log. */
  #note ({ target: { host, port }, begun }: Attempt, reason: { readonly error: string } | { readonly status: number }): void {
    const { startedAt, startedTick } = this.#context
    ;(this.#context.tries ??= []).push({ host, port, startedAt: startedAt + Math.round(begun - startedTick), took: performance.now() - begun, ...reason })
  }

  /** Nothing of them is wanted any more. */
  drop (ending: Ending): void {
    this.#stopHedge()
    clearTimeout(this.#pause ?? undefined)
    this.#current?.drop(ending)
    this.#rival?.drop('cancelled')
  }

  #stopHedge (): void {
    clearTimeout(this.#hedgeTimer ?? undefined)
    this.#hedgeTimer = null
  }
}

// functions of the module: timers take what they work on along, so that no request makes a closure

function hedge (attempts: Attempts): void {
  attempts.hedge()
}

function afterPause (attempts: Attempts, lentAt: number): void {
  attempts.next(performance.now(), lentAt)
}
