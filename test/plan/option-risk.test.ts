import t from 'tap'
import { builtins } from '../../plugins/index.ts'
import { differences } from '../../src/plan/differences.ts'
import { optionRisk } from '../../src/plan/option-risk.ts'
import { completeConfig } from '../helpers/plugin-config.ts'

/** Options before and after; `high` where the second ones let more callers, requests or bodies through. */
type Case = readonly [plugin: string, before: object, after: object, risk: 'high' | 'medium']

const jwt = { issuer: 'https://i.example/', audience: ['a'] }
const redis = { minute: 5, policy: 'redis', redis: { host: 'r' } }
const introspection = { introspection_url: 'https://i.example/', client_id: 'a', client_secret: 'b' }
const certificates = { ca_certificates: ['one'] }
const SCHEMA = '{"type":"object"}'

const CASES: readonly Case[] = [
  ['cors', { origins: ['https://a.example'] }, { origins: ['*'] }, 'high'],
  ['cors', { origins: ['https://a.example'] }, { origins: ['https://a.example', 'https://b.example'] }, 'high'],
  ['cors', { origins: ['https://a.example', 'https://b.example'] }, { origins: ['https://a.example'] }, 'medium'],
  ['cors', { origins: ['https://a.example'] }, { origins: ['https://a.example'], credentials: true }, 'high'],
  ['cors', { origins: ['https://a.example'] }, { origins: ['https://a.example'], max_age: 5 }, 'medium'],
  ['ip-restriction', { allow: ['10.0.0.0/16'] }, { allow: ['10.0.0.0/8'] }, 'high'],
  ['ip-restriction', { allow: ['10.0.0.0/8'] }, { allow: ['10.0.0.0/16'] }, 'medium'],
  ['ip-restriction', { allow: ['10.0.0.0/8'] }, { deny: ['192.0.2.1'] }, 'high'],
  ['ip-restriction', { deny: ['10.0.0.0/8'] }, { deny: ['10.0.0.0/16'] }, 'high'],
  ['ip-restriction', { deny: ['10.0.0.0/16'] }, { deny: ['10.0.0.0/8'] }, 'medium'],
  ['acl', { allow: ['a'] }, { allow: ['a', 'b'] }, 'high'],
  ['acl', { allow: ['a', 'b'] }, { allow: ['a'] }, 'medium'],
  ['acl', { allow: ['a'] }, { deny: ['a'] }, 'high'],
  ['bot-detection', {}, { allow: ['curl'] }, 'high'],
  ['bot-detection', { deny: ['curl'] }, { deny: [] }, 'high'],
  ['csrf', {}, { origins: ['https://a.example'] }, 'high'],
  ['csrf', { origins: ['https://a.example'] }, {}, 'medium'],
  ['jwt', jwt, { ...jwt, audience: ['a', 'b'] }, 'high'],
  ['jwt', jwt, { ...jwt, audience: undefined }, 'high'],
  ['jwt', jwt, { ...jwt, issuer: 'https://j.example/' }, 'high'],
  ['jwt', { ...jwt, algorithms: ['RS256'] }, { ...jwt, algorithms: ['RS256', 'ES256'] }, 'high'],
  ['jwt', jwt, { ...jwt, leeway: 300 }, 'high'],
  ['jwt', { ...jwt, leeway: 300 }, jwt, 'medium'],
  ['jwt', { ...jwt, maximum_expiration: 600 }, jwt, 'high'],
  ['jwt', { ...jwt, maximum_expiration: 600 }, { ...jwt, maximum_expiration: 6000 }, 'high'],
  ['jwt', jwt, { ...jwt, maximum_expiration: 600 }, 'medium'],
  // one item is enough
  ['jwt', { ...jwt, scopes_required: ['a'] }, { ...jwt, scopes_required: ['a', 'b'] }, 'high'],
  ['jwt', { ...jwt, scopes_required: ['a', 'b'] }, { ...jwt, scopes_required: ['a'] }, 'medium'],
  ['jwt', { ...jwt, scopes_required: ['a'] }, jwt, 'high'],
  ['jwt', jwt, { ...jwt, scopes_required: ['a'] }, 'medium'],
  // all of them are asked for
  ['jwt', { ...jwt, required_claims: ['sub', 'org'] }, { ...jwt, required_claims: ['sub'] }, 'high'],
  ['jwt', { ...jwt, required_claims: ['sub'] }, { ...jwt, required_claims: ['sub', 'org'] }, 'medium'],
  ['jwt', jwt, { ...jwt, anonymous: 'guest' }, 'high'],
  ['jwt', { ...jwt, revocation: { redis_url: 'redis://r' } }, jwt, 'high'],
  ['jwt', { ...jwt, consumer_claim: ['sub'] }, { ...jwt, consumer_claim: ['sub'], consumer_optional: true }, 'high'],
  ['oauth2-introspection', introspection, { ...introspection, introspection_url: 'https://j.example/' }, 'high'],
  ['forward-auth', { url: 'http://a' }, { url: 'http://b' }, 'high'],
  ['forward-auth', { url: 'https://a' }, { url: 'https://a', tls_verify: false }, 'high'],
  ['hmac-auth', { validate_request_body: true }, {}, 'high'],
  ['hmac-auth', { enforce_headers: ['date', 'host'] }, { enforce_headers: ['date'] }, 'high'],
  ['hmac-auth', {}, { clock_skew: 3000 }, 'high'],
  ['hmac-auth', {}, { clock_skew: 30 }, 'medium'],
  ['key-auth', {}, { hide_credentials: false }, 'high'],
  ['key-auth', {}, { key_names: ['x-key'] }, 'medium'],
  ['mtls-auth', { ...certificates, revocation_check_mode: 'STRICT' }, { ...certificates, revocation_check_mode: 'SKIP' }, 'high'],
  ['mtls-auth', { ...certificates, revocation_check_mode: 'SKIP' }, { ...certificates, revocation_check_mode: 'STRICT' }, 'medium'],
  ['mtls-auth', certificates, { ca_certificates: ['one', 'two'] }, 'high'],
  ['auth-policy', { all_of: ['jwt', 'key-auth'] }, { any_of: ['jwt', 'key-auth'] }, 'high'],
  ['rate-limiting', { minute: 5, hour: 9 }, { hour: 9 }, 'high'],
  ['rate-limiting', { minute: 5 }, { minute: 500 }, 'medium'],
  ['rate-limiting', { minute: 5, limit_by: 'ip' }, { minute: 5, limit_by: 'header', header_name: 'x-user' }, 'high'],
  ['rate-limiting', { minute: 5, limit_by: 'ip' }, { minute: 5, limit_by: 'consumer' }, 'medium'],
  ['rate-limiting', redis, { ...redis, on_store_error: 'allow' }, 'high'],
  ['rate-limiting', { ...redis, on_store_error: 'allow' }, { ...redis, on_store_error: 'deny' }, 'medium'],
  ['rate-limiting', { minute: 5 }, { minute: 5, dry_run: true }, 'high'],
  ['rate-limiting', { minute: 5 }, { minute: 5, exempt: { ips: ['10.0.0.0/8'] } }, 'high'],
  ['request-size-limiting', { allowed_payload_size: 1 }, { allowed_payload_size: 9 }, 'high'],
  ['request-validator', { body_schema: SCHEMA, parameter_schema: [] }, { body_schema: SCHEMA, allowed_content_types: ['application/json', 'text/xml'] }, 'high'],
  ['request-validator', { body_schema: SCHEMA }, { body_schema: '{}' }, 'medium'],
  ['oas-validator', { spec_file: 'a' }, { spec_file: 'a', request: 'log' }, 'high'],
  ['oas-validator', { spec_file: 'a', request: 'off' }, { spec_file: 'a', request: 'log' }, 'medium'],
  ['oas-validator', { spec_file: 'a' }, { spec_file: 'a', unknown_operations: 'pass' }, 'high'],
  ['graphql-guard', {}, { introspection: true }, 'high'],
  ['graphql-guard', {}, { max_depth: 99 }, 'high'],
  ['graphql-guard', {}, { max_depth: 2 }, 'medium'],
  ['json-threat-protection', { max_container_depth: 5 }, { max_container_depth: 500 }, 'high'],
  ['proxy-cache', { vary_by_consumer: true }, {}, 'high'],
  ['proxy-cache', {}, { cache_ttl: 5 }, 'medium'],
  ['proxy-cache', {}, { set_cookie: 'strip' }, 'high'],
  ['request-transformer', { remove: { headers: ['x-admin'] } }, { remove: { headers: ['x-other'] } }, 'high'],
  ['request-transformer', { remove: { headers: ['x-admin'] } }, { remove: { headers: ['x-admin', 'x-other'] } }, 'medium'],
  ['request-transformer', {}, { add: { headers: ['x: y'] } }, 'medium'],
  ['retry', {}, { methods: ['GET', 'POST'] }, 'high'],
  ['retry', {}, { methods: ['GET'] }, 'medium'],
  ['mirror', { service: 'a' }, { service: 'a', remove_headers: [] }, 'high'],
  ['http-log', { http_endpoint: 'https://a' }, { http_endpoint: 'https://b' }, 'medium'],
  ['http-log', { http_endpoint: 'https://a' }, { http_endpoint: 'https://a', ssl_verify: false }, 'high'],
  ['correlation-id', {}, { header_name: 'x-other' }, 'medium']
]

const registry = new Map(builtins.map(plugin => [plugin.name, plugin]))

t.test('an option that lets more through is high, the way back is not', async t => {
  for (const [name, before, after, expected] of CASES) {
    const plugin = registry.get(name)
    if (plugin === undefined) throw new Error(name)
    const found = differences(completeConfig(plugin, before), completeConfig(plugin, after))
    t.not(found.length, 0, `${name}: there is a difference`)
    const risks = found.map(difference => optionRisk(difference, plugin))
    t.equal(risks.includes('high') ? 'high' : 'medium', expected, `${name}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
  }
})

t.test('of a plugin of somebody else only switches are known', async t => {
  t.equal(optionRisk({ path: ['tls_verify'], from: true, to: false }, { name: 'own' }), 'high')
  t.equal(optionRisk({ path: ['allow'], from: ['a'], to: ['a', 'b'], added: ['b'], removed: [] }, { name: 'own' }), 'medium')
  t.equal(optionRisk({ path: ['allow'], from: ['a'], to: ['a', 'b'], added: ['b'], removed: [] }, { name: 'own', protects: 'access' }), 'high')
})
