import { breakerFindings, definePlugin } from '../../src/plugin.ts'
import { CircuitBreaker } from './schema.ts'

export default definePlugin({
  name: 'circuit-breaker',
  // it has no hooks: the engine puts the breaker between the whole chain and the service. The number is where `explain` shows it
  priority: 1,
  schema: CircuitBreaker,
  scopes: ['global', 'service', 'route'],
  circuitBreaker: config => config,
  check: breakerFindings,
  register () {}
})
