import { generateKeyPairSync } from 'node:crypto'
import path from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'
import { ask, gatewayYaml, startProcess, upstream } from '../helpers/running.ts'

const TOKEN = 'canary-token-51d0e7'
const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const ENV = { SP_CLIENT_SECRET: 'canary-client-secret-51d0e7', SP_AUTHORIZATION: 'Bearer canary-authorization-51d0e7', SP_KEY: PEM }
const LITERAL = 'canary-literal-51d0e7'
/** As they are, as forms and as Basic write them, and the body of the key. */
const SECRET = new RegExp([/canary-[a-z-]*51d0e7/.source, Buffer.from('gateway:canary-').toString('base64').slice(0, 18), (PEM.split('\n')[1] as string).replaceAll('+', '\\+')].join('|'))

const FILE = (port: number, provider: number): string => `  - name: protected
    url: http://127.0.0.1:${port}
    routes:
      - { name: basic, paths: [/basic], plugins: [{ name: oauth2-introspection, config: { introspection_url: "http://127.0.0.1:${provider}/echo", allow_insecure: true, client_id: gateway, client_secret: "{vault://env/SP_CLIENT_SECRET}" } }] }
      - { name: post, paths: [/post], plugins: [{ name: oauth2-introspection, config: { introspection_url: "http://127.0.0.1:${provider}/denied", allow_insecure: true, client_id: gateway, client_secret: ${LITERAL}, client_auth: client_secret_post } }] }
      - { name: own, paths: [/own], plugins: [{ name: oauth2-introspection, config: { introspection_url: "http://127.0.0.1:${provider}/reset", allow_insecure: true, authorization_value: "{vault://env/SP_AUTHORIZATION}" } }] }
      - { name: key, paths: [/key], plugins: [{ name: openid-connect, config: { issuer: "http://127.0.0.1:${provider}", allow_insecure: true, auth_methods: [introspection], introspection_endpoint: "http://127.0.0.1:${provider}/garbage", client_id: [gateway], introspection_endpoint_auth_method: private_key_jwt, client_private_key: "{vault://env/SP_KEY}" } }] }
      - { name: good, paths: [/good], plugins: [{ name: oauth2-introspection, config: { introspection_url: "http://127.0.0.1:${provider}/active", allow_insecure: true, client_id: gateway, client_secret: "{vault://env/SP_CLIENT_SECRET}" } }] }
`

t.test('nothing that the gateway tells a provider, or hears from it, is found in a log or an answer', async t => {
  const port = await upstream(t, (request, response) => { request.resume().on('end', () => response.end('ok')) })
  // a provider that sends back what it was sent, and more
  const provider = await upstream(t, (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', chunk => { body += String(chunk) }).on('end', () => {
      if (request.url === '/active') return response.end('{"active":true,"sub":"ann"}')
      if (request.url === '/reset') return request.socket.destroy()
      response.writeHead(request.url === '/denied' ? 401 : 200, { 'x-echo': request.headers.authorization ?? '' })
      response.end(`canary-answer-51d0e7 ${body} ${request.headers.authorization}`)
    })
  })
  const gateway = await startProcess(t, gatewayYaml(port, { log: { level: 'debug' } }, FILE(port, provider)), ENV)
  const targets = [['/basic', 503], ['/post', 503], ['/own', 503], ['/key', 503], ['/good', 200]] as const
  for (const [target, status] of targets) {
    for (const [suffix, options] of [['', { headers: { authorization: `Bearer ${TOKEN}` } }], [`?access_token=${TOKEN}`, {}]] as const) {
      const answer = await ask(gateway.port, target + suffix, options)
      t.equal(answer.status, status, target)
      t.notMatch(answer.text + JSON.stringify(answer.headers), SECRET)
    }
  }
  t.notMatch((await ask(gateway.adminPort, '/status')).text, SECRET)
  await gateway.logged(/could not be introspected/)
  await gateway.logged(/refuses to introspect/)
  gateway.child.kill('SIGTERM')
  await gateway.ended
  t.equal(gateway.access().length, targets.length * 2)
  t.notMatch(gateway.output.stdout, SECRET)
  t.notMatch(gateway.output.stderr, SECRET)
})

t.test('check and print show none', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(1, {}, FILE(1, 1)) }), 'gateway.yaml')
  for (const options of [['print'], ['print', '--origin'], ['check'], ['check', '--format', 'json']]) {
    const { code, stdout, stderr } = await runCli([...options, file], { env: ENV })
    t.equal(code, 0)
    t.match(stdout, /oauth2-introspection|literal-secret/)
    t.notMatch(stdout + stderr, SECRET, options.join(' '))
  }
})
