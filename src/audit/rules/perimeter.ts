import ipaddr from 'ipaddr.js'
import { isLoopback, type AuditContext } from '../context.ts'
import { bitsOfIpv4, wideRanges } from '../ranges.ts'
import type { AuditRule } from '../rule.ts'

/** Readings of a path that are refused unless the file says otherwise. */
const REFUSED = ['backslash', 'null_byte', 'control_characters', 'overlong_utf8'] as const

/** Ends of names that anybody may register a name under. */
const REGISTRIES = /^\*\.(?:[a-z]{2,}|(?:co|com|org|net|gov|ac)\.[a-z]{2})$/i

/** The edges: who is believed, what is listened to, which requests get a route. */
export const perimeterRules: readonly AuditRule[] = [
  {
    id: 'everybody-trusted',
    severity: 'critical',
    title: 'X-Forwarded-* of everybody',
    why: 'Each client says which address it has: lists of addresses, limits by address and logs are worth nothing.',
    mend: 'Write the addresses of the proxies in front of the gateway, as narrow as they are.',
    * find ({ config }) {
      for (const [index, range] of config.gateway.trusted_ips.entries()) {
        if (isWide(range)) yield { pointer: `/gateway/trusted_ips/${index}`, cause: 'whoever comes from this range is believed, and a good part of the internet does' }
      }
    }
  },
  {
    id: 'ip-allows-everybody',
    severity: 'high',
    title: 'a list of addresses with all of them in it',
    why: 'The list looks like a protection, and lets everybody pass.',
    mend: 'Write the addresses that are meant.',
    * find (context) {
      for (const { entry } of context.uses('ip-restriction')) yield * wideRanges(entry, 'allow', 'this range has all addresses of its family in it')
    }
  },
  {
    id: 'ip-without-trusted-ips',
    severity: 'low',
    title: 'addresses of clients, perhaps those of a proxy',
    why: 'Behind a load balancer all requests come from its address: the list lets all pass, or none.',
    mend: 'Name the proxies in front of the gateway in `gateway.trusted_ips`; without any, ignore this.',
    * find (context) {
      if (context.plain.length === 0) return
      for (const { entry } of context.uses('ip-restriction')) yield { pointer: entry.pointer, cause: '`gateway.trusted_ips` is empty: the address of a client is that of the connection' }
    }
  },
  {
    id: 'open-admin',
    severity: 'medium',
    title: 'an admin listener that others reach',
    why: 'It tells routes, upstreams and traffic, and speaks no TLS: whoever is on the way reads answers, and the token with which they are asked for.',
    mend: 'Leave it on 127.0.0.1; where a probe or a scraper needs it, keep others out by the network, and ignore this with that reason.',
    * find ({ config: { gateway: { admin } } }) {
      if (admin === null || isLoopback(admin.host)) return
      yield { pointer: '/gateway/admin/host', ...admin.write ? { severity: 'high' } : {}, cause: `the admin listener is reached from other machines${admin.write ? ', which may change the gateway through it' : ''}` }
    }
  },
  {
    id: 'odd-paths',
    severity: 'medium',
    title: 'paths that two servers read differently',
    why: 'What is a name to the gateway is `/admin` to the service, behind the back of every protection.',
    mend: 'Remove the setting, or write `reject` or `decode`.',
    * find ({ config: { gateway, routes } }) {
      const policies = [
        { policy: gateway.path_policy, at: '/gateway/path_policy', everywhere: true },
        ...gateway.listen.map(({ path_policy: policy = {} }, index) => ({ policy, at: `/gateway/listen/${index}/path_policy`, everywhere: true })),
        ...routes.map(({ path_policy: policy, pointer }) => ({ policy: policy ?? {}, at: `${pointer}/path_policy`, everywhere: false }))
      ]
      for (const { policy, at, everywhere } of policies) {
        for (const [name, value] of Object.entries(policy)) {
          if (value !== 'keep') continue
          if (everywhere || (REFUSED as readonly string[]).includes(name)) yield { pointer: `${at}/${name}`, cause: `\`${name}\` is kept${everywhere ? ' on all routes' : ''}, and services read it as they like` }
        }
      }
    }
  },
  {
    id: 'underscore-fields',
    severity: 'medium',
    title: 'fields with underscores',
    why: 'To CGI, WSGI and PHP `X_Api_Key` is `X-Api-Key`: a client passes values by what removes or checks that one.',
    mend: 'Remove `underscores: keep`; fields in which plugins look for credentials are kept all the same.',
    * find ({ config: { gateway } }) {
      if (gateway.request_headers.underscores === 'keep') yield { pointer: '/gateway/request_headers/underscores', cause: 'fields with underscores reach services' }
    }
  },
  {
    id: 'wide-host',
    severity: 'medium',
    title: 'hosts that anybody can register',
    why: 'A service that makes links of the Host field sends its users, and their tokens, to a name of the attacker.',
    mend: 'Write the hosts out, or `*.` in front of your own domain.',
    * find (context) {
      for (const { pointer, hosts } of context.routes) {
        for (const [index, host] of (hosts ?? []).entries()) {
          if (host.endsWith('.*') || REGISTRIES.test(host)) yield { pointer: `${pointer}/hosts/${index}`, cause: `${context.quote(`${pointer}/hosts/${index}`, host, 'this')} has names in it that others may register` }
        }
      }
    }
  },
  {
    id: 'open-catch-all',
    severity: 'medium',
    title: 'an open route for all that nobody thought of',
    why: 'Each path that is added to the service is public at once, and unknown hosts are served.',
    mend: 'Write the paths that are meant, and let everything else be 404; or have the route ask who calls.',
    * find (context) {
      for (const route of context.routes) {
        const all = route.paths === null || route.paths.some(path => path === '/' || /^~\/?(?:\.\*)?\$?$/.test(path))
        // said to be public is thought of
        if (all && route.hosts === null && route.headers === null && route.snis === null && context.isOpen(route) && context.guard(route) !== 'public' && others(context)) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `every path on every host, from anybody, is for ${who}` }
      }
    }
  },
  {
    id: 'open-header-regex',
    severity: 'low',
    title: 'a regex for a header field without ends',
    why: 'A client chooses the route by a value that only contains what is meant.',
    mend: 'Begin it with `^` and end it with `$`.',
    * find (context) {
      for (const { pointer, headers } of context.routes) {
        for (const [name, values] of Object.entries(headers ?? {})) {
          const [value = ''] = values
          if (value.startsWith('~*') && !/^~\*\^.*\$$/.test(value)) yield { pointer: `${pointer}/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}/0`, cause: 'the regex matches in the middle of a value' }
        }
      }
    }
  },
  {
    id: 'debug-log',
    severity: 'low',
    title: 'a log for debugging',
    why: 'It tells more than somebody needs who reads logs, and costs.',
    mend: 'Write `level: info`.',
    * find ({ config: { gateway: { log } } }) {
      if (log.level === 'debug' || log.level === 'trace') yield { pointer: '/gateway/log/level', cause: `the log has everything down to '${log.level}'` }
    }
  },
  {
    id: 'no-access-log',
    severity: 'medium',
    title: 'requests that nobody can look up',
    why: 'After an attack nothing tells what was taken, by whom, since when.',
    mend: 'Remove `access: false`, or add a log plugin globally.',
    * find (context) {
      const sinks = context.uses('file-log', 'http-log', 'tcp-log', 'udp-log', 'syslog').filter(({ entry }) => entry.route === null && entry.service === null)
      if (!context.config.gateway.log.access && sinks.length === 0) yield { pointer: '/gateway/log/access', cause: 'requests are written down nowhere' }
    }
  },
  {
    id: 'audit-log-without-secret',
    severity: 'low',
    title: 'an audit log that can be written anew',
    why: 'Whoever may write the file makes a chain of hashes that fits, with other records.',
    mend: 'Add `secret`, from a reference.',
    * find (context) {
      for (const { entry } of context.uses('audit-log')) if (entry.config['secret'] === undefined) yield { pointer: `${entry.pointer}/config/secret`, cause: 'the chain of hashes has no secret in it' }
    }
  },
  {
    id: 'no-metrics',
    severity: 'info',
    title: 'a gateway without metrics',
    why: 'Nobody is told when errors, refusals or latencies rise.',
    mend: 'Add `prometheus`, `statsd` or `opentelemetry` globally.',
    * find (context) {
      if (context.routes.length > 0 && context.uses('prometheus', 'statsd', 'opentelemetry').length === 0) yield { pointer: '/plugins', cause: 'nothing counts requests, errors and latencies' }
    }
  },
  {
    id: 'all-traces',
    severity: 'info',
    title: 'each request is traced',
    why: 'It costs CPU and storage, and a flood of requests becomes one of traces.',
    mend: 'Write a `sampling_rate` of 0.01; errors are traced besides.',
    * find (context) {
      for (const { entry } of context.uses('opentelemetry')) if ((entry.config['sampling_rate'] as number) > 0.5) yield { pointer: `${entry.pointer}/config/sampling_rate`, cause: `${Math.round((entry.config['sampling_rate'] as number) * 100)} % of all requests are traced` }
    }
  }
]

/** With more than one route, a catch-all is the rest; alone it is all there is. */
function others (context: AuditContext): boolean {
  return context.routes.length > 1
}

/** More than a /8 of public addresses, or as much of IPv6. */
function isWide (range: string): boolean {
  const [address = '', bits] = range.split('/')
  if (bits === undefined || !ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if ((bitsOfIpv4(address, Number(bits)) ?? 8) < 8) return true
  return parsed.kind() === 'ipv6' && Number(bits) < (parsed.range() === 'unicast' ? 16 : 7)
}
