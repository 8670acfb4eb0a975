import { isPublic } from '../../config/lint/upstreams.ts'
import type { PluginEntry } from '../../config/model.ts'
import { isLoopback, option } from '../context.ts'
import type { AuditRule } from '../rule.ts'

interface Redis {
  readonly host?: string
  readonly password?: string
  readonly ssl: boolean
  readonly ssl_verify: boolean
  readonly sentinel_nodes?: ReadonlyArray<{ readonly host: string }>
  readonly cluster_nodes?: ReadonlyArray<{ readonly ip: string }>
}

/** What travels, and whether others can read or change it. */
export const transportRules: readonly AuditRule[] = [
  {
    id: 'listener-without-tls',
    severity: 'medium',
    title: 'a listener in clear text',
    why: 'Whoever is on the way reads and changes requests and answers.',
    mend: 'Add `tls: true` and a certificate (or the plugin acme); behind a proxy that ends TLS, name it in `trusted_ips`.',
    * find (context) {
      for (const { listener, index } of context.plain) {
        // a port that only sends browsers on to https
        if (context.hasTls && context.routes.every(route => !route.protocols.includes('http'))) continue
        yield { pointer: `/gateway/listen/${index}/tls`, cause: `clients of other machines speak plain http on port ${listener.port}` }
      }
    }
  },
  {
    id: 'tls-verify-off',
    severity: 'high',
    title: 'certificates that nobody verifies',
    why: 'Whoever stands in between can read and change everything, TLS or not.',
    mend: 'Turn verification on; name an authority of your own in `ca_certificates`.',
    * find (context) {
      for (const service of context.services) {
        if (service.protocol === 'https' && !service.tls_verify && !isLoopback(service.host)) yield { pointer: `${service.pointer}/tls_verify`, cause: `the certificate of ${context.name('service', service)} is not verified` }
      }
      for (const { entry } of context.uses('forward-auth', 'http-log', 'tcp-log', 'syslog')) {
        const name = entry.name === 'forward-auth' ? 'tls_verify' : 'ssl_verify'
        const speaks = { 'tcp-log': entry.config['tls'] === true, syslog: entry.config['protocol'] === 'tls' }[entry.name] ?? true
        if (speaks && entry.config[name] === false) yield { pointer: option(entry, name), ...entry.name === 'forward-auth' ? { severity: 'critical' } : {}, cause: `the certificate of what '${entry.name}' speaks to is not verified` }
      }
      for (const { entry, redis } of redisOf(context.config.plugins)) {
        if (redis.ssl && !redis.ssl_verify) yield { pointer: option(entry, 'redis/ssl_verify'), cause: 'the certificate of Redis is not verified' }
      }
    }
  },
  {
    id: 'health-check-unverified',
    severity: 'low',
    title: 'health checks that believe any certificate',
    why: 'A target with a certificate that requests will refuse counts as healthy.',
    mend: 'Remove `https_verify_certificate: false`.',
    * find ({ config }) {
      for (const { healthchecks: { active }, pointer } of config.upstreams) {
        if (active.type === 'https' && !active.https_verify_certificate) yield { pointer: `${pointer}/healthchecks/active/https_verify_certificate`, cause: 'health checks don\'t verify the certificates of targets' }
      }
    }
  },
  {
    id: 'plain-http-authoriser',
    severity: 'high',
    title: 'who may pass is asked over plain http',
    why: 'Whoever is on the way answers yes, and sees the credentials of all.',
    mend: 'Write an https address.',
    * find (context) {
      for (const { entry } of context.uses('forward-auth')) {
        if (isPlainPublic(entry.config['url'])) yield { pointer: option(entry, 'url'), cause: 'the authoriser is asked over networks of others, unencrypted' }
      }
    }
  },
  {
    id: 'plain-records',
    severity: 'medium',
    title: 'logs and traces that travel unencrypted',
    why: 'They tell who calls what, from where; whoever is on the way reads them, and can make some up.',
    mend: 'Write an https address, `tls: true`, `protocol: tls`, or a collector that is near.',
    * find (context) {
      for (const { entry } of context.uses('http-log', 'opentelemetry')) {
        const name = entry.name === 'http-log' ? 'http_endpoint' : 'traces_endpoint'
        if (isPlainPublic(entry.config[name])) yield { pointer: option(entry, name), cause: `'${entry.name}' sends over networks of others, unencrypted` }
      }
      for (const { entry } of context.uses('tcp-log', 'udp-log', 'syslog', 'statsd')) {
        const secured = entry.config['tls'] === true || entry.config['protocol'] === 'tls'
        if (!secured && isPublic(String(entry.config['host']))) yield { pointer: option(entry, 'host'), cause: `'${entry.name}' sends over networks of others, unencrypted` }
      }
    }
  },
  {
    id: 'redis-without-tls',
    severity: 'high',
    title: 'Redis over networks of others, unencrypted',
    why: 'The password, the limits and cached answers can be read and changed on the way.',
    mend: 'Write `ssl: true`.',
    * find (context) {
      for (const { entry, redis } of redisOf(context.config.plugins)) {
        const host = hostsOf(redis).find(isPublic)
        if (!redis.ssl && host !== undefined) yield { pointer: option(entry, redis.host === undefined ? 'redis' : 'redis/host'), cause: 'Redis is reached over networks of others, unencrypted' }
      }
    }
  },
  {
    id: 'redis-without-password',
    severity: 'medium',
    title: 'a Redis that anybody near may write to',
    why: 'Whoever reaches it resets limits, and puts answers into the cache.',
    mend: 'Add `password`, from a reference, and `username` of a user who may do no more than needed.',
    * find (context) {
      for (const { entry, redis } of redisOf(context.config.plugins)) {
        if (redis.password === undefined && !hostsOf(redis).every(isLoopback)) yield { pointer: option(entry, 'redis/password'), cause: 'Redis on another machine is used without a password' }
      }
    }
  },
  {
    id: 'acme-staging',
    severity: 'high',
    title: 'certificates of a staging authority',
    why: 'No client trusts them, and people learn to click warnings away.',
    mend: 'Remove `api_uri`, or write that of the authority\'s production.',
    * find (context) {
      for (const { entry } of context.uses('acme')) {
        if (/staging|\btest\b/i.test(String(entry.config['api_uri']))) yield { pointer: option(entry, 'api_uri'), cause: 'certificates come from an authority for tests' }
      }
    }
  },
  {
    id: 'hsts-missing',
    severity: 'medium',
    title: 'browsers that may come back without TLS',
    why: 'A visitor\'s first request, or one by an old link, goes out in clear text, and can be kept there.',
    mend: 'Add `security-headers` globally; its `hsts` is on by default.',
    * find (context) {
      if (!context.hasTls) return
      for (const route of context.routes) {
        const entry = context.entryOn(route, 'security-headers')
        const { hsts } = (entry?.config ?? {}) as { hsts?: { enabled: boolean, max_age: number } }
        if (entry !== null && hsts?.enabled === false) yield { pointer: option(entry, 'hsts/enabled'), cause: 'Strict-Transport-Security is switched off' }
        if (entry === null && !setsHeader(context.entryOn(route, 'response-transformer'), 'strict-transport-security')) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `answers of ${who} have no Strict-Transport-Security` }
      }
    }
  },
  {
    id: 'hsts-short',
    severity: 'low',
    title: 'HSTS that is soon forgotten',
    why: 'Who comes back later than that is open to the first request in clear text again.',
    mend: 'Write a `max_age` of a year, 31536000.',
    * find (context) {
      if (!context.hasTls) return
      for (const { entry } of context.uses('security-headers')) {
        const { hsts } = entry.config as { hsts: { enabled: boolean, max_age: number } }
        if (hsts.enabled && hsts.max_age < 15_552_000) yield { pointer: option(entry, 'hsts/max_age'), cause: `browsers remember for ${Math.floor(hsts.max_age / 86_400)} days that TLS is needed` }
      }
    }
  }
]

function isPlainPublic (url: unknown): boolean {
  return typeof url === 'string' && url.startsWith('http:') && isPublic(new URL(url).hostname)
}

/** Entries that use Redis. */
function * redisOf (entries: readonly PluginEntry[]): Generator<{ entry: PluginEntry, redis: Redis }> {
  for (const entry of entries) {
    const { redis, policy, strategy, storage } = entry.config as { redis?: Redis, policy?: string, strategy?: string, storage?: string }
    if (entry.enabled && redis !== undefined && [policy, strategy, storage].includes('redis')) yield { entry, redis }
  }
}

function hostsOf ({ host, sentinel_nodes: sentinels = [], cluster_nodes: nodes = [] }: Redis): string[] {
  return [...host === undefined ? [] : [host], ...sentinels.map(node => node.host), ...nodes.map(node => node.ip)]
}

/** Whether response-transformer sees to it that answers have a field. */
export function setsHeader (entry: PluginEntry | null, name: string): boolean {
  const { add, replace } = (entry?.config ?? {}) as Partial<Record<'add' | 'replace', { headers: readonly string[] }>>
  return [...add?.headers ?? [], ...replace?.headers ?? []].some(line => line.toLowerCase().startsWith(`${name}:`))
}
