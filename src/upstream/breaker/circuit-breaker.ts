import type { BreakerRules } from './rules.ts'
import { SlidingCounts } from './sliding-counts.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Why a breaker has changed. */
export type BreakerReason = 'failures in a row' | 'failure ratio' | 'slow ratio' | 'pause is over' | 'trial failed' | 'trials succeeded'

/** A change, as it is logged. */
export interface BreakerChange {
  readonly from: BreakerState
  readonly to: BreakerState
  readonly reason: BreakerReason
  /** Milliseconds until the first trial, of one that opens. */
  readonly pause: number
}

/**
 * A circuit breaker: closed it lets calls pass and counts, open it lets none pass, half-open a few on trial.
 *
 * No timer and no clock of its own: every method is told the time, in monotonic milliseconds. A call is known by the time
 * at which it began: one that began before the present state did says nothing about it, and has no place in it. Nothing is
 * allocated for a call, and each step is O(1).
 *
 * A call's status is heard as soon as its head is here (`answer`), and its end when the last byte is: so a stream or a
 * tunnel of an hour holds no trial's place for an hour.
 */
export class CircuitBreaker {
  #rules: BreakerRules
  readonly #onChange: (change: BreakerChange) => void
  readonly #counts: SlidingCounts
  #state: BreakerState = 'closed'
  /** Since when calls count that begin in this state. */
  #since = 0
  /** Open: when the first trial may begin. */
  #until = 0
  #pause: number
  #failuresInRow = 0
  /** Half-open: trials without an answer, and those that succeeded. */
  #trials = 0
  #successes = 0

  constructor (rules: BreakerRules, onChange: (change: BreakerChange) => void) {
    this.#rules = rules
    this.#onChange = onChange
    this.#counts = new SlidingCounts(rules.window)
    this.#pause = rules.resetTimeout
  }

  get state (): BreakerState {
    return this.#state
  }

  /** Takes edited rules over: what was counted stays, unless its window has another length now. */
  follow (rules: BreakerRules): void {
    const old = this.#rules
    this.#rules = rules
    if (rules.window !== old.window) this.#counts.restart(rules.window)
    const pause = Math.max(rules.resetTimeout, Math.min(this.#pause, rules.maximumResetTimeout))
    if (this.#state === 'open') this.#until = Math.min(this.#until, this.#until - this.#pause + pause)
    this.#pause = pause
  }

  /** Whether a call may begin. Changes nothing: one that is let pass may still not come about. */
  allows (now: number): boolean {
    if (this.#state === 'closed') return true
    return this.#state === 'open' ? now >= this.#until : this.#trials < this.#rules.halfOpenCalls
  }

  /** Milliseconds until a call may begin; 0: nobody knows, since it depends on the trials. */
  wait (now: number): number {
    return this.#state === 'open' ? Math.max(0, this.#until - now) : 0
  }

  /** A call begins that {@link allows} let pass. */
  begin (now: number): void {
    if (this.#state === 'closed') return
    if (this.#state === 'open') {
      if (now < this.#until) return
      this.#trials = 0
      this.#successes = 0
      this.#enter('half-open', 'pause is over', now)
    }
    this.#trials++
  }

  /**
   * The head of an answer is here.
   *
   * @param begun when the call began, as {@link begin} was told
   */
  answer (begun: number, failed: boolean, slow: boolean, now: number): void {
    if (begun < this.#since) return
    if (this.#state === 'closed') {
      this.#count(failed, slow, now)
    } else if (this.#state === 'half-open') {
      this.#trials--
      if (failed || slow) this.#open('trial failed', now)
      else if (++this.#successes >= this.#rules.successThreshold) this.#close(now)
    }
  }

  /** A call whose answer was good has ended well. */
  complete (begun: number): void {
    if (begun >= this.#since) this.#failuresInRow = 0
  }

  /**
   * A call has failed by other means than its status.
   *
   * @param answered {@link answer} was heard before
   * @param slow it waited longer than a good answer may take
   */
  fail (begun: number, answered: boolean, slow: boolean, now: number): void {
    if (begun < this.#since) return
    if (this.#state === 'half-open') {
      this.#open('trial failed', now)
    } else if (this.#state === 'closed') {
      if (answered) this.#countFailure(now)
      else this.#count(true, slow, now)
    }
  }

  /** A call has ended that says nothing: its client has left, say. */
  forget (begun: number, answered: boolean): void {
    if (this.#state === 'half-open' && !answered && begun >= this.#since) this.#trials--
  }

  #count (failed: boolean, slow: boolean, now: number): void {
    const counts = this.#counts
    counts.advance(now)
    counts.addCall()
    if (slow) counts.addSlow()
    if (failed) {
      counts.addFailure()
      this.#failuresInRow++
    }
    this.#judge(now)
  }

  /** Of a call that was counted when its head came. */
  #countFailure (now: number): void {
    this.#counts.advance(now)
    this.#counts.addFailure()
    this.#failuresInRow++
    this.#judge(now)
  }

  #judge (now: number): void {
    const { failureThreshold, failureRatio, slowRatio, minimumCalls } = this.#rules
    const { calls, failures, slow } = this.#counts
    if (failureThreshold > 0 && this.#failuresInRow >= failureThreshold) this.#open('failures in a row', now)
    if (this.#state !== 'closed' || calls < minimumCalls) return
    if (failureRatio > 0 && failures >= failureRatio * calls) this.#open('failure ratio', now)
    else if (slowRatio > 0 && slow >= slowRatio * calls) this.#open('slow ratio', now)
  }

  #open (reason: BreakerReason, now: number): void {
    const { resetTimeout, maximumResetTimeout } = this.#rules
    this.#pause = this.#state === 'closed' ? resetTimeout : Math.max(resetTimeout, Math.min(this.#pause * 2, maximumResetTimeout))
    this.#until = now + this.#pause
    this.#enter('open', reason, now)
  }

  #close (now: number): void {
    this.#counts.restart(this.#rules.window)
    this.#failuresInRow = 0
    this.#enter('closed', 'trials succeeded', now)
  }

  #enter (state: BreakerState, reason: BreakerReason, now: number): void {
    const from = this.#state
    this.#state = state
    this.#since = now
    this.#onChange({ from, to: state, reason, pause: state === 'open' ? this.#pause : 0 })
  }
}
