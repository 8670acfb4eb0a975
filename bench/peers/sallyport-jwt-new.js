import { sallyport } from '../lib/sallyport.js'
import { ISSUER, REMEMBERED, rs256Tokens } from '../lib/tokens.js'

/** An RS256 token on every request that was not seen before, or was forgotten since. */
export default sallyport({
  name: 'sallyport+jwt-new',
  plugins: () => [{
    name: 'jwt',
    config: { issuer: ISSUER, audience: ['api'], public_key: rs256Tokens().publicKey, algorithms: ['RS256'], claims_to_headers: { 'X-User-ID': 'sub' }, cached_tokens: REMEMBERED }
  }],
  field: () => ({ name: 'authorization', values: rs256Tokens().tokens.map(token => `Bearer ${token}`) }),
  manyValues: true,
  refuses: true,
  adds: { upstream: ['x-user-id'] }
})
