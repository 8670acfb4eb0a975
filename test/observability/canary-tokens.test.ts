import { createSecretKey } from 'node:crypto'
import path from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'
import { encode, signToken } from '../helpers/jwt.ts'
import { ask, gatewayYaml, startProcess, upstream, type Answer } from '../helpers/running.ts'

const LITERAL = 'canary-jwt-secret-7a90cc-with-some-more-bytes'
const ENV = { SP_JWT_SECRET: 'canary-jwt-env-7a90cc-with-some-more-bytes', SP_REDIS: 'redis://:canary-redis-7a90cc@127.0.0.1:1' }

const secret = createSecretKey(Buffer.from(LITERAL))
const fromEnvironment = createSecretKey(Buffer.from(ENV.SP_JWT_SECRET))
const sign = async (key: typeof secret, claims: Record<string, unknown>): Promise<string> => await signToken({ kid: 'k', alg: 'HS256', sign: key, verify: key }, claims)

const GOOD = await sign(secret, { iss: 'acme', sub: 'canary-sub-7a90cc', jti: 'canary-jti-7a90cc' })
const FORGED = await sign(createSecretKey(Buffer.from('x'.repeat(32))), { iss: 'acme', role: 'canary-claim-7a90cc' })
const EXPIRED = await sign(fromEnvironment, { exp: 1, jti: 'canary-jti-7a90cc' })
const OTHER = await sign(fromEnvironment, { sub: 'ann', scope: 'canary-scope-7a90cc' })

/** Secrets as they are, and any part of a token. */
const SECRET = new RegExp([/canary-[a-z-]+7a90cc/.source, ...[GOOD, FORGED, EXPIRED, OTHER].flatMap(token => token.split('.').slice(1))].join('|'))

const FILE = (port: number): string => `  - name: protected
    url: http://127.0.0.1:${port}
    routes:
      - { name: kong, paths: [/kong], plugins: [{ name: jwt, config: { uri_param_names: [ticketing], cookie_names: [session], header_names: [authorization, x-partner] } }] }
      - { name: own, paths: [/own], plugins: [{ name: jwt, config: { secret: "{vault://env/SP_JWT_SECRET}", scopes_required: [orders] } }] }
      - { name: revoked, paths: [/revoked], plugins: [{ name: jwt, config: { secret: "{vault://env/SP_JWT_SECRET}", revocation: { redis_url: "{vault://env/SP_REDIS}" } } }] }
consumers:
  - username: acme
    jwt_secrets: [{ key: acme, secret: ${LITERAL} }]
`

t.test('no token and no key is found in a log, an error body or the status', async t => {
  const port = await upstream(t, (request, response) => {
    request.resume()
    if (request.url?.includes('reset') === true) request.socket.destroy()
    else response.end('ok')
  })
  const gateway = await startProcess(t, gatewayYaml(port, { log: { level: 'debug' } }, FILE(port)), ENV)
  const bearer = (token: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${token}` } })
  const requests: Array<[status: number, target: string, options: Parameters<typeof ask>[2]]> = [
    [200, '/kong', bearer(GOOD)],
    [200, `/kong?ticketing=${GOOD}&a=1`, {}],
    [200, '/kong', { headers: { cookie: `session=${GOOD}` } }],
    [200, '/kong', { headers: { 'x-partner': `Bearer ${GOOD}` } }],
    [502, `/kong?reset&ticketing=${GOOD}`, {}],
    [401, '/kong', bearer(FORGED)],
    [401, `/kong?ticketing=${FORGED}&ticketing=${GOOD}`, {}],
    [401, '/kong', bearer(`${encode({ alg: 'canary-alg-7a90cc' })}.${GOOD}`)],
    [401, '/own', bearer(EXPIRED)],
    [403, '/own', bearer(OTHER)],
    [503, '/revoked', bearer(OTHER)]
  ]
  const answers: Answer[] = []
  for (const [status, target, options] of requests) {
    const answer = await ask(gateway.port, target, options)
    t.equal(answer.status, status, target.slice(0, 20))
    answers.push(answer)
  }
  for (const { text, headers } of answers) t.notMatch(text + JSON.stringify(headers), SECRET)
  t.notMatch((await ask(gateway.adminPort, '/status')).text, SECRET)
  gateway.child.kill('SIGTERM')
  await gateway.ended
  t.notMatch(gateway.output.stdout, SECRET)
  t.notMatch(gateway.output.stderr, SECRET)
  t.equal(gateway.access().length, requests.length)
})

t.test('check and print show none', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(1, {}, FILE(1)) }), 'gateway.yaml')
  for (const options of [['print'], ['print', '--origin'], ['check'], ['check', '--format', 'json']]) {
    const { code, stdout, stderr } = await runCli([...options, file], { env: ENV })
    t.equal(code, 0)
    t.match(stdout, /consumers|literal-secret/)
    t.notMatch(stdout + stderr, SECRET, options.join(' '))
  }
})
