import type { PluginEntry } from '../../config/model.ts'
import { isLoopback, option, type AuditContext } from '../context.ts'
import type { AuditRule } from '../rule.ts'
import { setsHeader } from './transport.ts'

/** What pages of other sites may do in their visitors' names, and what browsers are told. */
export const browserRules: readonly AuditRule[] = [
  {
    id: 'cors-wide-origin',
    severity: 'high',
    title: 'origins that anybody can have',
    why: 'A page of the attacker reads answers with the cookies of its visitor.',
    mend: 'Write the origins out, or a regex in which the host ends with your own domain, `https://[a-z0-9-]+\\.example\\.com`.',
    * find (context) {
      for (const { entry, index, origin } of origins(context)) {
        if (entry.config['credentials'] === true && origin !== '*' && strangers(origin).some(stranger => admits(origin, stranger))) yield { pointer: option(entry, `origins/${index}`), cause: `${context.quote(option(entry, `origins/${index}`), origin, 'this')} matches hosts of others, and their pages may send credentials` }
      }
    }
  },
  {
    id: 'cors-null-origin',
    severity: 'high',
    title: 'the origin null',
    why: 'Any page can make a frame whose origin is `null`.',
    mend: 'Remove it.',
    * find (context) {
      for (const { entry, index, origin } of origins(context)) if (origin === 'null') yield { pointer: option(entry, `origins/${index}`), cause: 'each sandboxed frame and each local file has the origin `null`' }
    }
  },
  {
    id: 'cors-http-origin',
    severity: 'medium',
    title: 'origins without TLS',
    why: 'Whoever changes that page on its way can read answers with the cookies of its visitor.',
    mend: 'Write https.',
    * find (context) {
      for (const { entry, index, origin } of origins(context)) {
        const host = /^http:\/\/([^/:]+)/.exec(origin)?.[1]
        if (host !== undefined && entry.config['credentials'] === true && !isLoopback(host)) yield { pointer: option(entry, `origins/${index}`), cause: 'pages that come over plain http may send credentials' }
      }
    }
  },
  {
    id: 'cors-any-origin',
    severity: 'low',
    title: 'each page may read what callers get',
    why: 'Whoever brings a visitor\'s token to a page, or a page into the own network, reads answers there.',
    mend: 'Name the `origins` of your own pages.',
    * find (context) {
      for (const { entry, routes } of context.uses('cors')) {
        const { origins } = entry.config as { origins?: readonly string[] }
        if ((origins === undefined || origins.includes('*')) && routes.some(route => context.guard(route) === 'closed')) yield { pointer: option(entry, 'origins'), cause: 'pages of all origins may read answers of routes that ask who calls' }
      }
    }
  },
  {
    id: 'cors-private-network',
    severity: 'medium',
    title: 'public pages that may call a private network',
    why: 'A page of anybody reaches through its visitor\'s browser what stands behind the firewall.',
    mend: 'Remove `private_network: true`, or name the `origins`.',
    * find (context) {
      for (const { entry } of context.uses('cors')) {
        const { origins, private_network: near } = entry.config as { origins?: readonly string[], private_network: boolean }
        if (near && (origins === undefined || origins.includes('*'))) yield { pointer: option(entry, 'private_network'), cause: 'pages of all origins may call into a private network' }
      }
    }
  },
  {
    id: 'cookies-without-csrf',
    severity: 'high',
    title: 'cookies that let pages of others act',
    why: 'A form on another site is sent with the cookies of its visitor, and counts as theirs.',
    mend: 'Add `csrf` to the routes.',
    * find (context) {
      for (const { entry, routes } of byCookie(context)) {
        const open = routes.filter(route => context.writes(route) && !context.chainHas(route, 'csrf'))
        for (const route of open) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `cookies are credentials for '${entry.name}', and nothing looks where requests to ${who} come from` }
      }
    }
  },
  {
    id: 'websocket-origin',
    severity: 'medium',
    title: 'WebSockets for pages of all sites',
    why: 'CORS doesn\'t hold for WebSockets: a page of anybody opens one with the cookies of its visitor.',
    mend: 'Add `csrf`, which looks at the Origin of handshakes, too.',
    * find (context) {
      for (const route of context.routes) {
        if (context.takes(route, 'GET') && context.hasSegment(route, /^(?:ws|wss|websockets?|socket\.io|live)$/i) && !context.chainHas(route, 'csrf') && !byToken(context, route.id)) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `nothing looks from which page a WebSocket to ${who} comes` }
      }
    }
  },
  {
    id: 'cookie-flags',
    severity: 'medium',
    title: 'cookies without their flags',
    why: 'Without Secure a cookie travels in clear text, without HttpOnly scripts read it, without SameSite pages of others send it.',
    mend: 'Add `; Secure; HttpOnly; SameSite=Lax`.',
    * find (context) {
      for (const { entry } of context.uses('response-transformer')) {
        for (const action of ['add', 'replace', 'append']) {
          const { headers = [] } = (entry.config[action] ?? {}) as { headers?: readonly string[] }
          for (const [index, line] of headers.entries()) {
            if (!/^set-cookie:/i.test(line)) continue
            const missing = ['Secure', 'HttpOnly', 'SameSite'].filter(flag => !new RegExp(`;\\s*${flag}\\b`, 'i').test(line))
            if (missing.length > 0) yield { pointer: option(entry, `${action}/headers/${index}`), cause: `the cookie has no ${missing.join(', ')}` }
          }
        }
      }
    }
  },
  {
    id: 'no-security-headers',
    severity: 'low',
    title: 'answers that leave everything to the browser',
    why: 'A browser may guess what an answer is, and put it into frames of others.',
    mend: 'Add `security-headers` globally.',
    * find (context) {
      for (const route of context.routes) {
        if (context.entryOn(route, 'security-headers') === null && !setsHeader(context.entryOn(route, 'response-transformer'), 'x-content-type-options')) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `answers of ${who} have no security headers` }
      }
    }
  },
  {
    id: 'weak-content-policy',
    severity: 'low',
    title: 'a content policy with holes',
    why: 'Scripts that somebody smuggled into a page run.',
    mend: 'Remove `unsafe-inline`, `unsafe-eval` and `*` for scripts; use hashes or nonces.',
    * find (context) {
      for (const { entry } of context.uses('security-headers')) {
        const { content_security_policy: policy = '' } = entry.config as { content_security_policy?: string }
        const directives = policy.split(';').map(directive => directive.trim().split(/\s+/))
        const [, ...scripts] = directives.find(([name]) => name === 'script-src') ?? directives.find(([name]) => name === 'default-src') ?? []
        const hole = scripts.find(source => ['\'unsafe-inline\'', '\'unsafe-eval\'', '*', 'http:', 'https:', 'data:'].includes(source))
        if (hole !== undefined) yield { pointer: option(entry, 'content_security_policy'), cause: `scripts may come from ${hole}` }
      }
    }
  },
  {
    id: 'leaking-headers',
    severity: 'low',
    title: 'answers that name the software behind',
    why: 'Whoever looks for servers with a known hole finds this one by its version.',
    mend: 'Add `Server` and `X-Powered-By` to `remove` of `security-headers`.',
    * find (context) {
      for (const { entry } of context.uses('security-headers')) {
        const removed = (entry.config['remove'] as readonly string[]).map(name => name.toLowerCase())
        const left = ['Server', 'X-Powered-By'].filter(name => !removed.includes(name.toLowerCase()))
        if (left.length > 0) yield { pointer: option(entry, 'remove'), cause: `${left.join(' and ')} of services reach${left.length > 1 ? '' : 'es'} clients` }
      }
    }
  },
  {
    id: 'version-banner',
    severity: 'info',
    title: 'the gateway\'s own name and version',
    why: 'Whoever looks for gateways with a known hole finds this one by its version.',
    mend: 'Write `gateway.headers.server_tokens: false`.',
    * find ({ config: { gateway: { headers } } }) {
      if (headers.server_tokens) yield { pointer: '/gateway/headers/server_tokens', cause: 'answers name the gateway and its version' }
    }
  },
  {
    id: 'upstream-status-shown',
    severity: 'low',
    title: 'what services answered, for all to see',
    why: 'It tells which part broke, to whoever is trying to break it.',
    mend: 'Remove `upstream_status: true`.',
    * find ({ config: { gateway: { headers } } }) {
      if (headers.upstream_status) yield { pointer: '/gateway/headers/upstream_status', cause: 'answers tell the status of the service behind, also where the gateway answers by itself' }
    }
  },
  {
    id: 'request-echo',
    severity: 'medium',
    title: 'answers that repeat the request',
    why: 'A copy of somebody\'s request is an answer with their credentials in it.',
    mend: 'Remove `echo: true`.',
    * find (context) {
      for (const { entry } of context.uses('request-termination')) if (entry.config['echo'] === true) yield { pointer: option(entry, 'echo'), cause: 'the answer is a copy of the request' }
    }
  }
]

