import { redis, redisMissing } from '../lib/redis.js'
import { sallyport } from '../lib/sallyport.js'

/** A sliding limit that nobody reaches, each decision in Redis: without it there is no answer but 503. */
export default sallyport({
  name: 'sallyport+rate-limiting-redis',
  beside: redis,
  missing: redisMissing,
  plugins: port => [{
    name: 'rate-limiting',
    config: { minute: 1_000_000_000, limit_by: 'ip', policy: 'redis', redis: { host: '127.0.0.1', port, timeout: 2000 }, on_store_error: 'deny' }
  }],
  adds: { response: ['ratelimit-remaining', 'x-ratelimit-remaining-minute'] }
})
