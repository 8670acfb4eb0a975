import { type CheckFinding, definePlugin } from '../../src/plugin.ts'
import { Redirect } from './schema.ts'

/** `http://host` of a request line in absolute form. */
const AUTHORITY = /^[a-z]+:\/\/[^/?#]*/i

/** What no URL may have: a client could read it as the end of the field or of the URL. */
const UNSAFE = /[^\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/g

export default definePlugin({
  name: 'redirect',
  // Kong's: after authentication and limits
  priority: 779,
  schema: Redirect,
  scopes: ['global', 'service', 'route', 'consumer'],
  * check ({ location, keep_incoming_path: keep }): Generator<CheckFinding> {
    if (!URL.canParse(location)) {
      yield { path: '/location', message: `'${location}' is no URL`, mend: 'Write it like https://new.example.com/docs.' }
      return
    }
    const url = new URL(location)
    if (url.username !== '' || url.password !== '') {
      yield { path: '/location', message: 'a user name or password in it would be told to every client', mend: 'Remove it.' }
    }
    if (keep && (url.pathname !== '/' || url.search !== '' || url.hash !== '')) {
      yield {
        path: '/location',
        message: `with \`keep_incoming_path\`, '${url.pathname}${url.search}${url.hash}' is never sent`,
        mend: `Write '${url.origin}', or remove \`keep_incoming_path\`.`,
        severity: 'warning'
      }
    }
  },
  register (scope, { config }) {
    const { status_code: status, keep_incoming_path: keep, location } = config
    const { origin } = new URL(location)
    const body = Buffer.from('redirecting')

    scope.addHook('onRequest', function redirect ({ gateway }, reply) {
      reply.code(status).header('Location', keep ? origin + pathOf(gateway.target) : location).send(body)
    })
    scope.addHook('onSend', function redirectType (_request, reply, payload) {
      // Fastify names one; as in Kong it has none
      if (payload === body) reply.removeHeader('content-type')
    })
  }
})

/** Path and query as received, always with a slash in front, so that nothing of it can become part of the host. */
function pathOf (target: string): string {
  const path = target.replace(AUTHORITY, '').replace(UNSAFE, character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  return path.startsWith('/') ? path : `/${path}`
}
