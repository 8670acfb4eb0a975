import { sallyport } from '../lib/sallyport.js'

/** A sliding limit that nobody reaches, counted in memory, with its headers on every answer. */
export default sallyport({
  name: 'sallyport+rate-limiting',
  plugins: [{ name: 'rate-limiting', config: { minute: 1_000_000_000, limit_by: 'ip' } }],
  adds: { response: ['ratelimit-remaining', 'x-ratelimit-remaining-minute'] }
})
