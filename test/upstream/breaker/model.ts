/** A circuit breaker as one would explain it: it remembers everything, and is asked about everything. */
import type { BreakerRules } from '../../../src/upstream/breaker/rules.ts'

interface Call {
  /** The period (closed, open, half-open, …) in which it began, by number. */
  readonly period: number
  answered: boolean
}

export class BreakerModel {
  state: 'closed' | 'open' | 'half-open' = 'closed'
  #rules: BreakerRules
  #period = 0
  #opensAt = 0
  #pause = 0
  #row = 0
  /** Everything that was counted in this period. */
  #counted: Array<{ readonly at: number, readonly what: 'call' | 'failure' | 'slow' }> = []
  #trials = new Set<Call>()
  #good = 0

  constructor (rules: BreakerRules) {
    this.#rules = rules
  }

  allows (now: number): boolean {
    if (this.state === 'open') return now >= this.#opensAt
    return this.state === 'closed' || this.#trials.size < this.#rules.halfOpenCalls
  }

  begin (now: number): Call {
    if (this.state === 'open' && now >= this.#opensAt) {
      this.#enter('half-open')
      this.#trials = new Set()
      this.#good = 0
    }
    const call = { period: this.#period, answered: false }
    if (this.state === 'half-open') this.#trials.add(call)
    return call
  }

  answer (call: Call, failed: boolean, slow: boolean, now: number): void {
    call.answered = true
    if (call.period !== this.#period) return
    this.#trials.delete(call)
    if (this.state === 'half-open') {
      if (failed || slow) this.#open(now)
      else if (++this.#good === this.#rules.successThreshold) this.#close()
      return
    }
    this.#count(now, 'call', ...slow ? ['slow'] as const : [], ...failed ? ['failure'] as const : [])
  }

  complete (call: Call): void {
    if (call.period === this.#period) this.#row = 0
  }

  fail (call: Call, slow: boolean, now: number): void {
    if (call.period !== this.#period) return
    this.#trials.delete(call)
    if (this.state === 'half-open') this.#open(now)
    else if (call.answered) this.#count(now, 'failure')
    else this.#count(now, 'call', 'failure', ...slow ? ['slow'] as const : [])
  }

  forget (call: Call): void {
    this.#trials.delete(call)
  }

  #count (now: number, ...what: ReadonlyArray<'call' | 'failure' | 'slow'>): void {
    for (const each of what) this.#counted.push({ at: now, what: each })
    if (what.includes('failure')) this.#row++
    const { window, minimumCalls, failureThreshold, failureRatio, slowRatio } = this.#rules
    const part = (time: number): number => Math.floor(time / (window / 10))
    const number = (kind: string): number => this.#counted.filter(({ at, what }) => what === kind && part(at) > part(now) - 10).length
    const calls = number('call')
    const ratios = calls >= minimumCalls
    if (failureThreshold > 0 && this.#row >= failureThreshold) this.#open(now)
    else if (ratios && failureRatio > 0 && number('failure') >= failureRatio * calls) this.#open(now)
    else if (ratios && slowRatio > 0 && number('slow') >= slowRatio * calls) this.#open(now)
  }

  #open (now: number): void {
    const { resetTimeout, maximumResetTimeout } = this.#rules
    this.#pause = this.state === 'closed' ? resetTimeout : Math.max(resetTimeout, Math.min(2 * this.#pause, maximumResetTimeout))
    this.#opensAt = now + this.#pause
    this.#enter('open')
  }

  #close (): void {
    this.#counted = []
    this.#row = 0
    this.#enter('closed')
  }

  #enter (state: 'closed' | 'open' | 'half-open'): void {
    this.state = state
    this.#period++
  }
}
