/** What who waits is told: the answer is stored, go on alone, or get it for the others. */
export type News = 'stored' | 'alone' | 'lead'

interface Waiting {
  readonly tell: (news: News) => void
  /** The client has left. */
  readonly gone: () => boolean
}

/** One request that gets an answer for others. */
export interface Lead {
  /** The answer is stored: the others find it. */
  stored (): void
  /** It won't be: the others go on, each for itself. */
  release (): void
  /** Its client has left before the end: another one takes over. */
  leave (): void
}

class Flight implements Lead {
  readonly #flights: Map<string, Flight>
  readonly #key: string
  readonly #patience: number
  readonly #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | null = null

  constructor (flights: Map<string, Flight>, key: string, patience: number) {
    this.#flights = flights
    this.#key = key
    this.#patience = patience
  }

  /** One timer for all: who comes later waits shorter. */
  join (gone: () => boolean): Promise<News> {
    this.#timer ??= setTimeout(() => this.release(), this.#patience)
    return new Promise(resolve => { this.#waiting.push({ tell: resolve, gone }) })
  }

  stored (): void {
    this.#land('stored')
  }

  release (): void {
    this.#land('alone')
  }

  leave (): void {
    // it may have landed: in the map stands another one then
    if (this.#flights.get(this.#key) !== this) return
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.gone()) {
        next.tell('alone')
        continue
      }
      next.tell('lead')
      return
    }
    this.#land('alone')
  }

  #land (news: News): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#flights.get(this.#key) === this) this.#flights.delete(this.#key)
    for (const { tell } of this.#waiting.splice(0)) tell(news)
  }
}

/** Requests that are on their way for others (RFC 9111 section 4: "collapsed forwarding"). */
export class Flights {
  readonly #flights = new Map<string, Flight>()

  /**
   * @param patience milliseconds that anybody waits
   * @param gone whether the client that would wait has left
   * @returns a lead where nobody has set out for this key yet, else the news to come, with the lead for who gets it
   */
  board (key: string, patience: number, gone: () => boolean): Lead | { readonly lead: Lead, readonly news: Promise<News> } {
    const flight = this.#flights.get(key)
    if (flight !== undefined) return { lead: flight, news: flight.join(gone) }
    const own = new Flight(this.#flights, key, patience)
    this.#flights.set(key, own)
    return own
  }

  has (key: string): boolean {
    return this.#flights.has(key)
  }
}
