import { Type } from 'typebox'
import type { TProperties } from 'typebox'
import { defaultPathPolicy } from '../../router/path-policy.ts'
import { closed } from './common.ts'
import { listenDefaults, tlsOptions } from './listen.ts'
import { pathPolicy } from './path-policy.ts'

const MIB = 1024 * 1024

const port = { minimum: 0, maximum: 65535 }
const duration = { minimum: 0, maximum: 2147483646 }

function count (value: number, description: string) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum: 2147483646, default: value, description }))
}

function time (value: number, description: string) {
  return Type.Optional(Type.Integer({ ...duration, default: value, description: `${description}, in milliseconds.` }))
}

function limit (description: string) {
  return Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0, description }))
}

function flag (value: boolean, description: string) {
  return Type.Optional(Type.Boolean({ default: value, description }))
}

/** A block that may be left out: its members then take their own defaults. */
function block<Properties extends TProperties> (properties: Properties, description: string) {
  return Type.Optional(closed(properties, { default: {}, description }))
}

export const ADMIN_DEFAULT = { host: '127.0.0.1', port: 8001, token: null, write: false, metrics_open: false }

/** The `gateway:` block. */
export const Gateway = closed({
  listen: Type.Optional(Type.Array(closed({
    host: Type.Optional(Type.String({ minLength: 1, default: '0.0.0.0', description: 'Address to listen on.' })),
    port: Type.Integer({ ...port, description: 'Port to listen on; 0 picks a free one.' }),
    path_policy: pathPolicy('How odd paths are read here; what it doesn\'t say, `gateway.path_policy` does.', {}),
    ...tlsOptions
  }, { description: 'An address.' }), {
    minItems: 1,
    default: [listenDefaults],
    examples: [[{ port: 8000 }, { port: 8443, tls: true, http2: true }]],
    description: 'Where clients connect.'
  })),
  // no defaults inside: ajv ignores (and in strict mode refuses) them under anyOf
  admin: Type.Optional(Type.Union([
    closed({
      host: Type.Optional(Type.String({ minLength: 1, description: 'Address to listen on; default 127.0.0.1.' })),
      port: Type.Optional(Type.Integer({ ...port, description: 'Port to listen on; default 8001, 0 picks a free one.' })),
      token: Type.Optional(Type.String({
        minLength: 16,
        pattern: '^[A-Za-z0-9._~+/-]+=*$',
        title: 'Bearer token',
        description: 'What clients send as `Authorization: Bearer …`. Needed where others than this machine reach the address. Never written down: a reference to a variable.',
        examples: ['{vault://env/admin-token}'],
        secret: true
      })),
      write: Type.Optional(Type.Boolean({ description: 'Whether anything may be changed: reloads, rollbacks, resets of limits, actions of plugins; default false: it can only be read.' })),
      metrics_open: Type.Optional(Type.Boolean({ description: 'Whether /metrics answers without the token; default false. /livez and /readyz always do.' }))
    }, { description: 'An address, and who may do what there.' }),
    Type.Literal('off', { description: 'No admin listener.' }),
    Type.Literal(false, { description: 'No admin listener.' })
  ], {
    description: 'Where /livez, /readyz, /status, /metrics, the Admin API and the dashboard answer; default 127.0.0.1:8001, `off` disables it.',
    examples: [{ host: '0.0.0.0', port: 8001, token: '{vault://env/admin-token}' }]
  })),
  debug: Type.Optional(closed({
    secret: Type.String({
      minLength: 32,
      description: 'Signs the tokens of `sallyport debug-token`: who has one in X-Sallyport-Debug is told where the time of a request went. A reference to a variable.',
      examples: ['{vault://env/debug-secret}'],
      secret: true
    })
  }, { description: 'Debugging of single requests, on demand. Without it, the header means nothing.' })),
  trusted_ips: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'An address or a CIDR.' }), {
    default: [],
    description: 'Addresses and CIDRs whose X-Forwarded-* headers are believed.',
    examples: [['10.0.0.0/8', '::1']]
  })),
  workers: Type.Optional(Type.Union([
    Type.Integer({ minimum: 1, maximum: 1024, description: 'That many processes.' }),
    Type.Literal('auto', { description: 'One process a core.' })
  ], { default: 1, description: 'Worker processes; 1 runs everything in one process.' })),
  limits: block({
    request_line: count(8192, 'Longest request line, in bytes: 414 beyond.'),
    header_block: count(16384, 'Largest header block, in bytes: 431 beyond.'),
    headers: count(100, 'Most header fields: 431 beyond.'),
    request_buffer: count(8 * MIB, 'Largest request body held in memory for a plugin that needs it whole, in bytes: 413 beyond.'),
    response_buffer: count(8 * MIB, 'Largest response body held in memory for a plugin that needs it whole, in bytes: 502 beyond.'),
    connections_per_address: limit('Most open connections of one address (IPv6: of its /64), over all listeners; further ones are closed at once. Peers in `trusted_ips` have no limit. With `workers`, each has its share of it. 0: no limit.')
  }, 'What a request may cost.'),
  request_headers: block({
    underscores: Type.Optional(Type.Enum(['drop', 'reject', 'keep'], {
      default: 'drop',
      description: 'What becomes of header fields with a `_` in their name, which many servers read as `-`: `drop` them, `reject` the request with 400, or `keep` them. Those in which a plugin looks for credentials are kept.'
    })),
    once: Type.Optional(Type.Array(Type.String({ minLength: 1, title: 'Header name', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", description: 'A name.', examples: ['x-tenant'] }), {
      default: [],
      description: 'Further header fields that a request may have once only: 400 otherwise. Authorization, Content-Length, Content-Type, Host, Origin, Proxy-Authorization, X-Api-Key and the fields in which plugins look for credentials are such in any case.',
      examples: [['x-tenant']]
    }))
  }, 'Header fields of requests.'),
  path_policy: pathPolicy('How paths are read that servers read differently.', defaultPathPolicy),
  timeouts: block({
    headers: time(10000, 'Until the TLS handshake, and then the header block, is complete (408)'),
    keep_alive: time(65000, 'How long an idle connection stays open'),
    body_min_rate: Type.Optional(Type.Integer({ ...duration, default: 1024, description: 'Slowest request body after `body_grace`, in bytes a second: 408 below; 0 disables.' })),
    body_grace: time(10000, 'How long a body may be slower than `body_min_rate`'),
    send: time(60000, 'How long a client may take nothing of what is written to it before it is cut (nginx: `send_timeout`); 0 disables'),
    send_min_rate: Type.Optional(Type.Integer({ ...duration, default: 240, description: 'Slowest reading of an answer, in bytes a second over each period of `send` in which something waits for the client; it is cut below; 0 disables.' })),
    setup: time(10000, 'Until a plugin\'s setup must be done')
  }, 'How long things may take.'),
  overload: block({
    event_loop_delay: time(0, 'How late the event loop may come to what is due, on average over a quarter of a second; 0: no limit'),
    heap_used: limit('Largest JavaScript heap in use, in bytes; 0: no limit.'),
    rss: limit('Most memory that a process may take, in bytes; 0: no limit.'),
    in_flight: limit('Most requests that may run at the same time, event streams and WebSockets included; 0: no limit.'),
    retry_after: count(2, 'The Retry-After of refused requests, in seconds.')
  }, 'When a process refuses requests with 503, those of the least `importance` first.'),
  exempt: block({
    ips: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'An address or a CIDR.' }), {
      default: [],
      description: 'Addresses and CIDRs of clients.',
      examples: [['10.0.0.0/8', '::1']]
    })),
    paths: Type.Optional(Type.Array(Type.String({ pattern: '^/', description: 'A path.' }), {
      default: [],
      description: 'Request paths; `/*` at the end stands for everything below.',
      examples: [['/health', '/metrics/*']]
    }))
  }, 'Requests that no plugin limits or counts, whatever its own `exempt` says: health checks, metrics, internal addresses.'),
  shutdown: block({
    delay: time(0, 'Between "not ready" and the end of accepting'),
    timeout: time(30000, 'How long running requests may take before they are cut')
  }, 'What happens on SIGTERM.'),
  log: block({
    level: Type.Optional(Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'Least severe level that is logged.' })),
    access: flag(true, 'One line a request.'),
    redact: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'A name.' }), {
      default: [],
      description: 'Further request headers and query arguments whose values are cut in logs.'
    }))
  }, 'The log.'),
  headers: block({
    names: Type.Optional(Type.Enum(['sallyport', 'kong'], { default: 'sallyport', description: '`sallyport` sends X-Sallyport-*, `kong` sends X-Kong-*.' })),
    server_tokens: flag(true, '`Via`, and `Server` on answers of the gateway\'s own.'),
    latency_tokens: flag(true, 'The -Upstream-Latency, -Proxy-Latency and -Response-Latency headers.'),
    request_id: flag(true, 'The -Request-Id header, on answers and towards upstreams.'),
    upstream_status: flag(false, 'The -Upstream-Status header.')
  }, 'Headers that the gateway adds.'),
  dns: block({
    servers: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'An IP address, with `:port` where it isn\'t 53; IPv6 with a port in brackets.' }), {
      default: [],
      description: 'Name servers that are asked for targets of upstreams, and no others. Empty: those of the machine, then its hosts file.',
      examples: [['10.0.0.2', '10.0.0.3:5353']]
    })),
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 60000, default: 2000, description: 'Until a name server must have answered, in milliseconds.' }))
  }, 'How names of targets are resolved.'),
  audit: block({
    ignore: Type.Optional(Type.Array(closed({
      rule: Type.String({ minLength: 1, description: 'Id of the rule.', examples: ['key-in-query'] }),
      path: Type.Optional(Type.String({ minLength: 1, description: 'Where, as the finding names it; all below is meant, too. Without it: everywhere.', examples: ['services[users].routes[list]'] })),
      reason: Type.String({ minLength: 1, description: 'Why it is accepted.', examples: ['the terminals of partner X can\'t send headers'] }),
      until: Type.String({ pattern: '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])$', description: 'Last day on which it is accepted (UTC), in quotes: "2027-01-31".', examples: ['2027-01-31'] })
    }, { description: 'A finding that is accepted.' }), {
      default: [],
      description: 'Findings that are accepted for a time, each with its reason.'
    }))
  }, 'What `sallyport audit` goes by.'),
  modules: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'A package name, or a file relative to this one.' }), {
    default: [],
    description: 'Third-party plugins to load.',
    examples: [['./plugins/geo.js', '@acme/sallyport-geo']]
  }))
}, { description: 'Settings of the gateway itself.' })
