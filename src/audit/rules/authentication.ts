import { option } from '../context.ts'
import type { AuditRule } from '../rule.ts'

const METHODS = ['key-auth', 'basic-auth', 'jwt', 'openid-connect', 'oauth2-introspection', 'hmac-auth', 'mtls-auth', 'header-cert-auth', 'forward-auth']

/** Those in which whoever listens gets what they need to call. */
const BEARERS = ['key-auth', 'basic-auth', 'jwt', 'openid-connect', 'oauth2-introspection', 'forward-auth']

/** Protections that do nothing while they are switched off. */
const PROTECTIONS = [...METHODS, 'acl', 'auth-policy', 'ip-restriction', 'rate-limiting', 'cors', 'csrf', 'bot-detection', 'request-validator', 'oas-validator', 'graphql-guard', 'request-size-limiting', 'json-threat-protection', 'security-headers']

/** Who calls, and how they show it. */
export const authenticationRules: readonly AuditRule[] = [
  {
    id: 'no-authentication',
    severity: 'high',
    title: 'no route asks who calls',
    why: 'Whoever reaches the gateway reaches every service behind it.',
    mend: 'Add an authentication plugin (jwt, key-auth, openid-connect, …) globally, and `auth-policy` with `public: true` where everybody may call.',
    * find (context) {
      const open = context.routes.filter(route => context.isOpen(route))
      const [first] = open
      // where some authenticate, check tells which open ones write
      if (first === undefined || context.open.length === 0 || context.uses(...METHODS, 'auth-policy').length > 0) return
      for (const route of open) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `no authentication plugin runs on ${who}, nor anywhere else` }
    }
  },
  {
    id: 'disabled-protection',
    severity: 'high',
    title: 'a protection that is switched off',
    why: 'An entry with `enabled: false` looks as if it protects, and does nothing.',
    mend: 'Remove `enabled: false`, or remove the entry.',
    * find ({ config }) {
      for (const entry of config.plugins) {
        if (!entry.enabled && PROTECTIONS.includes(entry.name)) yield { pointer: `${entry.pointer}/enabled`, cause: `'${entry.name}' is switched off` }
      }
    }
  },
  {
    id: 'public-by-default',
    severity: 'high',
    title: 'a policy that makes all routes public',
    why: 'Each route that is added later is open, unless somebody remembers to close it.',
    mend: 'Write `default: deny` globally, and `public: true` on the routes that are meant.',
    * find (context) {
      for (const { entry } of context.uses('auth-policy')) {
        if (entry.config['public'] === true && entry.route === null && entry.service === null) yield { pointer: option(entry, 'public'), cause: 'this policy lets everybody pass, on each route that has none of its own' }
      }
    }
  },
  {
    id: 'anonymous-fallback',
    severity: 'high',
    title: 'an anonymous consumer that nothing holds back',
    why: 'A caller with a wrong credential, or none, is let in as that consumer.',
    mend: 'Add `auth-policy`, `acl`, or a `request-termination` entry for the anonymous consumer; or remove `anonymous`.',
    * find (context) {
      for (const { entry, routes } of context.uses(...METHODS)) {
        const { anonymous } = entry.config as { anonymous?: string }
        if (anonymous === undefined) continue
        const guest = context.config.consumers.find(({ id, username }) => id === anonymous || username === anonymous)?.id
        const held = new Set(context.uses('request-termination')
          .filter(use => use.entry.consumer !== null && use.entry.consumer === guest && use.entry.config['trigger'] === undefined)
          .flatMap(use => use.routes))
        const open = routes.filter(route => !held.has(route) && !context.chainHas(route, 'auth-policy', 'acl'))
        if (open.length > 0) yield { pointer: option(entry, 'anonymous'), cause: `callers that '${entry.name}' doesn't know pass as an anonymous consumer, and nothing decides what that one may` }
      }
    }
  },
  {
    id: 'credentials-over-http',
    severity: 'high',
    title: 'credentials that travel without TLS',
    why: 'Whoever listens on the way can use them until somebody notices.',
    mend: 'Add `tls: true` to the listener, or `protocols: [https]` to the routes; behind a proxy that ends TLS, name it in `trusted_ips`.',
    * find (context) {
      for (const { listener, index } of context.plain) {
        for (const { entry, routes } of context.uses(...BEARERS)) {
          if (!routes.some(route => route.protocols.includes('http'))) continue
          yield { pointer: `/gateway/listen/${index}/tls`, subject: `'${entry.name}'`, cause: who => `the credentials of ${who} come in clear text on port ${listener.port}` }
        }
      }
    }
  },
  {
    id: 'key-in-query',
    severity: 'medium',
    title: 'API keys in the query',
    why: 'Addresses end up in histories, in logs of proxies and in Referer fields, and the keys with them.',
    mend: 'Write `key_in_query: false`.',
    * find (context) {
      for (const { entry } of context.uses('key-auth')) {
        if (entry.config['key_in_query'] === true) yield { pointer: option(entry, 'key_in_query'), cause: 'keys are taken from the query, too' }
      }
    }
  },
  {
    id: 'token-in-query',
    severity: 'medium',
    title: 'tokens in the query',
    why: 'Addresses end up in histories, in logs of proxies and in Referer fields, and the tokens with them.',
    mend: 'Write `uri_param_names: []` (jwt), or `bearer_token_param_type: [header]` (openid-connect).',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        if ((entry.config['uri_param_names'] as readonly string[]).length > 0) yield { pointer: option(entry, 'uri_param_names'), cause: 'tokens are taken from the query, too', mend: 'Write `uri_param_names: []`.' }
      }
      for (const { entry } of context.uses('openid-connect')) {
        if ((entry.config['bearer_token_param_type'] as readonly string[]).includes('query')) yield { pointer: option(entry, 'bearer_token_param_type'), cause: 'tokens are taken from the query, too', mend: 'Write `bearer_token_param_type: [header]`.' }
      }
    }
  },
  {
    id: 'credentials-passed-on',
    severity: 'medium',
    title: 'credentials that services get to see',
    why: 'Each service behind the route, and its log, could call in the name of its callers.',
    mend: 'Write `hide_credentials: true`.',
    * find (context) {
      for (const { entry } of context.uses('key-auth', 'basic-auth', 'hmac-auth')) {
        if (entry.config['hide_credentials'] === false) yield { pointer: option(entry, 'hide_credentials'), cause: `the credentials of '${entry.name}' go on to the service` }
      }
    }
  },
  {
    id: 'key-without-end',
    severity: 'info',
    title: 'API keys that never expire',
    why: 'A key that was lost years ago still opens.',
    mend: 'Add `expires_at`, as `sallyport keys create --expires 90d` writes it; a `ttl` begins anew at each load.',
    * find ({ config }) {
      for (const key of config.credentials.keyauth_credentials) if (key.expires_at === null) yield { pointer: key.pointer, cause: 'this key never expires' }
    }
  },
  {
    id: 'weak-password-hash',
    severity: 'high',
    title: 'passwords behind a hash that is quick to try',
    why: 'Whoever gets to see the file tries billions of passwords a second.',
    mend: 'Write bcrypt hashes of cost 10 or more, or scrypt hashes.',
    * find ({ config, source }) {
      for (const { password, pointer } of config.credentials.basicauth_credentials) {
        const at = `${pointer}/password`
        const cost = Number(/^\$2[aby]\$(\d\d)\$/.exec(password)?.[1] ?? 99)
        if (cost < 10) yield { pointer: at, cause: `this bcrypt hash has a cost of ${cost}` }
        // what was written in clear is hashed at load: check tells about that
        else if (/^[0-9a-f]{40}$/i.test(password) && source.textOf(at) === password) yield { pointer: at, cause: 'this password is hashed with SHA-1' }
      }
    }
  },
  {
    id: 'hmac-sha1',
    severity: 'medium',
    title: 'signatures with SHA-1',
    why: 'SHA-1 is broken in other uses, and audits refuse it.',
    mend: 'Write `algorithms: [hmac-sha256]`.',
    * find (context) {
      for (const { entry } of context.uses('hmac-auth')) {
        if ((entry.config['algorithms'] as readonly string[]).includes('hmac-sha1')) yield { pointer: option(entry, 'algorithms'), cause: 'signatures with hmac-sha1 are accepted' }
      }
    }
  },
  {
    id: 'hmac-unbound',
    severity: 'high',
    title: 'signatures that may cover nothing',
    why: 'A client may sign next to nothing, and whoever catches such a signature puts it on other requests.',
    mend: 'Write `enforce_headers: [date, request-line]`, and `digest` with `validate_request_body: true` for bodies.',
    * find (context) {
      for (const { entry } of context.uses('hmac-auth')) {
        const enforced = (entry.config['enforce_headers'] as readonly string[]).map(name => name.toLowerCase())
        const line = enforced.some(name => name === 'request-line' || name === '@request-target')
        const date = enforced.some(name => name === 'date' || name === 'x-date')
        if (!line || !date) yield { pointer: option(entry, 'enforce_headers'), cause: `a signature need not cover ${line ? 'the date' : date ? 'method and path' : 'the date, nor method and path'}` }
      }
    }
  },
  {
    id: 'hmac-body-unsigned',
    severity: 'medium',
    title: 'signed requests with any body',
    why: 'Whoever stands in between puts another body under a signature that stays good.',
    mend: 'Write `validate_request_body: true`, and `digest` into `enforce_headers`.',
    * find (context) {
      for (const { entry, routes } of context.uses('hmac-auth')) {
        if (entry.config['validate_request_body'] === false && routes.some(route => context.writes(route))) yield { pointer: option(entry, 'validate_request_body'), cause: 'the signature says nothing about the body' }
      }
    }
  },
  {
    id: 'certificates-unrevoked',
    severity: 'medium',
    title: 'client certificates that can\'t be revoked',
    why: 'A certificate whose key was stolen is good until it expires.',
    mend: 'Name the authority\'s lists in `crl_file`, and leave `revocation_check_mode` at STRICT.',
    * find (context) {
      for (const { entry } of context.uses('mtls-auth', 'header-cert-auth')) {
        const { crl_file: file, revocation_check_mode: mode } = entry.config as { crl_file?: string, revocation_check_mode?: string }
        if (mode === 'SKIP' || (file === undefined && mode === undefined)) yield { pointer: option(entry, mode === undefined ? 'crl_file' : 'revocation_check_mode'), cause: 'nobody looks whether a client\'s certificate was revoked' }
        else if (mode === 'IGNORE_CA_ERROR') yield { pointer: option(entry, 'revocation_check_mode'), severity: 'low', cause: 'certificates pass while the list of revoked ones is out of date' }
      }
    }
  },
  {
    id: 'any-certificate',
    severity: 'medium',
    title: 'each certificate of an authority passes',
    why: 'Whatever the authority signs, for whatever purpose, opens.',
    mend: 'Remove `skip_consumer_lookup`, or decide by `acl` who may pass.',
    * find (context) {
      for (const { entry, routes } of context.uses('mtls-auth', 'header-cert-auth')) {
        if (entry.config['skip_consumer_lookup'] === true && routes.some(route => !context.chainHas(route, 'acl', 'auth-policy'))) yield { pointer: option(entry, 'skip_consumer_lookup'), cause: 'nobody decides which of the authority\'s certificates may pass' }
      }
    }
  },
  {
    id: 'acl-deny-only',
    severity: 'low',
    title: 'groups of whom only some are refused',
    why: 'A consumer without a group, and each group that is added later, passes.',
    mend: 'Name the groups that may pass in `allow`.',
    * find (context) {
      for (const { entry } of context.uses('acl')) {
        if (entry.config['allow'] === undefined && entry.config['deny'] !== undefined) yield { pointer: option(entry, 'deny'), cause: 'whoever isn\'t denied may pass' }
      }
    }
  }
]
