import { sallyport } from '../lib/sallyport.js'

/** Every GET is answered from memory: the upstream is asked once. It says nothing about caching, so the option has to. */
export default sallyport({
  name: 'sallyport+cache-hit',
  plugins: [{ name: 'proxy-cache', config: { heuristics: 'cache_ttl', cache_ttl: 3600 } }],
  adds: { response: ['x-cache-status', 'cache-status'] }
})