function * origins (context: AuditContext): Generator<{ entry: PluginEntry, index: number, origin: string }> {
  for (const { entry } of context.uses('cors')) {
    for (const [index, origin] of ((entry.config['origins'] ?? []) as readonly string[]).entries()) yield { entry, index, origin }
  }
}

/** Origins that nobody means: of anybody, and of those who register a name that ends, or begins, alike. */
function strangers (entry: string): string[] {
  const [, name = '', end = ''] = /([a-z0-9-]+)\\?\.([a-z]{2,})(?=$|[:)$\\/])/i.exec(entry) ?? []
  // what begins like a name of the entry, where its end is open
  const begun = entry.replace(/^[a-z?()|+*]+:\/\//i, '').replace(/(?:\.[*+]\??)+$/, '').replace(/\[[^\]]*\][*+]?|\.[*+]\??/g, 'x').replaceAll('\\', '')
  return ['attacker.invalid', 'a.attacker.invalid', `${begun}.attacker.invalid`, ...name === '' ? [] : [`attacker${name}.${end}`, `${name}.${end}.attacker.invalid`, `${name}-attacker.${end}`]]
}

/** As the plugin matches: the whole origin, or the host alone where the entry has no colon. */
function admits (entry: string, host: string): boolean {
  try {
    const regex = new RegExp(`^(?:${entry})$`)
    return (entry.includes(':') ? [`https://${host}`, `http://${host}`] : [host]).some(text => regex.test(text))
  } catch {
    return false
  }
}

/** Entries for which a cookie is a credential. */
function byCookie (context: AuditContext): Array<ReturnType<AuditContext['uses']>[number]> {
  return context.uses('jwt', 'openid-connect').filter(({ entry: { name, config } }) => name === 'jwt'
    ? (config['cookie_names'] as readonly string[]).length > 0
    : (config['bearer_token_param_type'] as readonly string[]).includes('cookie'))
}

/** Who calls is asked by something that browsers don't send by themselves. */
function byToken (context: AuditContext, route: string): boolean {
  const cookies = new Set(byCookie(context).map(({ entry }) => entry))
  return context.uses('jwt', 'openid-connect', 'key-auth', 'hmac-auth', 'oauth2-introspection').some(({ entry, routes }) => !cookies.has(entry) && routes.some(({ id }) => id === route))
}
