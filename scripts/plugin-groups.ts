/** What the built-in plugins are for, as the README lists them. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'who calls': ['jwt', 'key-auth', 'basic-auth', 'hmac-auth', 'openid-connect', 'oauth2-introspection', 'mtls-auth', 'header-cert-auth', 'forward-auth'],
  'who may': ['acl', 'auth-policy', 'ip-restriction', 'bot-detection', 'cors', 'csrf'],
  'how much': ['rate-limiting', 'response-ratelimiting', 'concurrency-limiting', 'request-size-limiting', 'graphql-rate-limiting', 'graphql-rate-limiting-advanced'],
  'what a request may be': ['request-validator', 'oas-validator', 'json-threat-protection', 'graphql-guard'],
  'changes on the way': ['request-transformer', 'response-transformer', 'correlation-id', 'security-headers', 'signed-identity', 'redirect', 'request-termination'],
  'where it goes': ['traffic-split', 'canary', 'mirror', 'retry', 'upstream-timeout', 'circuit-breaker'],
  'answers from a cache': ['proxy-cache', 'graphql-proxy-cache', 'graphql-proxy-cache-advanced'],
  'logs, metrics, traces': ['prometheus', 'opentelemetry', 'statsd', 'http-log', 'file-log', 'tcp-log', 'udp-log', 'syslog', 'audit-log'],
  certificates: ['acme']
}

export const GROUPS: readonly string[] = Object.keys(NAMES)

/** @throws {Error} for a plugin that is in no group */
export function groupOf (plugin: string): string {
  const found = GROUPS.find(group => NAMES[group]?.includes(plugin))
  if (found === undefined) throw new Error(`${plugin} is in no group of scripts/plugin-groups.ts`)
  return found
}
