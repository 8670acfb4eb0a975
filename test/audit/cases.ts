/** For each rule a file in which it applies, with the place between « and », and the same with the right value. Without the head. */
export interface AuditCase {
  readonly bad: string
  readonly good: string
}

/** A service with one route; `fields` go to the route. */
function route (fields = 'paths: [/a]', rest = ''): string {
  return `services:
  - name: s
    url: https://s.internal
    routes:
      - name: r
        ${fields.replaceAll('\n', '\n        ')}
${rest}`
}

/** A global entry, beside a route. */
function entry (name: string, config: string, rest = '', fields = 'paths: [/a]'): string {
  return route(fields, `plugins:\n  - name: ${name}\n    config: { ${config} }\n${rest}`)
}

function gateway (text: string, rest = route()): string {
  return `gateway:\n  ${text.replaceAll('\n', '\n  ')}\n${rest}`
}

function service (fields: string): string {
  return `services:
  - name: s
    ${fields.replaceAll('\n', '\n    ')}
    routes: [{ name: r, paths: [/a] }]
`
}

const TLS = 'listen: [{ port: 8443, tls: true }]'
const CERTIFICATE = 'certificates:\n  - { cert: "{vault://env/CERT}", key: "{vault://env/KEY}" }\n'
const ISSUER = 'issuer: "https://auth.example.com/", audience: [api]'
const JWT = `${ISSUER}, claims_to_verify: [exp], uri_param_names: []`
const CONSUMER = 'consumers:\n  - username: guest\n'
const CA = 'ca_certificates:\n  - name: partners\n    cert: "{vault://env/CA}"\n'
const REDIS = 'policy: redis, minute: 5'

