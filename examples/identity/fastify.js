/** Fastify: only requests for which the gateway vouches, with who calls as `request.identity`. */
import { createRemoteJWKSet, jwtVerify } from 'jose'

export function gatewayIdentity (app, { jwks, issuer = 'sallyport', audience }) {
  const keys = createRemoteJWKSet(new URL(jwks))
  app.decorateRequest('identity', null)
  app.addHook('onRequest', async function gatewayIdentity (request, reply) {
    const token = request.headers['x-sallyport-identity'] ?? ''
    const verified = await jwtVerify(token, keys, { issuer, audience, typ: 'identity+jwt', algorithms: ['ES256'] }).catch(() => null)
    if (verified === null) return reply.code(401).send()
    request.identity = verified.payload
  })
}
