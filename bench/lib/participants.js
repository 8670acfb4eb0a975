/** Everybody who takes part. */
import { pathToFileURL } from 'node:url'
import caddy from '../peers/caddy.js'
import expressGateway from '../peers/express-gateway.js'
import fastGateway from '../peers/fast-gateway.js'
import fastifyHttpProxy from '../peers/fastify-http-proxy.js'
import haproxy from '../peers/haproxy.js'
import haproxyJwt from '../peers/haproxy-jwt.js'
import haproxyTls from '../peers/haproxy-tls.js'
import httpProxy from '../peers/http-proxy.js'
import haproxyStickTable from '../peers/haproxy-stick-table.js'
import nginx from '../peers/nginx.js'
import nginxLimitReq from '../peers/nginx-limit-req.js'
import nginxTls from '../peers/nginx-tls.js'
import nodeHttp from '../peers/node-http.js'
import sallyport from '../peers/sallyport.js'
import sallyportCacheHit from '../peers/sallyport-cache-hit.js'
import sallyportChain from '../peers/sallyport-chain.js'
import sallyportCorsSecurityHeaders from '../peers/sallyport-cors-security-headers.js'
import sallyportFour from '../peers/sallyport-4.js'
import sallyportJwt from '../peers/sallyport-jwt.js'
import sallyportJwtNew from '../peers/sallyport-jwt-new.js'
import sallyportKeyAuth from '../peers/sallyport-key-auth.js'
import sallyportMetrics from '../peers/sallyport-metrics.js'
import sallyportOpentelemetry from '../peers/sallyport-opentelemetry.js'
import sallyportRateLimiting from '../peers/sallyport-rate-limiting.js'
import sallyportRequestValidator from '../peers/sallyport-request-validator.js'
import sallyportTls from '../peers/sallyport-tls.js'
import sallyportUpstream from '../peers/sallyport-upstream.js'
import sallyportRateLimitingRedis from '../peers/sallyport-rate-limiting-redis.js'
import sallyportVerify from '../peers/sallyport-verify.js'
import undiciDispatch from '../peers/undici-dispatch.js'

/** Neighbours share a heat: what is compared with each other stands together. */
export const PARTICIPANTS = [
  sallyport, sallyportMetrics, sallyportOpentelemetry,
  sallyportFour, sallyportChain, sallyportCorsSecurityHeaders,
  sallyportVerify, sallyportJwtNew, sallyportJwt,
  sallyportKeyAuth, sallyportUpstream, sallyportRequestValidator,
  sallyportRateLimiting, sallyportRateLimitingRedis, sallyportCacheHit,
  nginxTls, haproxyTls, sallyportTls,
  nginx, nginxLimitReq, caddy,
  haproxy, haproxyStickTable, haproxyJwt,
  undiciDispatch, nodeHttp, httpProxy,
  fastifyHttpProxy, fastGateway, expressGateway
]

/** What ratios are to, unless another is asked for. */
export const BASELINE = fastifyHttpProxy.name

/** Participants by name; `null` is all. A name that nobody has is an error. */
export function participantsNamed (names) {
  if (names === null) return PARTICIPANTS
  for (const name of names) {
    if (!PARTICIPANTS.some(one => one.name === name)) {
      throw new Error(`no participant "${name}": there are ${PARTICIPANTS.map(one => one.name).join(', ')}`)
    }
  }
  return PARTICIPANTS.filter(one => names.includes(one.name))
}

/** A participant that is not in the list, for an experiment. */
export async function participantFrom (file) {
  return (await import(pathToFileURL(file).href)).default
}
