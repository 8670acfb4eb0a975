import type { CircuitBreakerOptions } from '../entities/circuit-breaker.ts'
import type { CheckFinding } from '../../plugin.ts'

/** Below this a pause is one that was meant in seconds, most likely. */
const SHORT = 100

/** What a schema can't say about the options of a circuit breaker. */
export function * breakerFindings (options: Partial<CircuitBreakerOptions>): Generator<CheckFinding> {
  const { failure_threshold: row, failure_ratio: ratio, slow_ratio: slowRatio, slow_call_duration: slow, reset_timeout: pause, max_reset_timeout: longest, body } = options
  if (row === 0 && ratio === undefined && slowRatio === undefined) {
    yield { path: '/failure_threshold', message: 'nothing ever opens this breaker', mend: 'Set `failure_threshold`, `failure_ratio` or `slow_ratio`.' }
  }
  if (slowRatio !== undefined && slow === undefined) {
    yield { path: '/slow_ratio', message: '`slow_ratio` counts slow calls, and nothing says which are slow', mend: 'Add `slow_call_duration`, in milliseconds.' }
  } else if (slow !== undefined && slowRatio === undefined) {
    yield { path: '/slow_call_duration', message: '`slow_call_duration` does nothing without `slow_ratio`', mend: 'Add `slow_ratio`, `0.5` say.' }
  }
  if (pause !== undefined && longest !== undefined && longest < pause) {
    yield { path: '/max_reset_timeout', message: '`max_reset_timeout` is below `reset_timeout`', mend: 'Make it as long or longer, or remove it.' }
  }
  if (pause !== undefined && pause < SHORT) {
    yield { path: '/reset_timeout', message: `a pause of ${pause} milliseconds gives nobody a rest`, mend: `Milliseconds are meant: write ${pause}000 for ${pause} seconds.`, severity: 'warning' }
  }
  if (options.fallback_service !== undefined && options.per === 'target') {
    yield { path: '/fallback_service', message: '`fallback_service` stands in for a service, and with `per: target` it has many breakers', mend: 'Remove `per`, or `fallback_service`.' }
  }
  if (options.content_type !== undefined && body === undefined) {
    yield { path: '/content_type', message: '`content_type` describes a `body`, and there is none', mend: 'Add `body`, or remove `content_type`.' }
  }
}
