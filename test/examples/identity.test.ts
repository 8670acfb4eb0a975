import { generateKeyPairSync } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { packageRoot } from '../helpers/package-root.ts'
import { ask, startProcess, upstream } from '../helpers/running.ts'

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => Promise<void>
interface Options { readonly jwks: string, readonly audience: string }

async function example<Exports> (name: string): Promise<Exports> {
  return await import(pathToFileURL(join(packageRoot, 'examples/identity', name)).href) as Exports
}

const IDENTITY_PRIVATE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'sec1' }) as string
const IDENTITY_SECRET = 'a secret that is not shorter than 32 bytes'

/** The gateway of the example in front of two services; the caller says its name, and the authoriser believes it. */
async function start (t: Test, services: Record<string, number>, config: string): Promise<{ port: number, adminPort: number }> {
  const authoriser = await upstream(t, (request, response) => {
    const user = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (user === undefined) response.writeHead(401).end()
    else response.writeHead(200, { 'Remote-User': user, 'Remote-Roles': 'admin' }).end()
  })
  return await startProcess(t, `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 } }
services:
${Object.entries(services).map(([name, port]) => `  - { name: ${name}, url: "http://127.0.0.1:${port}", routes: [{ name: ${name}, paths: [/${name}] }] }\n`).join('')}
plugins:
  - name: forward-auth
    config: { url: "http://127.0.0.1:${authoriser}/verify", request_headers: [Authorization, Cookie], subject_header: Remote-User, roles_header: Remote-Roles, upstream_headers: [Remote-User] }
  - name: signed-identity
    config: ${config}
`, { IDENTITY_PRIVATE_KEY, IDENTITY_SECRET })
}

const authorization = 'Bearer ada'

t.test('Express and Fastify verify the token with the published key, each for itself', async t => {
  // the services' addresses are the gateway's to know, and the key set's address theirs: they get it once it is there
  let express: RequestListener = () => {}
  let fastify: RequestListener = () => {}
  const services = {
    express: await upstream(t, (request, response) => express(request, response)),
    fastify: await upstream(t, (request, response) => fastify(request, response))
  }
  const { port, adminPort } = await start(t, services, '{ keys: ["{vault://env/IDENTITY_PRIVATE_KEY}"] }')
  const jwks = `http://127.0.0.1:${adminPort}/identity/jwks.json`

  const { gatewayIdentity: middleware } = await example<{ gatewayIdentity: (options: Options) => Middleware }>('express.js')
  const guard = middleware({ jwks, audience: 'express' })
  express = (request: IncomingMessage & { identity?: unknown }, response) => {
    guard(request, response, () => { response.end(JSON.stringify(request.identity)) }).catch(t.fail)
  }
  const { gatewayIdentity: addTo } = await example<{ gatewayIdentity: (app: FastifyInstance, options: Options) => void }>('fastify.js')
  const app = Fastify()
  t.teardown(async () => await app.close())
  addTo(app, { jwks, audience: 'fastify' })
  app.get('/', async request => (request as FastifyRequest & { identity?: unknown }).identity)
  await app.ready()
  fastify = (request, response) => app.routing(request, response)

  for (const name of ['express', 'fastify'] as const) {
    const answer = await ask(port, `/${name}`, { headers: { authorization, 'x-sallyport-identity': 'forged' } })
    t.equal(answer.status, 200)
    t.match(JSON.parse(answer.text), { iss: 'sallyport', aud: name, sub: 'ada', roles: ['admin'] })
    for (const token of [undefined, 'forged', 'e30.e30.e30']) {
      t.equal((await ask(services[name], '/', { headers: token === undefined ? {} : { 'x-sallyport-identity': token } })).status, 401, `${name} past the gateway`)
    }
  }
  let token = ''
  express = (request, response) => {
    token = String(request.headers['x-sallyport-identity'])
    response.end()
  }
  await ask(port, '/express', { headers: { authorization } })
  t.match(token, /^ey/)
  t.equal((await ask(services.fastify, '/', { headers: { 'x-sallyport-identity': token } })).status, 401, 'what was said to another service')
})

t.test('a service without packages believes the headers that are signed', async t => {
  const { signedHeaders } = await example<{ signedHeaders: (headers: IncomingHttpHeaders, secret: string, now?: number) => Record<string, string> | null }>('hmac.js')
  let heard: IncomingHttpHeaders = {}
  const service = await upstream(t, (request, response) => {
    heard = request.headers
    response.end(JSON.stringify(signedHeaders(request.headers, IDENTITY_SECRET)))
  })
  const { port } = await start(t, { plain: service }, '{ mode: hmac, keys: ["{vault://env/IDENTITY_SECRET}"] }')
  const answer = await ask(port, '/plain', { headers: { authorization, 'x-user-role': 'forged', 'remote-user': 'forged' } })
  t.strictSame(JSON.parse(answer.text), { 'remote-user': 'ada', 'x-credential-identifier': 'ada' })

  t.equal(signedHeaders({}, IDENTITY_SECRET), null)
  t.equal(signedHeaders({ ...heard, 'remote-user': 'eve' }, IDENTITY_SECRET), null)
  t.equal(signedHeaders(heard, 'another secret of more than 32 bytes'), null)
  t.equal(signedHeaders(heard, IDENTITY_SECRET, Date.now() + 62_000), null, 'an old one')
  t.notOk('x-user-role' in (signedHeaders({ ...heard, 'x-user-role': 'admin' }, IDENTITY_SECRET) as object), 'nothing that is not signed')
})