export const cases: Readonly<Record<string, AuditCase>> = {
  'no-authentication': { bad: route('paths: [/a]').replace('name: r', 'name: «r»'), good: entry('key-auth', '') },
  'disabled-protection': {
    bad: entry('key-auth', '', '    enabled: «false»\n'),
    good: entry('key-auth', '', '    enabled: true\n')
  },
  'public-by-default': { bad: entry('auth-policy', 'public: «true»'), good: route('paths: [/a]\nplugins: [{ name: auth-policy, config: { public: true } }]') },
  'anonymous-fallback': {
    bad: entry('key-auth', 'anonymous: «guest»', CONSUMER),
    good: entry('key-auth', 'anonymous: guest', `  - name: auth-policy\n    config: { any_of: [key-auth] }\n${CONSUMER}`)
  },
  'credentials-over-http': {
    bad: gateway('listen:\n  - { port: 8000, tls: «false» }', entry('basic-auth', '')),
    good: gateway('trusted_ips: [10.0.0.1]\nlisten:\n  - { port: 8000, tls: false }', entry('basic-auth', ''))
  },
  'key-in-query': { bad: entry('key-auth', 'key_in_query: «true»'), good: entry('key-auth', 'key_in_query: false') },
  'token-in-query': { bad: entry('jwt', 'issuer: "https://a.example/", uri_param_names: «[jwt]»'), good: entry('jwt', JWT) },
  'credentials-passed-on': { bad: entry('basic-auth', 'hide_credentials: «false»'), good: entry('basic-auth', 'hide_credentials: true') },
  'key-without-end': {
    bad: entry('key-auth', '', `consumers:\n  - username: a\n    keyauth_credentials: [«{ hash: ${'7d'.repeat(32)} }»]\n`),
    good: entry('key-auth', '', `consumers:\n  - username: a\n    keyauth_credentials: [{ hash: ${'7d'.repeat(32)}, ttl: 86400 }]\n`)
  },
  'weak-password-hash': {
    bad: entry('basic-auth', '', 'consumers:\n  - username: a\n    basicauth_credentials: [{ username: a, password: «"$2b$04$abcdefghijklmnopqrstuuX3B1Nn1ZyLx7mhsbJ3K4WzWwqXbE0uK"» }]\n'),
    good: entry('basic-auth', '', 'consumers:\n  - username: a\n    basicauth_credentials: [{ username: a, password: "$2b$12$abcdefghijklmnopqrstuuX3B1Nn1ZyLx7mhsbJ3K4WzWwqXbE0uK" }]\n')
  },
  'hmac-sha1': { bad: entry('hmac-auth', 'algorithms: «[hmac-sha1, hmac-sha256]»'), good: entry('hmac-auth', 'algorithms: [hmac-sha256]') },
  'hmac-unbound': { bad: entry('hmac-auth', 'enforce_headers: «[date]»'), good: entry('hmac-auth', 'enforce_headers: [x-date, request-line]') },
  'hmac-body-unsigned': { bad: entry('hmac-auth', 'validate_request_body: «false»'), good: entry('hmac-auth', 'validate_request_body: true') },
  'certificates-unrevoked': {
    bad: gateway('listen: [{ port: 8443, tls: true, client_certificate: request }]', entry('mtls-auth', 'ca_certificates: [partners], revocation_check_mode: «SKIP»', CA + CERTIFICATE)),
    good: gateway('listen: [{ port: 8443, tls: true, client_certificate: request }]', entry('mtls-auth', 'ca_certificates: [partners], crl_file: partners.crl', CA + CERTIFICATE))
  },
  'any-certificate': {
    bad: gateway('trusted_ips: [10.0.0.1]', entry('header-cert-auth', 'certificate_header_name: X-Cert, certificate_header_format: url_encoded, ca_certificates: [partners], skip_consumer_lookup: «true»', CA)),
    good: gateway('trusted_ips: [10.0.0.1]', entry('header-cert-auth', 'certificate_header_name: X-Cert, certificate_header_format: url_encoded, ca_certificates: [partners], skip_consumer_lookup: true', `  - name: acl\n    config: { allow: [a], always_use_authenticated_groups: true }\n${CA}`))
  },
  'acl-deny-only': { bad: entry('key-auth', '', '  - name: acl\n    config: { deny: «[a]» }\n'), good: entry('key-auth', '', '  - name: acl\n    config: { allow: [a] }\n') },

  'token-audience': { bad: entry('«jwt»', 'issuer: "https://a.example/"'), good: entry('jwt', JWT) },
  'token-issuer': { bad: entry('«jwt»', 'jwks_uri: "https://a.example/keys"'), good: entry('jwt', JWT) },
  'token-without-end': { bad: entry('«jwt»', 'issuer: "https://a.example/"'), good: entry('jwt', 'issuer: "https://a.example/", maximum_expiration: 3600') },
  'mixed-algorithms': { bad: entry('jwt', 'algorithms: «[HS256, RS256]»', 'consumers:\n  - username: a\n    jwt_secrets: [{ key: a, algorithm: HS256, secret: "{vault://env/S}" }]\n'), good: entry('jwt', 'algorithms: [RS256]') },
  'shared-token-secret': { bad: entry('jwt', `${ISSUER}, secret: «"{vault://env/SECRET}"»`), good: entry('jwt', JWT) },
  'clock-skew': { bad: entry('jwt', 'issuer: "https://a.example/", leeway: «600»'), good: entry('jwt', 'issuer: "https://a.example/", leeway: 60') },
  'provider-over-http': { bad: entry('jwt', 'jwks_uri: «"http://a.example/keys"», allow_insecure: true'), good: entry('jwt', 'jwks_uri: "https://a.example/keys"') },
  'insecure-allowed': { bad: entry('jwt', 'jwks_uri: "https://a.example/keys", allow_insecure: «true»'), good: entry('jwt', 'jwks_uri: "https://a.example/keys"') },
  'revocation-delay': { bad: entry('oauth2-introspection', 'introspection_url: "https://a.example/i", client_id: a, client_secret: "{vault://env/SECRET}", ttl: «3600»'), good: entry('oauth2-introspection', 'introspection_url: "https://a.example/i", client_id: a, client_secret: "{vault://env/SECRET}"') },
  'error-details': { bad: entry('openid-connect', 'issuer: "https://a.example/", display_errors: «true»'), good: entry('openid-connect', 'issuer: "https://a.example/"') },
  'identity-audience': { bad: entry('«signed-identity»', 'algorithm: HS256, keys: ["{vault://env/SECRET}"]'), good: entry('signed-identity', 'algorithm: HS256, keys: ["{vault://env/SECRET}"], audience: orders') },
  'identity-lifetime': { bad: entry('signed-identity', 'algorithm: HS256, keys: ["{vault://env/SECRET}"], ttl: «3600»'), good: entry('signed-identity', 'algorithm: HS256, keys: ["{vault://env/SECRET}"], ttl: 60') },

  'listener-without-tls': { bad: gateway('listen: [{ port: 8000, tls: «false» }]'), good: gateway('listen: [{ host: 127.0.0.1, port: 8000, tls: false }]') },
  'tls-verify-off': { bad: service('url: https://s.internal\ntls_verify: «false»'), good: service('url: https://s.internal\ntls_verify: true') },
  'health-check-unverified': {
    bad: 'upstreams:\n  - name: u\n    healthchecks: { active: { type: https, https_verify_certificate: «false», healthy: { interval: 5 } } }\n    targets: [{ target: "a.internal:443" }]\n',
    good: 'upstreams:\n  - name: u\n    healthchecks: { active: { type: https, healthy: { interval: 5 } } }\n    targets: [{ target: "a.internal:443" }]\n'
  },
  'plain-http-authoriser': { bad: entry('forward-auth', 'url: «"http://auth.acme.com/"»'), good: entry('forward-auth', 'url: "http://auth.internal/"') },
  'plain-records': { bad: entry('tcp-log', 'host: «logs.acme.com», port: 6514'), good: entry('tcp-log', 'host: logs.acme.com, port: 6514, tls: true') },
  'redis-without-tls': { bad: entry('rate-limiting', `${REDIS}, redis: { host: «redis.acme.com» }`), good: entry('rate-limiting', `${REDIS}, redis: { host: redis.acme.com, ssl: true }`) },
  'redis-without-password': { bad: entry('«rate-limiting»', `${REDIS}, redis: { host: redis.internal }`), good: entry('rate-limiting', `${REDIS}, redis: { host: redis.internal, password: "{vault://env/SECRET}" }`) },
  'acme-staging': {
    bad: entry('acme', 'account_email: a@example.org, tos_accepted: true, domains: [a.example.org], folder: acme, api_uri: «"https://acme-staging-v02.api.letsencrypt.org/directory"»'),
    good: entry('acme', 'account_email: a@example.org, tos_accepted: true, domains: [a.example.org], folder: acme')
  },
  'hsts-missing': { bad: gateway(TLS, route('paths: [/a]', CERTIFICATE)).replace('name: r', 'name: «r»'), good: gateway(TLS, entry('security-headers', '', CERTIFICATE)) },
  'hsts-short': { bad: gateway(TLS, entry('security-headers', 'hsts: { max_age: «3600» }', CERTIFICATE)), good: gateway(TLS, entry('security-headers', '', CERTIFICATE)) },

  'unlimited-public-route': { bad: route().replace('name: r', 'name: «r»'), good: entry('rate-limiting', 'minute: 5, limit_by: ip') },
  'unlimited-route': { bad: entry('key-auth', '').replace('name: r', 'name: «r»'), good: entry('key-auth', '', '  - name: rate-limiting\n    config: { minute: 5 }\n') },
  'unlimited-login': { bad: entry('rate-limiting', 'minute: 600', '', 'paths: [/api/login]').replace('name: r', 'name: «r»'), good: entry('rate-limiting', 'preset: login', '', 'paths: [/api/login]') },
  'limit-fails-open': { bad: entry('rate-limiting', `${REDIS}, redis: { host: redis.internal }, on_store_error: «allow»`), good: entry('rate-limiting', `${REDIS}, redis: { host: redis.internal }`) },
  'limit-by-header': { bad: entry('rate-limiting', 'minute: 5, limit_by: «header», header_name: x-a'), good: entry('rate-limiting', 'minute: 5, limit_by: ip') },
  'limit-exempts-everybody': { bad: entry('rate-limiting', 'minute: 5, exempt: { ips: [«"::/0"»] }'), good: entry('rate-limiting', 'minute: 5, exempt: { ips: [10.0.0.1] }') },
  'protection-only-logs': { bad: entry('json-threat-protection', 'max_container_depth: 5, enforcement_mode: «log_only»'), good: entry('json-threat-protection', 'max_container_depth: 5') },
  'unlimited-body': { bad: route('paths: [/a]\nmethods: [POST]').replace('name: r', 'name: «r»'), good: entry('request-size-limiting', 'allowed_payload_size: 1', '', 'paths: [/a]\nmethods: [POST]') },
  'large-body': { bad: entry('request-size-limiting', 'allowed_payload_size: «500»'), good: entry('request-size-limiting', 'allowed_payload_size: 500, size_unit: kilobytes') },
  'large-buffer': { bad: gateway('limits: { request_buffer: «104857600» }'), good: gateway('limits: { request_buffer: 1048576 }') },
  'unchecked-upload': { bad: route('paths: [/api/uploads]').replace('name: r', 'name: «r»'), good: entry('request-validator', 'allowed_content_types: [image/png], body_schema: { type: string }', '', 'paths: [/api/uploads]') },
  'slow-clients': { bad: gateway('timeouts: { body_min_rate: «0» }'), good: gateway('timeouts: { body_min_rate: 512 }') },
  'no-overload-limit': { bad: gateway('«workers: 1»'), good: gateway('overload: { in_flight: 1000 }') },
  'unguarded-graphql': { bad: route('paths: [/graphql]').replace('name: r', 'name: «r»'), good: entry('graphql-guard', '', '', 'paths: [/graphql]') },
  'graphql-introspection': { bad: entry('graphql-guard', 'introspection: «true»'), good: entry('graphql-guard', 'introspection: true', '  - name: key-auth\n') },
  'graphql-websockets': { bad: entry('graphql-guard', 'websockets: «pass»'), good: entry('graphql-guard', '') },
  'graphql-mutations-by-get': { bad: entry('graphql-guard', 'mutations_by_get: «true»'), good: entry('graphql-guard', '') },

  'cors-wide-origin': {
    bad: entry('cors', "credentials: true, origins: [«'https://.*example\\.com'»]"),
    good: entry('cors', "credentials: true, origins: ['https://[a-z0-9-]+\\.example\\.com', 'https://app.example.com']")
  },
  'cors-null-origin': { bad: entry('cors', "origins: [«'null'»]"), good: entry('cors', 'origins: ["https://a.example.com"]') },
  'cors-http-origin': { bad: entry('cors', 'credentials: true, origins: [«"http://a.example.com"»]'), good: entry('cors', 'credentials: true, origins: ["http://localhost:3000"]') },
  'cors-any-origin': { bad: entry('cors', 'origins: «["*"]»', '  - name: key-auth\n'), good: entry('cors', 'origins: ["*"]') },
  'cors-private-network': { bad: entry('cors', 'private_network: «true»'), good: entry('cors', 'private_network: true, origins: ["https://a.example.com"]') },
  'cookies-without-csrf': {
    bad: entry('jwt', `${JWT}, cookie_names: [session]`).replace('name: r', 'name: «r»'),
    good: entry('jwt', `${JWT}, cookie_names: [session]`, '  - name: csrf\n    config: { origins: ["https://a.example.com"] }\n')
  },
  'websocket-origin': { bad: route('paths: [/ws]').replace('name: r', 'name: «r»'), good: entry('csrf', 'origins: ["https://a.example.com"]', '', 'paths: [/ws]') },
  'cookie-flags': {
    bad: entry('response-transformer', 'add: { headers: [«"Set-Cookie: a=b; Secure"»] }'),
    good: entry('response-transformer', 'add: { headers: ["Set-Cookie: a=b; Secure; HttpOnly; SameSite=Lax"] }')
  },
  'no-security-headers': { bad: route().replace('name: r', 'name: «r»'), good: entry('security-headers', '') },
  'weak-content-policy': { bad: entry('security-headers', 'content_security_policy: «"default-src \'self\' \'unsafe-inline\'"»'), good: entry('security-headers', 'content_security_policy: "default-src \'self\'; style-src \'unsafe-inline\'"') },
  'leaking-headers': { bad: entry('security-headers', 'remove: «[Server]»'), good: entry('security-headers', '') },
  'version-banner': { bad: gateway('headers: { server_tokens: «true» }'), good: gateway('headers: { server_tokens: false }') },
  'upstream-status-shown': { bad: gateway('headers: { upstream_status: «true» }'), good: gateway('headers: { upstream_status: false }') },
  'request-echo': { bad: entry('request-termination', 'echo: «true», trigger: x-echo'), good: entry('request-termination', 'trigger: x-echo') },

  'metadata-upstream': { bad: service('url: «http://169.254.169.254/latest»'), good: service('url: https://s.internal') },
  'admin-upstream': { bad: service('url: «http://127.0.0.1:8001»'), good: service('url: http://127.0.0.1:3001') },
  'long-timeout': { bad: service('url: https://s.internal\nread_timeout: «3600000»'), good: service('url: https://s.internal\nread_timeout: 30000') },
  'no-total-timeout': { bad: service('url: https://s.internal').replace('name: s', 'name: «s»'), good: service('url: https://s.internal\ntotal_timeout: 60000') },
  'unsafe-retry': { bad: service('url: https://s.internal\nretry: { methods: «[GET, POST]» }'), good: service('url: https://s.internal\nretry: { methods: [GET, POST], retry_on: [connect] }') },
  'retry-storm': { bad: service('url: https://s.internal\nretries: «20»'), good: service('url: https://s.internal\nretries: 2') },
  'no-circuit-breaker': { bad: service('url: https://s.internal').replace('name: s', 'name: «s»'), good: service('url: https://s.internal\ncircuit_breaker: {}') },
  'cache-shares-cookies': { bad: entry('proxy-cache', 'private_headers: «[]»'), good: entry('proxy-cache', 'private_headers: [Cookie, x-user]') },
  'cache-ignores-service': { bad: entry('proxy-cache', 'cache_control: «false»'), good: entry('proxy-cache', 'cache_control: false, vary_by_consumer: true') },
  'cache-strips-cookies': { bad: entry('proxy-cache', 'set_cookie: «strip»'), good: entry('proxy-cache', '') },
  'mirrored-credentials': { bad: entry('mirror', 'service: s, remove_headers: «[cookie]»'), good: entry('mirror', 'service: s') },

  'everybody-trusted': { bad: gateway('trusted_ips: [«0.0.0.0/0»]'), good: gateway('trusted_ips: [10.0.0.0/8, "fd00::/8"]') },
  'ip-allows-everybody': { bad: entry('ip-restriction', 'allow: [«0.0.0.0/0»]'), good: entry('ip-restriction', 'allow: [10.0.0.0/8]') },
  'ip-without-trusted-ips': { bad: entry('«ip-restriction»', 'allow: [10.0.0.0/8]'), good: gateway('trusted_ips: [10.0.0.1]', entry('ip-restriction', 'allow: [10.0.0.0/8]')) },
  'open-admin': { bad: gateway('admin: { host: «0.0.0.0», token: "{vault://env/SECRET}" }'), good: gateway('admin: { host: 127.0.0.1 }') },
  'odd-paths': { bad: gateway('path_policy: { encoded_slash: «keep» }'), good: route('paths: [/a]\npath_policy: { encoded_slash: keep }') },
  'underscore-fields': { bad: gateway('request_headers: { underscores: «keep» }'), good: gateway('request_headers: { underscores: reject }') },
  'wide-host': { bad: route('hosts: [«api.*»]'), good: route('hosts: ["*.example.com"]') },
  'open-catch-all': {
    bad: route('paths: [/]', '      - { name: b, paths: [/b] }\n').replace('name: r', 'name: «r»'),
    good: route('paths: [/]\nhosts: [a.example.com]', '      - { name: b, paths: [/b] }\n')
  },
  'open-header-regex': { bad: route('headers: { x-a: [«"~*internal"»] }'), good: route('headers: { x-a: ["~*^internal$"] }') },
  'debug-log': { bad: gateway('log: { level: «debug» }'), good: gateway('log: { level: warn }') },
  'no-access-log': { bad: gateway('log: { access: «false» }'), good: gateway('log: { access: false }', entry('file-log', 'path: /var/log/a.log')) },
  'audit-log-without-secret': { bad: entry('«audit-log»', 'path: /var/log/a.log'), good: entry('audit-log', 'path: /var/log/a.log, secret: "{vault://env/SECRET}"') },
  'no-metrics': { bad: entry('key-auth', '').replace('plugins:', '«plugins»:'), good: entry('prometheus', '') },
  'all-traces': { bad: entry('opentelemetry', 'traces_endpoint: "http://otel.internal:4318/v1/traces", sampling_rate: «1»'), good: entry('opentelemetry', 'traces_endpoint: "http://otel.internal:4318/v1/traces"') }
}

