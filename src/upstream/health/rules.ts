import type { HealthchecksOptions } from '../../config/entities/healthchecks.ts'

/** Failures that are counted, each with a limit of its own. */
export type FailureKind = 'tcp' | 'timeout' | 'http'

/** What one kind of checks makes of what it sees. A limit of 0 is off. */
export interface CheckRules {
  readonly healthy: ReadonlySet<number>
  readonly unhealthy: ReadonlySet<number>
  readonly successes: number
  readonly limits: Readonly<Record<FailureKind, number>>
}

/** `healthchecks` of an upstream, compiled. Times in milliseconds. */
export interface HealthRules {
  readonly options: HealthchecksOptions
  readonly active: CheckRules
  readonly passive: CheckRules
  /** Until the first trial of a target that is out; 0: there is none. */
  readonly recovery: number
  readonly maximumRecovery: number
}

export function healthRules (options: HealthchecksOptions): HealthRules {
  const { active, passive } = options
  // where active checks bring a target back, no client has to try it
  const watched = active.unhealthy.interval > 0 && active.healthy.successes > 0
  return {
    options,
    active: checkRules(active),
    passive: checkRules(passive),
    recovery: watched ? 0 : passive.recovery_interval * 1000,
    maximumRecovery: Math.max(passive.recovery_interval, passive.max_recovery_interval) * 1000
  }
}

function checkRules ({ type, healthy, unhealthy }: HealthchecksOptions['active' | 'passive']): CheckRules {
  return {
    healthy: new Set(type === 'tcp' ? [] : healthy.http_statuses),
    unhealthy: new Set(type === 'tcp' ? [] : unhealthy.http_statuses),
    successes: healthy.successes,
    limits: { tcp: unhealthy.tcp_failures, timeout: unhealthy.timeouts, http: unhealthy.http_failures }
  }
}
