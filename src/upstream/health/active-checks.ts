import type { Finding } from './probe.ts'
import type { TargetHealth } from './target-health.ts'

/** One target that is checked. */
export interface Subject {
  readonly health: TargetHealth
  /** Never rejects. */
  readonly probe: (signal: AbortSignal) => Promise<Finding>
}

export interface ActiveChecksOptions {
  /** Seconds between checks of a target, by its state; 0: none. */
  readonly intervals: { readonly healthy: number, readonly unhealthy: number }
  /** Checks that run at the same time. */
  readonly concurrency: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
}

/** The first check comes within this, in milliseconds. */
const SOON = 1000

/** Intervals are a tenth longer or shorter, so that checks don't come in waves. */
const JITTER = 0.1

interface Watched {
  readonly subject: Subject
  timer: NodeJS.Timeout | undefined
  /** It waits for its time, for others to end, or for its answer. */
  state: 'idle' | 'timed' | 'waiting' | 'running'
  readonly abort: AbortController
}

/** Checks targets now and then. Its timers keep no process up. */
export class ActiveChecks {
  readonly #options: ActiveChecksOptions
  readonly #watched = new Map<TargetHealth, Watched>()
  readonly #waiting: Watched[] = []
  #running = 0

  constructor (options: ActiveChecksOptions) {
    this.#options = options
  }

  /** Checks these from now on, and no others. */
  update (subjects: Iterable<Subject>): void {
    const gone = new Set(this.#watched.keys())
    for (const subject of subjects) {
      gone.delete(subject.health)
      if (this.#watched.has(subject.health)) continue
      const watched: Watched = { subject, timer: undefined, state: 'idle', abort: new AbortController() }
      this.#watched.set(subject.health, watched)
      this.#schedule(watched, Math.min(SOON, this.#interval(watched)) * this.#options.random())
    }
    for (const health of gone) this.#drop(health)
  }

  /** The state of a target has changed: its interval may be another one. */
  changed (health: TargetHealth): void {
    const watched = this.#watched.get(health)
    if (watched === undefined || (watched.state !== 'idle' && watched.state !== 'timed')) return
    this.#again(watched)
  }

  /** Ends all checks, those that run included. */
  close (): void {
    for (const health of [...this.#watched.keys()]) this.#drop(health)
  }

  #drop (health: TargetHealth): void {
    const watched = this.#watched.get(health) as Watched
    this.#watched.delete(health)
    clearTimeout(watched.timer)
    watched.abort.abort()
    const place = this.#waiting.indexOf(watched)
    if (place !== -1) this.#waiting.splice(place, 1)
  }

  #again (watched: Watched): void {
    this.#schedule(watched, this.#interval(watched) * (1 - JITTER + 2 * JITTER * this.#options.random()))
  }

  #interval ({ subject: { health } }: Watched): number {
    const { healthy, unhealthy } = this.#options.intervals
    return (health.healthy ? healthy : unhealthy) * 1000
  }

  #schedule (watched: Watched, delay: number): void {
    clearTimeout(watched.timer)
    if (this.#interval(watched) === 0) {
      watched.state = 'idle'
      return
    }
    watched.state = 'timed'
    watched.timer = setTimeout(() => this.#start(watched), delay).unref()
  }

  #start (watched: Watched): void {
    if (this.#running >= this.#options.concurrency) {
      watched.state = 'waiting'
      this.#waiting.push(watched)
      return
    }
    this.#running++
    watched.state = 'running'
    watched.subject.probe(watched.abort.signal).then(finding => this.#found(watched, finding), () => this.#found(watched, 'tcp'))
  }

  #found (watched: Watched, finding: Finding): void {
    this.#running--
    const next = this.#waiting.shift()
    if (next !== undefined) this.#start(next)
    if (watched.abort.signal.aborted) return
    watched.state = 'idle'
    const { health } = watched.subject
    const now = this.#options.now()
    if (finding === 'connected') health.connected(now)
    else if (typeof finding === 'number') health.checked(finding, now)
    else health.failed(finding, now)
    this.#again(watched)
  }
}
