import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings } from '../../config/model.ts'
import { GatewayError } from '../../errors.ts'
import type { Vitals, VitalSigns } from './vitals.ts'

type Limits = GatewaySettings['overload']

/** What is too much. */
export type Strain = 'event_loop_delay' | 'heap_used' | 'rss' | 'in_flight'

/** Below this part of a limit, more is admitted again; between it and the limit, nothing changes. */
const CALM = 0.8
/** By how much of a rank the cut rises at the limit, at twice the limit by twice as much; and at most. */
const RISE = 0.05
const RISE_MOST = 0.25
/** By how much it falls when all is calm. Faster is worse: those who come back at once make it rise again (decision 0006). */
const FALL = 0.05
/** What a rank leaves free of `in_flight` for each one above it. */
const RESERVE = 0.1
/** Multiples of the golden section modulo 1 are spread evenly, however many there are. */
const GOLDEN = 0.618_033_988_749_894_9

export interface OverloadOptions {
  readonly log: FastifyBaseLogger
  /** Starts to measure; called when a limit wants it. */
  readonly measure: () => VitalSigns
}

/**
 * Decides which requests are refused because the process has too much to do. One a process: it outlives snapshots.
 *
 * Ranks are shed from the lowest up, each by a growing share: `#cut` says how far that has got. 0: nobody; 1.3: all of rank
 * 0 and 30 % of rank 1. It is moved by a timer, so that a request is a comparison of numbers. A switch between all and
 * nothing would let the load swing: what was refused for a while comes back at once.
 */
export class Overload {
  readonly #options: OverloadOptions
  #limits: Limits | null = null
  #signs: VitalSigns | null = null
  #timer: NodeJS.Timeout | null = null
  #ranks = 1
  #cut = 0
  #strain: Strain = 'event_loop_delay'
  /** Most requests that may run when one of this rank comes. */
  #room: readonly number[] = [Infinity]
  #spread = 0
  #running = 0
  #shed = 0
  /** Shed when the log was told last. */
  #told = 0
  // one error for all that are refused: it would cost a stack each, and nothing in it differs
  #refusal: GatewayError = refusal(1)

  constructor (options: OverloadOptions) {
    this.#options = options
  }

  /** Requests refused so far. */
  get shed (): number {
    return this.#shed
  }

  /** Why requests are refused by now; null: none are. */
  get strain (): Strain | null {
    return this.#cut > 0 ? this.#strain : null
  }

  /** The limits of the configuration that serves from now on. */
  apply (limits: Limits, ranks: number): void {
    this.#limits = limits
    this.#ranks = ranks
    this.#cut = Math.min(this.#cut, ranks)
    const { in_flight: most, retry_after: seconds } = limits
    this.#room = Array.from({ length: ranks }, (_, rank) => most === 0 ? Infinity : Math.max(1, Math.floor(most * (1 - RESERVE * (ranks - 1 - rank)))))
    this.#refusal = refusal(seconds)
    if (limits.event_loop_delay > 0 || limits.heap_used > 0 || limits.rss > 0) this.#start()
    else this.#stop()
  }

  /**
   * A request comes.
   *
   * @returns null: it runs until `end` is called; else why it doesn't
   */
  admit (rank: number): Strain | null {
    if (this.#running >= (this.#room[rank] as number)) {
      this.#shed++
      return 'in_flight'
    }
    if (this.#cut > rank && this.#isCut(rank)) {
      this.#shed++
      return this.#strain
    }
    this.#running++
    return null
  }

  /** One that was admitted has ended. */
  end (): void {
    this.#running--
  }

  /** The answer to those that are not admitted. */
  get refusal (): GatewayError {
    return this.#refusal
  }

  /** Looks how the process fares; called by the timer. */
  sample (): void {
    if (this.#signs === null || this.#limits === null) return
    const { strain, pressure } = worst(this.#signs.sample(), this.#limits)
    const before = this.#cut
    if (pressure >= 1) {
      this.#strain = strain
      this.#cut = Math.min(this.#ranks, before + Math.min(RISE_MOST, RISE * pressure))
    } else if (pressure < CALM) {
      // rounded: a difference of hundredths is never quite 0
      this.#cut = Math.max(0, Math.round((before - FALL) * 1000) / 1000)
    }
    this.#tell(before)
  }

  close (): void {
    this.#stop()
  }

  #isCut (rank: number): boolean {
    const share = this.#cut - rank
    if (share >= 1) return true
    this.#spread = (this.#spread + GOLDEN) % 1
    return this.#spread < share
  }

  #start (): void {
    if (this.#signs !== null) return
    this.#signs = this.#options.measure()
    this.#timer = setInterval(() => this.sample(), this.#signs.interval).unref()
  }

  #stop (): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#signs?.close()
    this.#timer = null
    this.#signs = null
    this.#cut = 0
  }

  /** Once when it begins and once when it is over: a line for each request would be one more load. */
  #tell (before: number): void {
    if (before === 0 && this.#cut > 0) {
      this.#told = this.#shed
      this.#options.log.warn({ strain: this.#strain }, 'overloaded: requests are refused')
    } else if (before > 0 && this.#cut === 0) {
      this.#options.log.warn({ refused: this.#shed - this.#told }, 'no longer overloaded')
    }
  }
}

/** The measure that is nearest to its limit, or the furthest beyond. */
function worst (vitals: Vitals, limits: Limits): { strain: Strain, pressure: number } {
  let strain: Strain = 'event_loop_delay'
  let pressure = limits.event_loop_delay === 0 ? 0 : vitals.eventLoopDelay / limits.event_loop_delay
  const heap = limits.heap_used === 0 ? 0 : vitals.heapUsed / limits.heap_used
  const rss = limits.rss === 0 ? 0 : vitals.rss / limits.rss
  if (heap > pressure) [strain, pressure] = ['heap_used', heap]
  if (rss > pressure) [strain, pressure] = ['rss', rss]
  return { strain, pressure }
}

function refusal (seconds: number): GatewayError {
  return new GatewayError('SP_OVERLOADED', 503, 'The gateway is overloaded', { headers: { 'retry-after': String(seconds) }, body: { reason: 'overloaded' }, quiet: true })
}
