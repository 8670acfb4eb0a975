import { type CheckFinding, definePlugin, type FastifyReply, type FastifyRequest, fieldOf, GatewayError, type Static } from '../../src/plugin.ts'
import { cookieOf } from './cookie.ts'
import { Csrf } from './schema.ts'
import { isOurs, isUnsafe, type SourceRules } from './source.ts'
import { equals, Tokens } from './token.ts'

type Config = Static<typeof Csrf>
type TokenConfig = NonNullable<Config['token']>

interface State {
  readonly rules: SourceRules
  readonly tokens: Tokens | null
}

export default definePlugin({
  name: 'csrf',
  // after cors, which answers preflights; before authentication: what a user didn't mean must not be counted as theirs
  priority: 1990,
  schema: Csrf,
  // not consumer: nobody is authenticated yet when it runs
  scopes: ['global', 'service', 'route'],
  protects: 'access',
  // a name with `_` would be dropped before it is looked at, and every unsafe request refused
  credentialHeaders: config => config.token === undefined ? [] : [config.token.header],
  secretNames: config => config.token === undefined ? [] : [config.token.header],
  * check ({ token }): Generator<CheckFinding> {
    if (token === undefined) return
    if (token.cookie === token.session_cookie) {
      yield { path: '/token/session_cookie', message: 'the token\'s own cookie can\'t be the session that it is bound to', mend: 'Name the cookie of the session.' }
    }
  },
  setup (config, gateway): State {
    const { token } = config
    return {
      rules: { origins: new Set(config.origins), allowAbsent: config.allow_origin_absent },
      tokens: token === undefined ? null : new Tokens({ secrets: token.secrets, ttl: token.ttl, now: gateway.now })
    }
  },
  register (scope, { config, state: { rules, tokens } }) {
    const { token } = config
    scope.addHook('onRequest', function csrf (request) {
      if (!isUnsafe(request)) return
      if (!isOurs(request, rules)) throw refusal('the request comes from another site')
      if (tokens !== null && token !== undefined && !hasToken(request, token, tokens)) throw refusal('the token is missing or wrong')
    })

    if (tokens === null || token === undefined) return
    scope.addHook('onSend', function csrfToken (request, reply) {
      if (request.method === 'GET' || request.method === 'HEAD') issue(request, reply, token, tokens)
    })
  }
})

/** The reason is for the log: who forged it needs no help. */
function refusal (reason: string): GatewayError {
  return new GatewayError('SP_CSRF', 403, 'Forbidden', { cause: new Error(reason), quiet: true })
}

/** null: it can't be known which one. */
function sessionOf (request: FastifyRequest, { session_cookie: name }: TokenConfig): string | null {
  return name === undefined ? '' : cookieOf(request.raw, name) ?? (cookieOf(request.raw, name) === null ? null : '')
}

function hasToken (request: FastifyRequest, config: TokenConfig, tokens: Tokens): boolean {
  const cookie = cookieOf(request.raw, config.cookie)
  const field = fieldOf(request.raw, config.header.toLowerCase())
  const session = sessionOf(request, config)
  // a page can't set fields of a handshake; there the cookie alone has to do, beside the origin
  const sent = field ?? (request.method === 'GET' ? cookie : field)
  return typeof cookie === 'string' && typeof sent === 'string' && session !== null && equals(cookie, sent) && tokens.rest(cookie, session) > 0
}

/** Gives pages a token, while it is young none. */
function issue (request: FastifyRequest, reply: FastifyReply, config: TokenConfig, tokens: Tokens): void {
  const session = sessionOf(request, config)
  if (session === null || tokens.rest(cookieOf(request.raw, config.cookie) ?? '', session) > 0.5) return
  const secure = request.gateway.scheme === 'https' || /^__(?:Host|Secure)-/.test(config.cookie) ? '; Secure' : ''
  reply.header('Set-Cookie', `${config.cookie}=${tokens.issue(session)}; Path=/; Max-Age=${config.ttl}; SameSite=Lax${secure}`)
  // one that a shared cache hands out is everybody's (RFC 9111 section 7.3)
  reply.header('Cache-Control', 'private, no-store')
}
