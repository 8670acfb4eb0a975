import { DEFAULT_RETRY } from '../config/entities/retry.ts'
import type { Config, Deadline, Service } from '../config/model.ts'
import type { KeptState } from '../gateway/keep.ts'
import { RetryBudget, type BudgetLimits } from './attempts/retry-budget.ts'
import { createRetryPolicy, type RetryPolicy } from './attempts/retry-policy.ts'

/** How long is waited for what, in milliseconds. */
export interface Timeouts {
  readonly connect: number
  readonly write: number
  readonly read: number
  /** All attempts together, from the request's arrival on; 0: no limit. */
  readonly total: number
}

/** How often and how long the requests of a service are tried, unless a plugin says otherwise. */
export interface ServicePolicy {
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
  /** Of the service: all its routes share it. */
  readonly budget: RetryBudget
  readonly limits: BudgetLimits
  /** null: deadlines neither come nor go. */
  readonly deadline: Deadline | null
}

/** The policies of a snapshot, one for each service of its file. */
export class ServicePolicies {
  readonly #byService = new Map<string, ServicePolicy>()
  /** Keys of kept state that it has asked for. */
  readonly #held: string[] = []
  readonly #kept: KeptState
  readonly #workers: number

  /** @param options.workers processes that run the same file: the least budget is divided by them */
  constructor ({ kept, workers }: { readonly kept: KeptState, readonly workers: number }) {
    this.#kept = kept
    this.#workers = workers
  }

  /** Takes what its services need; where that fails, `release` gives back what it had taken. */
  open (config: Config): void {
    for (const service of config.services) {
      const key = `retry-budget|${service.id}`
      const budget = this.#kept.acquire(key, () => new RetryBudget())
      this.#held.push(key)
      this.#byService.set(service.id, policyOf(service, budget, this.#workers))
    }
  }

  /** @param service id of a service of the file */
  of (service: string): ServicePolicy {
    return this.#byService.get(service) as ServicePolicy
  }

  /** Gives back what they hold. */
  async release (): Promise<void> {
    await Promise.all(this.#held.map(key => this.#kept.release(key)))
  }
}

function policyOf (service: Service, budget: RetryBudget, workers: number): ServicePolicy {
  const options = service.retry ?? DEFAULT_RETRY
  return Object.freeze({
    timeouts: Object.freeze({ connect: service.connect_timeout, write: service.write_timeout, read: service.read_timeout, total: service.total_timeout ?? 0 }),
    retry: createRetryPolicy(options, service.retries),
    budget,
    limits: Object.freeze({ share: options.budget_percent / 100, reserve: options.budget_minimum * 10 / workers }),
    deadline: service.deadline
  })
}
