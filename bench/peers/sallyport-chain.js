import { sallyport } from '../lib/sallyport.js'
import { ISSUER, rs256Tokens } from '../lib/tokens.js'

/**
 * A fully protected route: an id for each request, addresses, CORS, RS256 tokens that were seen before, a group, a limit that nobody
 * reaches, changes of the request, security headers, and a line of the access log.
 */
export default sallyport({
  name: 'sallyport+chain',
  accessLog: true,
  plugins: () => [
    { name: 'correlation-id', config: {} },
    { name: 'ip-restriction', config: { allow: ['127.0.0.0/8', '10.0.0.0/8', '2001:db8::/32'], deny: ['10.0.0.42'] } },
    { name: 'cors', config: { origins: ['https://app.example.com', 'https://admin.example.com'], credentials: true } },
    { name: 'jwt', config: { issuer: ISSUER, audience: ['api'], public_key: rs256Tokens().publicKey, algorithms: ['RS256'], claims_to_headers: { 'X-User-ID': 'sub' } } },
    { name: 'acl', config: { allow: ['orders:read'], groups_from: ['scopes'] } },
    { name: 'rate-limiting', config: { minute: 1_000_000_000, limit_by: 'ip' } },
    { name: 'request-transformer', config: { add: { headers: ['X-Gateway:sallyport'] }, remove: { headers: ['X-Debug'] } } },
    { name: 'security-headers', config: {} }
  ],
  field: () => ({ name: 'authorization', values: rs256Tokens().tokens.slice(0, 100).map(token => `Bearer ${token}`) }),
  manyValues: true,
  refuses: true,
  adds: {
    response: ['vary', 'ratelimit-remaining', 'content-security-policy', 'x-content-type-options'],
    upstream: ['x-user-id', 'x-gateway', 'kong-request-id']
  }
})
