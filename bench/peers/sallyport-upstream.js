import { sallyport } from '../lib/sallyport.js'
import keyAuth from './sallyport-key-auth.js'

/** What a service in earnest has: API keys, a limit, a circuit breaker for each of three targets. */
export default sallyport({
  name: 'sallyport+upstream',
  plugins: [
    { name: 'key-auth', config: { key_names: ['x-api-key'] } },
    { name: 'rate-limiting', config: { minute: 1_000_000_000, limit_by: 'consumer' } },
    { name: 'circuit-breaker', config: { per: 'target', failure_threshold: 5, failure_ratio: 0.5 } }
  ],
  rest: upstream => ({
    ...keyAuth.rest,
    services: [{ name: 'users', host: 'users', routes: [{ name: 'all', paths: ['/'] }] }],
    // the upstream listens at all three
    upstreams: [{ name: 'users', targets: ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(host => ({ target: `${host}:${upstream}` })) }]
  }),
  field: keyAuth.field,
  manyValues: true,
  refuses: true,
  adds: { ...keyAuth.adds, response: ['ratelimit-remaining', 'x-ratelimit-remaining-minute'] }
})
