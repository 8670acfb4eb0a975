import type { Ending } from './destination.ts'

/** Who knows whether an address works: health checks, or a breaker. All times are monotonic milliseconds. */
export interface AddressHealth {
  readonly healthy: boolean
  /** Whether a new attempt may go there. */
  usable (now: number): boolean
  /** Milliseconds until one may; Infinity: nobody knows. */
  wait (now: number): number
  begin (begun: number): void
  head (status: number, begun: number, now: number): void
  end (ending: Ending, status: number, begun: number, now: number): void
}