/** Further spellings of the same mistakes, each with the rule that finds it; severities where they differ. */
export const more: ReadonlyArray<readonly [rule: string, bad: string, severity?: string]> = [
  ['token-in-query', entry('openid-connect', 'issuer: "https://a.example/", bearer_token_param_type: «[header, query]»')],
  ['token-audience', entry('«openid-connect»', 'issuer: "https://a.example/"')],
  ['token-audience', entry('«oauth2-introspection»', 'introspection_url: "https://a.example/i", client_id: a, client_secret: "{vault://env/SECRET}"'), 'medium'],
  ['token-audience', entry('jwt', 'issuers: [{ issuer: "https://a.example/", audience: [a] }, «{ issuer: "https://b.example/" }»]')],
  ['provider-over-http', entry('jwt', 'issuer: «"http://a.example/"», allow_insecure: true')],
  ['provider-over-http', entry('oauth2-introspection', 'introspection_url: «"http://a.example/i"», client_id: a, client_secret: "{vault://env/SECRET}", allow_insecure: true')],
  ['revocation-delay', entry('openid-connect', 'issuer: "https://a.example/", cache_ttl: «900»')],
  ['clock-skew', entry('hmac-auth', 'clock_skew: «900»')],
  ['hmac-unbound', entry('hmac-auth', 'enforce_headers: «[request-line]»')],
  ['certificates-unrevoked', gateway('trusted_ips: [10.0.0.1]', entry('header-cert-auth', 'certificate_header_name: X-Cert, certificate_header_format: url_encoded, ca_certificates: [partners], crl_file: partners.crl, revocation_check_mode: «IGNORE_CA_ERROR»', CA)), 'low'],
  ['certificates-unrevoked', gateway('trusted_ips: [10.0.0.1]', entry('«header-cert-auth»', 'certificate_header_name: X-Cert, certificate_header_format: url_encoded, ca_certificates: [partners]', CA))],
  ['tls-verify-off', entry('forward-auth', 'url: "https://auth.internal/", tls_verify: «false»'), 'critical'],
  ['tls-verify-off', entry('tcp-log', 'host: log.internal, port: 1, tls: true, ssl_verify: «false»')],
  ['tls-verify-off', entry('syslog', 'host: log.internal, protocol: tls, ssl_verify: «false»')],
  ['tls-verify-off', entry('http-log', 'http_endpoint: "https://log.internal/", ssl_verify: «false»')],
  ['tls-verify-off', entry('rate-limiting', `${REDIS}, redis: { host: redis.internal, ssl: true, ssl_verify: «false» }`)],
  ['plain-records', entry('http-log', 'http_endpoint: «"http://logs.acme.com/"»')],
  ['plain-records', entry('opentelemetry', 'traces_endpoint: «"http://otel.acme.com:4318/v1/traces"»')],
  ['plain-records', entry('statsd', 'host: «stats.acme.com»')],
  ['redis-without-tls', entry('rate-limiting', `${REDIS}, redis: «{ cluster_nodes: [{ ip: redis.acme.com }] }»`)],
  ['redis-without-password', entry('«rate-limiting»', `${REDIS}, redis: { sentinel_master: a, sentinel_nodes: [{ host: s.internal }] }`)],
  ['hsts-missing', gateway(TLS, entry('security-headers', 'hsts: { enabled: «false» }', CERTIFICATE))],
  ['limit-fails-open', entry('rate-limiting', `${REDIS}, redis: { host: redis.internal }, on_store_error: «allow»`, '', 'paths: [/login]'), 'high'],
  ['limit-exempts-everybody', entry('rate-limiting', 'minute: 5, exempt: { paths: [«/*»] }')],
  ['limit-by-header', entry('graphql-rate-limiting-advanced', 'limit: [5], window_size: [60], identifier: «header», header_name: x-a')],
  ['protection-only-logs', entry('rate-limiting', 'minute: 5, dry_run: «true»')],
  ['protection-only-logs', entry('request-validator', 'body_schema: { type: string }, actions: { body: «log» }')],
  ['slow-clients', gateway('timeouts: { headers: «0» }')],
  ['slow-clients', gateway('timeouts: { headers: «90000» }')],
  ['slow-clients', gateway('timeouts: { body_grace: «200000» }')],
  ['cors-wide-origin', entry('cors', "credentials: true, origins: [«'https://app.example\\.com.*'»]")],
  ['cookies-without-csrf', entry('openid-connect', 'issuer: "https://a.example/", bearer_token_param_type: [cookie], bearer_token_cookie_name: sid').replace('name: r', 'name: «r»')],
  ['metadata-upstream', 'services:\n  - { name: s, host: u, routes: [{ name: r, paths: [/] }] }\nupstreams:\n  - { name: u, targets: [{ target: «"169.254.169.254:80"» }] }\n'],
  ['long-timeout', entry('upstream-timeout', 'read_timeout: «900000»')],
  ['retry-storm', service('url: https://s.internal\nretry: { budget_percent: «80» }')],
  ['retry-storm', entry('retry', 'retries: «50»')],
  ['unsafe-retry', entry('retry', 'methods: «[GET, PATCH]»')],
  ['everybody-trusted', gateway('trusted_ips: [«"::/0"»]')],
  ['everybody-trusted', gateway('trusted_ips: [«"::ffff:0:0/96"»]')],
  ['ip-allows-everybody', entry('ip-restriction', 'allow: [«"::ffff:0:0/96"»]')],
  ['odd-paths', route('paths: [/a]\npath_policy: { backslash: «keep» }')],
  ['odd-paths', gateway('listen: [{ port: 8000, path_policy: { semicolon: «keep» } }]')],
  ['wide-host', route('hosts: [«"*.com"»]')],
  ['open-catch-all', route('methods: [GET]', '      - { name: b, paths: [/b] }\n').replace('name: r', 'name: «r»')]
]
