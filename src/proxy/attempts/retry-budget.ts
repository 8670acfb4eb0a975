/** Seconds over which requests and retries are compared. */
const SPAN = 10
/** One slot a second, and one more, since the running second is cut. */
const SLOTS = SPAN + 1

/** What a service allows; see {@link RetryBudget}. */
export interface BudgetLimits {
  /** Retries for a request. */
  readonly share: number
  /** Retries in ten seconds beyond the share. */
  readonly reserve: number
}

/**
 * How many retries a service may be sent: a share of its requests, and a few beyond.
 *
 * At each retry it holds exactly: the retries of the ten seconds before, this one included, are at most the share of the
 * requests of the same ten seconds, plus the reserve. Retries are counted over up to a second more than that and requests
 * over up to a second less, so that it doesn't matter where the clock's seconds begin.
 *
 * No timer and no list: a request costs a comparison and two increments. Times are monotonic milliseconds.
 */
export class RetryBudget {
  readonly #requests = new Float64Array(SLOTS)
  readonly #retries = new Float64Array(SLOTS)
  /** Of all slots but the oldest. */
  #requestSum = 0
  /** Of all slots. */
  #retrySum = 0
  /** The running second, and its slot. */
  #second = 0
  #slot = 0

  /** A request begins. */
  request (now: number): void {
    if (now >= (this.#second + 1) * 1000) this.#move(now)
    this.#requests[this.#slot] = (this.#requests[this.#slot] as number) + 1
    this.#requestSum++
  }

  /** @returns whether there was a retry left, which is taken now */
  take (now: number, { share, reserve }: BudgetLimits): boolean {
    this.#move(now)
    if (this.#retrySum + 1 > this.#requestSum * share + reserve) return false
    this.#retries[this.#slot] = (this.#retries[this.#slot] as number) + 1
    this.#retrySum++
    return true
  }

  /** A retry asked nobody twice: it is as if it had not been. @param taken when */
  giveBack (taken: number): void {
    const second = Math.floor(taken / 1000)
    if (this.#second - second >= SLOTS) return
    this.#retries[second % SLOTS] = (this.#retries[second % SLOTS] as number) - 1
    this.#retrySum--
  }

  #move (now: number): void {
    const second = Math.floor(now / 1000)
    if (second - this.#second >= SLOTS) {
      this.#requests.fill(0)
      this.#retries.fill(0)
      this.#requestSum = this.#retrySum = 0
      this.#second = second
    }
    while (this.#second < second) {
      this.#second++
      const slot = this.#second % SLOTS
      // the oldest slot is the new one's; that of the requests before it goes out of the sum
      this.#retrySum -= this.#retries[slot] as number
      this.#retries[slot] = this.#requests[slot] = 0
      this.#requestSum -= this.#requests[(slot + 1) % SLOTS] as number
    }
    this.#slot = this.#second % SLOTS
  }
}
