import type { Route } from '../../config/model.ts'
import { option, type AuditContext } from '../context.ts'
import { wideRanges } from '../ranges.ts'
import type { AuditRule } from '../rule.ts'

const LIMITERS = ['rate-limiting', 'graphql-rate-limiting', 'graphql-rate-limiting-advanced']
const STORED = [...LIMITERS, 'response-ratelimiting']
const LOGIN = /^(?:log-?in|sign-?in|auth|authenticate|token|oauth2?|password|password-reset|reset-password|otp|mfa|register|sign-?up)$/i
const UPLOAD = /^(?:uploads?|attachments?|import|avatars?)$/i
const MIB = 1024 * 1024

/** What one caller, or all of them, may cost. */
export const limitRules: readonly AuditRule[] = [
  {
    id: 'unlimited-public-route',
    severity: 'high',
    title: 'open routes that may be called without measure',
    why: 'Anybody can take what the service has to give, or guess for as long as they like.',
    mend: 'Add `rate-limiting`, globally or on the routes, with `limit_by: ip`.',
    * find (context) {
      if (context.open.length === 0) return
      for (const route of context.routes) {
        if (context.isOpen(route) && context.entryOn(route, ...LIMITERS) === null) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `nothing limits how often anybody may call ${who}` }
      }
    }
  },
  {
    id: 'unlimited-route',
    severity: 'low',
    title: 'callers without a limit',
    why: 'One caller, or one that lost its key, can take what is there for all.',
    mend: 'Add `rate-limiting`, globally or on the routes.',
    * find (context) {
      for (const route of context.routes) {
        if (!context.isOpen(route) && context.entryOn(route, ...LIMITERS, 'concurrency-limiting') === null) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `nothing limits how often one caller may call ${who}` }
      }
    }
  },
  {
    id: 'unlimited-login',
    severity: 'high',
    title: 'a login without a limit made for logins',
    why: 'Passwords can be tried on one account from many addresses, or on many accounts from one.',
    mend: 'Add `rate-limiting` with `preset: login` to the route.',
    * find (context) {
      for (const route of logins(context)) {
        const entry = context.entryOn(route, 'rate-limiting')
        if (entry !== null && entry.config['preset'] === 'login') continue
        // ten tries a minute by address are a limit, too
        const { minute = Infinity, second = Infinity } = (entry?.config ?? {}) as { minute?: number, second?: number }
        if (Math.min(minute, second * 60) > 30) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `passwords can be tried at ${who} more than 30 times a minute` }
      }
    }
  },
  {
    id: 'limit-fails-open',
    severity: 'medium',
    title: 'limits that end when Redis does',
    why: 'Whoever brings Redis down, or waits until it is, has no limit.',
    mend: 'Remove `on_store_error`: each process then goes on to count by itself; `deny` on a login.',
    * find (context) {
      const asked = new Set(logins(context))
      for (const { entry, routes } of context.uses(...STORED)) {
        if (entry.config['policy'] === 'local' || entry.config['strategy'] === 'local' || entry.config['on_store_error'] !== 'allow') continue
        const login = routes.some(route => asked.has(route))
        yield { pointer: option(entry, 'on_store_error'), ...login ? { severity: 'high' } : {}, cause: `while Redis is down nothing is limited${login ? ', tries at a login included' : ''}` }
      }
    }
  },
  {
    id: 'limit-by-header',
    severity: 'medium',
    title: 'limits that count by what the client says',
    why: 'A client that writes another value each time is never limited, and can use up the limit of others.',
    mend: 'Write `limit_by: credential`, `consumer` or `ip`.',
    * find (context) {
      for (const { entry } of context.uses(...STORED, 'concurrency-limiting')) {
        const name = entry.config['identifier'] === undefined ? 'limit_by' : 'identifier'
        if (entry.config[name] === 'header') yield { pointer: option(entry, name), cause: 'requests are counted by a field that clients write as they like' }
      }
    }
  },
  {
    id: 'limit-exempts-everybody',
    severity: 'high',
    title: 'a limit from which all are exempt',
    why: 'The limit looks like one, and counts nobody.',
    mend: 'Write the addresses or paths that are meant.',
    * find (context) {
      for (const { entry } of context.uses(...STORED, 'concurrency-limiting')) {
        yield * wideRanges(entry, 'exempt/ips', 'this range has all addresses of its family in it, and none of them is limited')
        const { exempt } = entry.config as { exempt?: { paths: readonly string[] } }
        for (const [index, path] of (exempt?.paths ?? []).entries()) if (path === '/*') yield { pointer: option(entry, `exempt/paths/${index}`), cause: 'every path is below this one, and none of them is limited' }
      }
    }
  },
  {
    id: 'protection-only-logs',
    severity: 'medium',
    title: 'a protection that only writes down',
    why: 'What it finds passes.',
    mend: 'Block, once the log shows that nobody is hit by mistake.',
    * find (context) {
      for (const { entry } of context.uses('rate-limiting', 'graphql-guard')) {
        if (entry.config['dry_run'] === true) yield { pointer: option(entry, 'dry_run'), cause: `'${entry.name}' refuses nothing` }
      }
      for (const { entry } of context.uses('json-threat-protection')) {
        if (entry.config['enforcement_mode'] === 'log_only') yield { pointer: option(entry, 'enforcement_mode'), cause: `'${entry.name}' refuses nothing` }
      }
      for (const { entry } of context.uses('request-validator')) {
        for (const [part, action] of Object.entries(entry.config['actions'] as Readonly<Record<string, string>>)) {
          if (action !== 'block') yield { pointer: option(entry, `actions/${part}`), cause: `'${entry.name}' refuses no ${part}, whatever is wrong with it` }
        }
      }
      for (const { entry } of context.uses('oas-validator')) {
        for (const name of ['request', 'unknown_operations']) if (entry.config[name] !== 'block') yield { pointer: option(entry, name), cause: name === 'request' ? `'${entry.name}' refuses no request` : `'${entry.name}' lets operations pass that the document doesn't have` }
      }
    }
  },
  {
    id: 'unlimited-body',
    severity: 'medium',
    title: 'bodies of any size',
    why: 'A few requests fill the disk or the memory of the service.',
    mend: 'Add `request-size-limiting`, globally, with an own entry where uploads are larger.',
    * find (context) {
      for (const route of context.routes) {
        if (context.writes(route) && context.entryOn(route, 'request-size-limiting') === null && !buffers(context, route)) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `bodies of any size pass on ${who}` }
      }
    }
  },
  {
    id: 'large-body',
    severity: 'low',
    title: 'a limit of bodies that hardly limits',
    why: 'Few services expect as much; what they do with it costs memory and time.',
    mend: 'Write what the largest honest request needs.',
    * find (context) {
      for (const { entry } of context.uses('request-size-limiting')) {
        const { allowed_payload_size: size, size_unit: unit } = entry.config as { allowed_payload_size: number, size_unit: 'megabytes' | 'kilobytes' | 'bytes' }
        const bytes = size * { megabytes: MIB, kilobytes: 1024, bytes: 1 }[unit]
        if (bytes > 100 * MIB) yield { pointer: option(entry, 'allowed_payload_size'), cause: `bodies of ${Math.round(bytes / MIB)} MiB pass` }
      }
    }
  },
  {
    id: 'large-buffer',
    severity: 'medium',
    title: 'bodies that fill the gateway\'s memory',
    why: 'That much is held for each request of a plugin that needs bodies whole: some hundred clients end the process.',
    mend: 'Write what the largest honest body needs, 8388608 by default.',
    * find ({ config: { gateway: { limits } } }) {
      for (const name of ['request_buffer', 'response_buffer'] as const) {
        if (limits[name] > 64 * MIB) yield { pointer: `/gateway/limits/${name}`, cause: `up to ${Math.round(limits[name] / MIB)} MiB of memory are held for one request` }
      }
    }
  },
  {
    id: 'unchecked-upload',
    severity: 'medium',
    title: 'uploads that nobody looks at',
    why: 'What is uploaded is what attackers choose: pages, scripts, gigabytes.',
    mend: 'Add `request-validator` with `allowed_content_types`, or `oas-validator`, and `request-size-limiting`.',
    * find (context) {
      for (const route of context.routes) {
        if (context.writes(route) && context.hasSegment(route, UPLOAD) && !context.chainHas(route, 'request-validator', 'oas-validator')) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `nothing looks at the type of what is uploaded to ${who}` }
      }
    }
  },
  {
    id: 'slow-clients',
    severity: 'medium',
    title: 'clients that may take their time',
    why: 'A thousand connections that send a byte now and then keep everybody else out.',
    mend: 'Remove the setting: heads have 10 seconds then, bodies at least 1 KiB a second.',
    * find ({ config: { gateway: { timeouts } } }) {
      if (timeouts.headers === 0 || timeouts.headers > 60_000) yield { pointer: '/gateway/timeouts/headers', cause: timeouts.headers === 0 ? 'a head may take for ever' : `a head may take ${timeouts.headers / 1000} seconds` }
      if (timeouts.body_min_rate === 0) yield { pointer: '/gateway/timeouts/body_min_rate', cause: 'a body may take for ever' }
      if (timeouts.body_grace > 120_000) yield { pointer: '/gateway/timeouts/body_grace', cause: `a body may stand still for ${timeouts.body_grace / 1000} seconds` }
    }
  },
  {
    id: 'no-overload-limit',
    severity: 'info',
    title: 'a gateway that takes more than it can do',
    why: 'With too much to do everything gets slow; with a limit the least important requests are refused at once.',
    mend: 'Set a limit in `gateway.overload`: `event_loop_delay: 200` is a start.',
    * find ({ config: { gateway: { overload } } }) {
      if ([overload.event_loop_delay, overload.heap_used, overload.rss, overload.in_flight].every(limit => limit === 0)) yield { pointer: '/gateway/overload', cause: 'nothing is refused while the gateway is overloaded' }
    }
  }
]

function logins (context: AuditContext): readonly Route[] {
  return context.routes.filter(route => context.takes(route, 'POST') && context.hasSegment(route, LOGIN))
}

/** A plugin holds bodies, and so `limits.request_buffer` bounds them. */
function buffers (context: AuditContext, route: Route): boolean {
  return context.entriesOn(route).some(({ name, config }) => {
    const body = context.plugins.registry.get(name)?.body
    return (typeof body === 'function' ? body(config as never) : body) === 'buffer'
  })
}
