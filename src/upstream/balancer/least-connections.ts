import type { Endpoint } from '../endpoint.ts'
import { LesserOfTwo } from './lesser-of-two.ts'

/** Where fewer attempts run, for its weight. */
export class LeastConnections extends LesserOfTwo {
  readonly measures = false

  protected cost ({ address }: Endpoint, weight: number): number {
    return address.inFlight / weight
  }
}
