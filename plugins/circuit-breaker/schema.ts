import { circuitBreakerOptions, Type } from '../../src/plugin.ts'

/** The same options as the service's field `circuit_breaker` has. */
export const CircuitBreaker = Type.Object(circuitBreakerOptions, {
  title: 'circuit-breaker',
  description: 'Stops asking a service that fails, answers at once instead, and tries it again after a pause.',
  additionalProperties: false
})
