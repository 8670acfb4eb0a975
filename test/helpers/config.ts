import { listenDefaults } from '../../src/config/entities/listen.ts'
import type { Config, Consumer, Credentials, GatewaySettings, PluginEntry, Route, Service } from '../../src/config/model.ts'
import { defaultPathPolicy } from '../../src/router/path-policy.ts'

/** Settings as the loader would fill them in, for tests that need no file. */
export function settings (overrides: Partial<GatewaySettings> = {}): GatewaySettings {
  return {
    listen: [{ ...listenDefaults, host: '127.0.0.1', port: 0 }],
    admin: null,
    debug: null,
    trusted_ips: [],
    workers: 1,
    request_headers: { underscores: 'drop', once: [] },
    path_policy: defaultPathPolicy,
    limits: { request_line: 8192, header_block: 16_384, headers: 100, request_buffer: 8_388_608, response_buffer: 8_388_608, connections_per_address: 0 },
    timeouts: { headers: 10_000, keep_alive: 65_000, body_min_rate: 1024, body_grace: 10_000, send: 60_000, send_min_rate: 240, setup: 10_000 },
    overload: { event_loop_delay: 0, heap_used: 0, rss: 0, in_flight: 0, retry_after: 2 },
    exempt: { ips: [], paths: [] },
    shutdown: { delay: 0, timeout: 30_000 },
    log: { level: 'silent', access: false, redact: [] },
    headers: { names: 'sallyport', server_tokens: true, latency_tokens: true, request_id: true, upstream_status: false },
    dns: { servers: [], timeout: 2000 },
    audit: { ignore: [] },
    modules: [],
    ...overrides
  }
}

export function service (overrides: Partial<Service> & { port: number }): Service {
  return {
    id: 'service-1',
    name: 'service',
    tags: [],
    pointer: '/services/0',
    protocol: 'http',
    http2: false,
    host: '127.0.0.1',
    path: null,
    retries: 5,
    connect_timeout: 60_000,
    write_timeout: 60_000,
    read_timeout: 60_000,
    total_timeout: null,
    retry: null,
    deadline: null,
    tls_verify: true,
    tls_verify_depth: null,
    ca_certificates: null,
    client_certificate: null,
    circuit_breaker: null,
    enabled: true,
    importance: 'normal',
    ...overrides
  }
}

export function route (overrides: Partial<Route> = {}): Route {
  return {
    id: 'route-1',
    name: 'route',
    tags: [],
    pointer: '/services/0/routes/0',
    service: 'service-1',
    protocols: ['http', 'https'],
    methods: null,
    hosts: null,
    paths: ['/'],
    headers: null,
    snis: null,
    regex_priority: 0,
    strip_path: true,
    path_handling: 'v0',
    preserve_host: false,
    https_redirect_status_code: 426,
    request_buffering: true,
    response_buffering: true,
    importance: null,
    path_policy: null,
    ...overrides
  }
}

export function entry (overrides: Partial<PluginEntry> & { name: string }): PluginEntry {
  return {
    id: `plugin-${overrides.name}`,
    tags: [],
    pointer: '/plugins/0',
    instance_name: null,
    service: null,
    route: null,
    consumer: null,
    consumer_group: null,
    config: {},
    protocols: ['http', 'https'],
    enabled: true,
    ...overrides
  }
}

function noCredentials (): Credentials {
  return { jwt_secrets: [], keyauth_credentials: [], basicauth_credentials: [], hmacauth_credentials: [], acls: [], oauth2_credentials: [] }
}

export function consumer (username: string): Consumer {
  return { id: `consumer-${username}`, username, custom_id: null, groups: [], tags: [], pointer: '/consumers/0' }
}

export function config (overrides: Partial<Config> = {}): Config {
  return { file: 'test', gateway: settings(), services: [], routes: [], plugins: [], consumers: [], consumer_groups: [], upstreams: [], targets: [], credentials: noCredentials(), certificates: [], snis: [], ca_certificates: [], ...overrides }
}
