import type { Ending } from './destination.ts'

/** Who knows whether an address works: health checks, or a breaker. All times are monotonic milliseconds. */
export interface AddressHealth {
  /** Whether a new attempt may go there. */
  usable (now: number): boolean
  begin (begun: number): void
  head (status: number, begun: number, now: number): void
  end (ending: Ending, status: number, begun: number, now: number): void
}
