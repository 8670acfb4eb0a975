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

export const PARTICIPANTS = [
  nginx, nginxLimitReq, haproxy, haproxyStickTable, haproxyJwt, caddy, undiciDispatch, sallyport, sallyportFour, sallyportKeyAuth, sallyportJwt, sallyportJwtNew, sallyportVerify, sallyportRateLimiting, sallyportRateLimitingRedis, sallyportCacheHit, sallyportMetrics, sallyportOpentelemetry, sallyportUpstream, sallyportCorsSecurityHeaders, sallyportChain, sallyportRequestValidator, nginxTls, haproxyTls, sallyportTls, nodeHttp, fastifyHttpProxy,
  httpProxy, fastGateway, expressGateway
]

/** What every ratio is to. */
export const BASELINE = fastifyHttpProxy.name

/** Largest accepted ratio of CPU a request to the baseline's, by participant and case. */
export const REQUIRED = {
  sallyport: { get: 0.55, get16k: 0.65, post: 0.65 },
  'sallyport+4': { get: 0.70, get16k: 0.70, post: 0.70 },
  'sallyport+key-auth': { get: 0.60 },
  'sallyport+rate-limiting': { get: 0.60 },
  'sallyport+rate-limiting-redis': { get: 0.95 },
  'sallyport+cache-hit': { get: 0.35, get16k: 0.35 },
  'sallyport+upstream': { get: 0.70 },
  'sallyport+cors+security-headers': { get: 0.60 },
  'sallyport+chain': { get: 0.90 },
  'sallyport+request-validator': { post: 0.80 },
  'sallyport+jwt': { get: 0.65, get16k: 0.65, post: 0.65 }
}

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
