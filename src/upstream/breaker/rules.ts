/** When a breaker opens and how it closes. All times in milliseconds; a limit of 0 is off. */
export interface BreakerRules {
  /** Failures in a row. */
  readonly failureThreshold: number
  /** Share of the calls of the window, above 0 to 1. */
  readonly failureRatio: number
  readonly slowRatio: number
  readonly window: number
  /** Calls in the window before its shares mean anything. */
  readonly minimumCalls: number
  /** From opening to the first trial. */
  readonly resetTimeout: number
  /** The pause doubles with each trial that fails, up to this. */
  readonly maximumResetTimeout: number
  /** Trials that must succeed. */
  readonly successThreshold: number
  /** Trials that may run at the same time. */
  readonly halfOpenCalls: number
}
