import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { runCli } from '../helpers/cli.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { ask, gatewayYaml, startProcess, until, upstream, type Answer } from '../helpers/running.ts'

const CANARY = 'canary-81c3f0'
const REFERENCE = 'reference-81c3f0'
const SECRET = /canary-81c3f0|reference-81c3f0/

const ENV = { SP_TOKEN: REFERENCE, DECK_SP_TOKEN: REFERENCE }

const TOKEN = '$' + '{{ env "DECK_SP_TOKEN" }}'

const REST = `plugins:
  - name: request-transformer
    config:
      add:
        headers: ['Authorization:Bearer ${TOKEN}', 'X-Plain:${TOKEN}']
        querystring: ['signed_by:${TOKEN}']
  - name: correlation-id
`

const HEADERS = {
  authorization: `Bearer ${CANARY}`,
  'proxy-authorization': `Basic ${CANARY}`,
  cookie: `session=${CANARY}; theme=dark`,
  apikey: CANARY,
  'x-api-key': CANARY,
  'x-auth-token': CANARY,
  'x-acme-client-secret': CANARY,
  'x-tenant': CANARY,
  referer: `https://user:${CANARY}@site.example/?access_token=${CANARY}`
}
const TARGET = `/orders?access_token=${CANARY}&api_key=${CANARY}&tenant=${CANARY}&next=${encodeURIComponent(`https://x.example/?token=${CANARY}`)}&page=2`

t.test('a secret that went through everything is found in no log, no error body, no status', async t => {
  const upstreamPort = await upstream(t, (request, response) => {
    request.resume()
    if (request.url?.startsWith('/reset') === true) return request.socket.destroy()
    if (request.url?.startsWith('/cut') === true) {
      response.writeHead(200, { 'content-length': 100 })
      response.write(CANARY, () => request.socket.destroy())
      return
    }
    response.writeHead(302, { location: `https://u:${CANARY}@x.example/cb?code=${CANARY}#access_token=${CANARY}`, 'set-cookie': `id=${CANARY}`, 'x-new-token': CANARY })
    response.end(CANARY)
  })
  const garbage = createServer(socket => { socket.end(`HTTP/1.1 200 OK\r\n${CANARY} no colon\r\n\r\n`) })
  await new Promise<void>(resolve => garbage.listen(0, '127.0.0.1', resolve))
  t.teardown(() => garbage.close())
  const services = `  - name: garbage
    url: http://127.0.0.1:${(garbage.address() as AddressInfo).port}
    routes: [{ name: garbage, paths: [/garbage] }]
  - name: gone
    url: http://127.0.0.1:1
    routes: [{ name: gone, paths: [/gone] }]
`
  const settings = { log: { level: 'debug', redact: ['tenant', 'X-Tenant'] } }
  const gateway = await startProcess(t, gatewayYaml(upstreamPort, settings, services + REST), ENV)

  const answers: Answer[] = []
  for (const target of [TARGET, `/garbage${TARGET.slice(7)}`, `/gone${TARGET.slice(7)}`, `/reset${TARGET.slice(7)}`]) {
    answers.push(await ask(gateway.port, target, { headers: HEADERS, method: 'POST', body: `{"password":"${CANARY}"}` }))
  }
  await ask(gateway.port, '/cut', { headers: HEADERS }).catch(() => {})
  t.same(answers.map(answer => answer.status), [302, 502, 502, 502])
  for (const answer of answers.slice(1)) t.notMatch(answer.text + JSON.stringify(answer.headers), SECRET)

  // what the parser refuses
  for (const bytes of [
    `GET /a?token=${CANARY} HTTP/1.1\r\nHost: a\r\nBad Header: ${CANARY}\r\n\r\n`,
    `GET http://u:${CANARY}@x/ HTTP/1.1\r\nHost: b\r\nAuthorization: ${CANARY}\r\n\r\n`,
    `GET /${CANARY} HTTP/9.9\r\n\r\n`,
    `GET /a?token=${CANARY} HTTP/1.1\r\nHost: a\r\nX: ${CANARY.repeat(3000)}\r\n\r\n`
  ]) {
    const client = await rawClient(t, gateway.port)
    client.send(bytes)
    await client.end()
    t.notMatch(client.text, SECRET)
  }
  // a WebSocket that is refused
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat?token=${CANARY}`, ['bearer', CANARY], { headers: HEADERS })
  await new Promise(resolve => { socket.once('error', resolve).once('close', resolve) })

  // reloads: refused with references in reach, then one that a plugin refuses
  gateway.write(gatewayYaml(upstreamPort, { ...settings, colour: 1 }, services + REST))
  await gateway.logged(/reload refused/)
  gateway.write(gatewayYaml(upstreamPort, { ...settings, workers: '{vault://env/sp-token}' }, services + REST))
  await until('the second refusal', () => gateway.log.filter(({ msg }) => msg.startsWith('reload refused')).length >= 2)

  const status = await ask(gateway.adminPort, '/status')
  t.notMatch(status.text, SECRET)
  gateway.child.kill('SIGTERM')
  await gateway.ended
  t.notMatch(gateway.output.stdout, SECRET)
  t.notMatch(gateway.output.stderr, SECRET)

  // and the lines are still worth something
  const [first] = gateway.access()
  t.match(first, {
    request: { uri: /^\/orders\?access_token=REDACTED&api_key=REDACTED&tenant=REDACTED&next=.*&page=2$/, headers: { authorization: 'REDACTED', cookie: 'REDACTED', 'x-tenant': 'REDACTED' }, querystring: { page: '2' } },
    upstream_uri: /signed_by=REDACTED/,
    response: { status: 302, headers: { 'set-cookie': 'REDACTED', location: 'https://REDACTED@x.example/cb?code=REDACTED' } },
    correlation_id: String
  })
  t.ok(gateway.access().some(line => (line['response'] as { status: number }).status === 400), 'refused requests are logged')
})

t.test('print cuts what came from references', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(1, {}, REST) }), 'gateway.yaml')
  for (const options of [[], ['--origin']]) {
    const { code, stdout, stderr } = await runCli(['print', ...options, file], { env: ENV })
    t.equal(code, 0)
    t.match(stdout, 'request-transformer')
    t.notMatch(stdout + stderr, SECRET)
  }
})
