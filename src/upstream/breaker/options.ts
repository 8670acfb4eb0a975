import type { CircuitBreakerOptions } from '../../config/entities/circuit-breaker.ts'
import type { BreakerRules } from './rules.ts'

/** Rules as the options of the file say them. */
export function breakerRules (options: CircuitBreakerOptions): BreakerRules {
  return {
    failureThreshold: options.failure_threshold,
    failureRatio: options.failure_ratio ?? 0,
    slowRatio: options.slow_ratio ?? 0,
    window: options.window,
    minimumCalls: options.minimum_calls,
    resetTimeout: options.reset_timeout,
    maximumResetTimeout: options.max_reset_timeout ?? options.reset_timeout,
    successThreshold: options.success_threshold,
    halfOpenCalls: options.half_open_calls
  }
}
