import type { AddressHealth } from '../address-health.ts'
import type { Ending } from '../destination.ts'
import type { CheckRules, FailureKind, HealthRules } from './rules.ts'

/** Who has found out about a target. */
export type CheckSource = 'active' | 'passive'

/** What the targets of an upstream share. */
export interface HealthKeeper {
  readonly rules: HealthRules
  /** Whether passive checks may take one more target out. */
  mayEject (target: TargetHealth): boolean
  /** The target is out, or back. */
  changed (target: TargetHealth, source: CheckSource, reason: string): void
  /** From 0 to below 1. */
  random (): number
}

/** A pause is longer by up to this part of it, so that many gateways don't try a target at the same time. */
const JITTER = 0.1

/**
 * Whether one address works, by Kong's counters: failures in a row take it out, successes in a row bring it back. An address
 * that passive checks have taken out is tried again after a pause that grows: one request on trial at a time.
 *
 * It is told the time, in monotonic milliseconds. An attempt that began before the last change says nothing about it.
 */
export class TargetHealth implements AddressHealth {
  readonly #keeper: HealthKeeper
  #healthy = true
  /** Since when attempts count. */
  #since = 0
  #successes = 0
  readonly #failures: Record<FailureKind, number> = { tcp: 0, timeout: 0, http: 0 }
  /** When a request may go there on trial; Infinity: never. */
  #until = Infinity
  #pause = 0
  /** When the trial began that runs; NaN: none does. */
  #trial = NaN

  constructor (keeper: HealthKeeper) {
    this.#keeper = keeper
  }

  get healthy (): boolean {
    return this.#healthy
  }

  /** Milliseconds until a request may go there; Infinity: nobody knows. */
  wait (now: number): number {
    return this.#healthy ? 0 : Math.max(0, this.#until - now)
  }

  /** Whether a new attempt may go there. */
  usable (now: number): boolean {
    return this.#healthy || (now >= this.#until && Number.isNaN(this.#trial))
  }

  begin (begun: number): void {
    if (!this.#healthy && begun >= this.#until) this.#trial = begun
  }

  /** The status of a client's request is here. */
  head (status: number, begun: number, now: number): void {
    const { passive } = this.#keeper.rules
    if (begun === this.#trial) {
      this.#judgeTrial(!passive.unhealthy.has(status), now)
    } else if (begun >= this.#since) {
      if (passive.unhealthy.has(status)) this.#fail('http', passive, 'passive', now)
      else if (passive.healthy.has(status)) this.#succeed(passive.successes, 'passive', now)
    }
  }

  /** A client's request has ended. */
  end (ending: Ending, _status: number, begun: number, now: number): void {
    if (ending === 'complete') return
    const onTrial = begun === this.#trial
    if (ending === 'cancelled') {
      if (onTrial) this.#trial = NaN
    } else if (onTrial) {
      this.#judgeTrial(false, now)
    } else if (begun >= this.#since) {
      this.#fail(ending === 'timeout' ? 'timeout' : 'tcp', this.#keeper.rules.passive, 'passive', now)
    }
  }

  /** An active check has seen an answer. */
  checked (status: number, now: number): void {
    const { active } = this.#keeper.rules
    if (active.unhealthy.has(status)) this.#fail('http', active, 'active', now)
    else if (active.healthy.has(status)) this.#succeed(active.successes, 'active', now)
  }

  /** An active check of the connection alone has come to one. */
  connected (now: number): void {
    this.#succeed(this.#keeper.rules.active.successes, 'active', now)
  }

  /** An active check has had no answer. */
  failed (kind: FailureKind, now: number): void {
    this.#fail(kind, this.#keeper.rules.active, 'active', now)
  }

  /** Edited rules say when it is tried again. */
  follow (now: number): void {
    if (this.#healthy) return
    this.#pause = this.#keeper.rules.recovery
    this.#rest(now)
  }

  /** As new: nobody checks it any more. */
  reset (): void {
    this.#healthy = true
    this.#trial = NaN
    this.#forget()
  }

  #succeed (limit: number, source: CheckSource, now: number): void {
    this.#failures.tcp = this.#failures.timeout = this.#failures.http = 0
    if (this.#healthy || limit === 0 || ++this.#successes < limit) return
    this.#recover(source, `${this.#successes} in a row were good`, now)
  }

  #fail (kind: FailureKind, { limits }: CheckRules, source: CheckSource, now: number): void {
    this.#successes = 0
    const limit = limits[kind]
    if (limit === 0) return
    const count = ++this.#failures[kind]
    if (!this.#healthy || count < limit || (source === 'passive' && !this.#keeper.mayEject(this))) return
    this.#healthy = false
    this.#pause = this.#keeper.rules.recovery
    this.#rest(now)
    this.#change(source, `${count} ${NAMES[kind]}`, now)
  }

  #judgeTrial (good: boolean, now: number): void {
    this.#trial = NaN
    const { recovery, maximumRecovery, passive } = this.#keeper.rules
    if (!good) {
      this.#successes = 0
      this.#pause = Math.max(recovery, Math.min(this.#pause * 2, maximumRecovery))
      this.#rest(now)
    } else if (++this.#successes >= passive.successes) {
      this.#recover('passive', 'a request on trial was good', now)
    }
  }

  #recover (source: CheckSource, reason: string, now: number): void {
    this.#healthy = true
    this.#trial = NaN
    this.#change(source, reason, now)
  }

  /** Until the next trial. */
  #rest (now: number): void {
    this.#until = this.#pause === 0 ? Infinity : now + this.#pause * (1 + JITTER * this.#keeper.random())
  }

  #change (source: CheckSource, reason: string, now: number): void {
    this.#since = now
    this.#forget()
    this.#keeper.changed(this, source, reason)
  }

  #forget (): void {
    this.#successes = 0
    this.#failures.tcp = this.#failures.timeout = this.#failures.http = 0
  }
}

const NAMES: Readonly<Record<FailureKind, string>> = { tcp: 'failed connections in a row', timeout: 'time-outs in a row', http: 'bad statuses in a row' }
