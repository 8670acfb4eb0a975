import type { BrandedPlugin } from '../src/plugin.ts'
import acl from './acl/index.ts'
import acme from './acme/index.ts'
import auditLog from './audit-log/index.ts'
import authPolicy from './auth-policy/index.ts'
import basicAuth from './basic-auth/index.ts'
import botDetection from './bot-detection/index.ts'
import canary from './canary/index.ts'
import circuitBreaker from './circuit-breaker/index.ts'
import concurrencyLimiting from './concurrency-limiting/index.ts'
import correlationId from './correlation-id/index.ts'
import cors from './cors/index.ts'
import csrf from './csrf/index.ts'
import fileLog from './file-log/index.ts'
import forwardAuth from './forward-auth/index.ts'
import graphqlGuard from './graphql-guard/index.ts'
import graphqlProxyCacheAdvanced from './graphql-proxy-cache-advanced/index.ts'
import graphqlProxyCache from './graphql-proxy-cache/index.ts'
import graphqlRateLimitingAdvanced from './graphql-rate-limiting-advanced/index.ts'
import graphqlRateLimiting from './graphql-rate-limiting/index.ts'
import headerCertAuth from './header-cert-auth/index.ts'
import hmacAuth from './hmac-auth/index.ts'
import httpLog from './http-log/index.ts'
import ipRestriction from './ip-restriction/index.ts'
import jsonThreatProtection from './json-threat-protection/index.ts'
import jwt from './jwt/index.ts'
import keyAuth from './key-auth/index.ts'
import mirror from './mirror/index.ts'
import mtlsAuth from './mtls-auth/index.ts'
import oasValidator from './oas-validator/index.ts'
import oauth2Introspection from './oauth2-introspection/index.ts'
import openidConnect from './openid-connect/index.ts'
import opentelemetry from './opentelemetry/index.ts'
import prometheus from './prometheus/index.ts'
import proxyCache from './proxy-cache/index.ts'
import rateLimiting from './rate-limiting/index.ts'
import redirect from './redirect/index.ts'
import requestSizeLimiting from './request-size-limiting/index.ts'
import requestTermination from './request-termination/index.ts'
import requestTransformer from './request-transformer/index.ts'
import requestValidator from './request-validator/index.ts'
import responseRatelimiting from './response-ratelimiting/index.ts'
import responseTransformer from './response-transformer/index.ts'
import retry from './retry/index.ts'
import securityHeaders from './security-headers/index.ts'
import signedIdentity from './signed-identity/index.ts'
import statsd from './statsd/index.ts'
import syslog from './syslog/index.ts'
import tcpLog from './tcp-log/index.ts'
import trafficSplit from './traffic-split/index.ts'
import udpLog from './udp-log/index.ts'
import upstreamTimeout from './upstream-timeout/index.ts'

/** The built-in plugins: the explicit list, nothing else. */
export const builtins: readonly BrandedPlugin[] = [
  acl,
  acme,
  auditLog,
  authPolicy,
  basicAuth,
  botDetection,
  canary,
  circuitBreaker,
  concurrencyLimiting,
  correlationId,
  cors,
  csrf,
  fileLog,
  forwardAuth,
  graphqlGuard,
  graphqlProxyCacheAdvanced,
  graphqlProxyCache,
  graphqlRateLimitingAdvanced,
  graphqlRateLimiting,
  headerCertAuth,
  hmacAuth,
  httpLog,
  ipRestriction,
  jsonThreatProtection,
  jwt,
  keyAuth,
  mirror,
  mtlsAuth,
  oasValidator,
  oauth2Introspection,
  openidConnect,
  opentelemetry,
  prometheus,
  proxyCache,
  rateLimiting,
  redirect,
  requestSizeLimiting,
  requestTermination,
  requestTransformer,
  requestValidator,
  responseRatelimiting,
  responseTransformer,
  retry,
  securityHeaders,
  signedIdentity,
  statsd,
  syslog,
  tcpLog,
  trafficSplit,
  udpLog,
  upstreamTimeout
]
