import { createHmac } from 'node:crypto'
import path from 'node:path'
import bcrypt from 'bcrypt'
import t from 'tap'
import { createApiKey } from '../../src/auth/api-key.ts'
import { runCli } from '../helpers/cli.ts'
import { ask, gatewayYaml, startProcess, until, upstream, type Answer } from '../helpers/running.ts'

const KEY = 'canary-key-5d1f02'
const OWN_KEY = createApiKey()
const PASSWORD = 'canary-password-5d1f02'
const SECRET_OF_HMAC = 'canary-hmac-5d1f02'
const HASH = bcrypt.hashSync(PASSWORD, 4)

const written = [KEY, OWN_KEY, PASSWORD, SECRET_OF_HMAC, HASH]
/** As they are, and as requests carry them. */
const SECRET = new RegExp([...written, Buffer.from(`bcrypt:${PASSWORD}`).toString('base64').slice(12, -4), Buffer.from(`plain:${PASSWORD}`).toString('base64').slice(12, -4)]
  .map(text => text.replace(/[$.+/*?]/g, '\\$&')).join('|'))

const ENV = { SP_KEY: `${KEY}-env`, SP_PASSWORD: `${PASSWORD}-env`, SP_HMAC: `${SECRET_OF_HMAC}-env` }

const CREDENTIALS = `consumers:
  - username: literal
    keyauth_credentials: [{ key: ${KEY} }, { key: ${OWN_KEY} }]
    basicauth_credentials: [{ username: plain, password: ${PASSWORD} }, { username: bcrypt, password: ${HASH} }]
    hmacauth_credentials: [{ username: signer, secret: ${SECRET_OF_HMAC} }]
    acls: [{ group: partners }]
  - username: referring
    keyauth_credentials: [{ key: "{vault://env/SP_KEY}" }]
    basicauth_credentials: [{ username: referring, password: "{vault://env/SP_PASSWORD}" }]
    hmacauth_credentials: [{ username: referring, secret: "{vault://env/SP_HMAC}" }]
`

const ROUTES = (port: number): string => `  - name: protected
    url: http://127.0.0.1:${port}
    routes:
      - { name: key, paths: [/key], plugins: [{ name: key-auth, config: { key_names: [x-partner], key_in_body: true } }, { name: acl, config: { allow: [partners] } }] }
      - { name: basic, paths: [/basic], plugins: [{ name: basic-auth }] }
      - { name: hmac, paths: [/hmac], plugins: [{ name: hmac-auth, config: { validate_request_body: true, enforce_headers: [digest] } }] }
`

function signed (secret: string): Record<string, string> {
  const date = new Date().toUTCString()
  const signature = createHmac('sha256', secret).update(`x-date: ${date}\ndigest:`).digest('base64')
  return { 'x-date': date, authorization: `hmac username="signer", algorithm="hmac-sha256", headers="x-date digest", signature="${signature}"` }
}

const basic = (user: string, password: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })

t.test('keys, passwords and secrets of consumers are found in no log, no error body, no status', async t => {
  const received: string[] = []
  const port = await upstream(t, (request, response) => {
    received.push(JSON.stringify(request.rawHeaders) + request.url)
    request.on('data', chunk => { received.push(String(chunk)) }).on('end', () => {
      if (request.url?.includes('reset') === true) request.socket.destroy()
      else response.end('ok')
    })
  })
  const file = (extra: object = {}): string => gatewayYaml(port, { log: { level: 'debug' }, ...extra }, ROUTES(port) + CREDENTIALS)
  const gateway = await startProcess(t, file(), ENV)

  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  const requests: Array<[expected: number, target: string, options: Parameters<typeof ask>[2]]> = [
    [200, '/key', { headers: { 'x-partner': KEY } }],
    [200, `/key?x-partner=${KEY}&a=1`, {}],
    [200, '/key', { headers: { 'x-partner': OWN_KEY } }],
    [200, '/key', { ...form, body: `x-partner=${KEY}` }],
    [403, '/key', { headers: { 'x-partner': ENV.SP_KEY } }],
    [401, `/key/${OWN_KEY}`, { headers: { 'x-partner': `${KEY}-wrong` } }],
    [401, `/key?x-partner=${OWN_KEY.slice(0, -1)}&x-partner=${KEY}`, {}],
    [401, '/key', { ...form, body: `x-partner=${KEY}-wrong` }],
    [502, `/key?reset&x-partner=${KEY}`, {}],
    [200, '/basic', { headers: basic('plain', PASSWORD) }],
    [200, '/basic', { headers: basic('bcrypt', PASSWORD) }],
    [200, '/basic', { headers: basic('referring', ENV.SP_PASSWORD) }],
    [401, '/basic', { headers: basic('plain', `${PASSWORD}-wrong`) }],
    [401, '/basic', { headers: basic('bcrypt', `${PASSWORD}-wrong`) }],
    [502, '/basic?reset', { headers: basic('bcrypt', PASSWORD) }],
    [200, '/hmac', { headers: signed(SECRET_OF_HMAC) }],
    [401, '/hmac', { headers: signed('another') }],
    [401, '/hmac', { headers: signed(SECRET_OF_HMAC), method: 'POST', body: SECRET_OF_HMAC }]
  ]
  const answers: Answer[] = []
  for (const [expected, target, options] of requests) {
    const answer = await ask(gateway.port, target, options)
    t.equal(answer.status, expected, target.replace(SECRET, '…'))
    answers.push(answer)
  }
  for (const { text, headers } of answers) t.notMatch(text + JSON.stringify(headers), SECRET)
  t.notMatch(received.join('\n'), SECRET, 'and the service gets none')

  // reloads: one that is refused with credentials in reach, one whose hash is none, one that is taken over
  gateway.write(file({ colour: 1 }))
  await gateway.logged(/reload refused/)
  gateway.write(file().replace(HASH, HASH.slice(0, -1)))
  await until('the second refusal', () => gateway.log.filter(({ msg }) => msg.startsWith('reload refused')).length === 2)
  gateway.write(file({ headers: { server_tokens: false } }))
  await gateway.logged(/reloaded/)
  t.equal((await ask(gateway.port, '/key', { headers: { 'x-partner': KEY } })).status, 200)

  t.notMatch((await ask(gateway.adminPort, '/status')).text, SECRET)
  gateway.child.kill('SIGTERM')
  await gateway.ended
  t.notMatch(gateway.output.stdout, SECRET)
  t.notMatch(gateway.output.stderr, SECRET)
  t.ok(gateway.access().some(line => (line['consumer'] as { username?: string } | undefined)?.username === 'literal'), 'the lines say who it was')
})

t.test('check and print show none', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(1, {}, ROUTES(1) + CREDENTIALS) }), 'gateway.yaml')
  for (const options of [['print'], ['print', '--origin'], ['print', '--format', 'json'], ['check'], ['check', '--format', 'json']]) {
    const { code, stdout, stderr } = await runCli([...options, file], { env: ENV })
    t.equal(code, 0)
    t.match(stdout, /consumers|literal-secret/)
    t.notMatch(stdout + stderr, SECRET, options.join(' '))
  }
})
