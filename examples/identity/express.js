/** Express middleware: only requests for which the gateway vouches, with who calls as `request.identity`. */
import { createRemoteJWKSet, jwtVerify } from 'jose'

export function gatewayIdentity ({ jwks, issuer = 'sallyport', audience }) {
  const keys = createRemoteJWKSet(new URL(jwks))
  return async function (request, response, next) {
    const token = request.headers['x-sallyport-identity'] ?? ''
    const verified = await jwtVerify(token, keys, { issuer, audience, typ: 'identity+jwt', algorithms: ['ES256'] }).catch(() => null)
    if (verified === null) return response.writeHead(401).end()
    request.identity = verified.payload
    next()
  }
}
