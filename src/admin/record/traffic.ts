import type { Steps } from '../../steps.ts'
import { ChunkPool, Series, STEP, STEPS, WIDTH } from './series.ts'

/** A step of a series: its numbers, or null for one without requests. */
export type Row = readonly number[] | null

/** What one process knows of its traffic. */
export interface TrafficPart {
  /** Of the first row. */
  readonly first: number
  readonly rows: readonly Row[]
  /** Sums of the last minute; null: requests without a route. */
  readonly routes: ReadonlyArray<readonly [route: string | null, row: readonly number[]]>
  readonly crowded: boolean
}

/** Of all series: 16 MiB. A route that is always busy has fourteen. */
const MOST_CHUNKS = 2_450
const MINUTE = 60_000 / STEP
/** Names of routes never have a blank at their beginning. */
const NO_ROUTE = ' '

/** The traffic of this process in the last half hour: of all requests, and by route. Its memory has a bound. */
export class Traffic {
  readonly #pool = new ChunkPool(MOST_CHUNKS)
  readonly #total = new Series(this.#pool)
  readonly #routes = new Map<string, Series>()
  #swept = 0
  #crowded = false

  /** @param end milliseconds since the epoch */
  add (route: string | null, status: number, latency: number, end: number): void {
    const step = Math.floor(end / STEP)
    this.#total.add(step, status, latency)
    const key = route ?? NO_ROUTE
    let series = this.#routes.get(key)
    if (series === undefined) {
      series = new Series(this.#pool)
      this.#routes.set(key, series)
    }
    if (series.add(step, status, latency)) return
    this.#sweep(step)
    // it had nothing yet, and went with the rest
    this.#routes.set(key, series)
    if (!series.add(step, status, latency)) this.#crowded = true
  }

  /** @param route whose rows; null: those of all requests */
  * part (route: string | null, now: number): Steps<TrafficPart> {
    const step = Math.floor(now / STEP)
    const first = step - STEPS + 1
    const chosen = route === null ? this.#total : this.#routes.get(route)
    const routes: Array<[string | null, number[]]> = []
    for (const [name, series] of this.#routes) {
      const row = sum(series, step)
      if (row !== null) routes.push([name === NO_ROUTE ? null : name, row])
      yield
    }
    return { first, rows: chosen === undefined ? new Array<Row>(STEPS).fill(null) : rowsOf(chosen, first), routes, crowded: this.#crowded }
  }

  /** Makes room: what nobody has asked for in half an hour goes. At most once a step. */
  #sweep (step: number): void {
    if (this.#swept === step) return
    this.#swept = step
    this.#crowded = false
    for (const [name, series] of this.#routes) if (!series.release(step)) this.#routes.delete(name)
  }
}

function rowsOf (series: Series, first: number): Row[] {
  const rows = new Array<number[] | null>(STEPS).fill(null)
  series.read(first, rows, index => (rows[index] ??= new Array<number>(WIDTH).fill(0)))
  return rows
}

/** Of the last minute; null: there was nothing. */
function sum (series: Series, step: number): number[] | null {
  let row: number[] | null = null
  series.read(step - MINUTE + 1, new Array<null>(MINUTE).fill(null), () => (row ??= new Array<number>(WIDTH).fill(0)))
  return row
}
