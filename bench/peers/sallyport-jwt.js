import { sallyport } from '../lib/sallyport.js'
import { ISSUER, rs256Tokens } from '../lib/tokens.js'

/** RS256 tokens that were seen before: a hundred of them, in turn. */
export default sallyport({
  name: 'sallyport+jwt',
  plugins: () => [{ name: 'jwt', config: { issuer: ISSUER, audience: ['api'], public_key: rs256Tokens().publicKey, algorithms: ['RS256'], claims_to_headers: { 'X-User-ID': 'sub' } } }],
  field: () => ({ name: 'authorization', values: rs256Tokens().tokens.slice(0, 100).map(token => `Bearer ${token}`) }),
  manyValues: true,
  refuses: true,
  adds: { upstream: ['x-user-id'] }
})
