import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** How a process fares. */
export interface Vitals {
  /** How late the event loop came to what was due, on average since the last sample, in milliseconds. */
  readonly eventLoopDelay: number
  /** Bytes. */
  readonly heapUsed: number
  /** Bytes. */
  readonly rss: number
}

export interface VitalSigns {
  /** Milliseconds between two samples. */
  readonly interval: number
  /** Covers the time since the last call. */
  sample (): Vitals
  close (): void
}

/** Between two looks of the histogram's timer, in milliseconds: at 20 it costs an idle process 0.7 % of a core, at 10 1 %. */
const RESOLUTION = 20
const INTERVAL = 250
const NANOSECONDS = 1e6

/** Measures this process. */
export function measureProcess (): VitalSigns {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  let last = performance.now()
  return {
    interval: INTERVAL,
    sample () {
      const now = performance.now()
      // nothing was recorded: the loop has stood still since the last sample, whose timer comes before the histogram's
      const eventLoopDelay = histogram.count === 0 ? now - last : Math.max(0, histogram.mean / NANOSECONDS - RESOLUTION)
      last = now
      histogram.reset()
      const { heapUsed, rss } = process.memoryUsage()
      return { eventLoopDelay, heapUsed, rss }
    },
    close () {
      histogram.disable()
    }
  }
}
