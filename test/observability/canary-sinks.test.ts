import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcp, type AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { DEBUG_HEADER, mintDebugToken } from '../../src/debug/token.ts'
import { receiver } from '../helpers/datagrams.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

const ENV = { DECK_HOST: 'canary-host-2b8e1d', SP_KEY: 'canary-key-2b8e1d', DECK_UP: 'canary-up-2b8e1d', SP_SINK: 'canary-sink-2b8e1d', SP_CHAIN: 'canary-chain-2b8e1d-long-enough-for-it' }
/** Not one of those that are cut in any case. */
const OWN = 'kundennummer'
const DEBUG = 'secret-of-debug-tokens-0123456789abcdef'
const SECRET = /canary-[a-z]+-2b8e1d/

t.test('what requests, references and the operator\'s own names keep secret is found in no sink, no metric and no answer of the admin listener', async t => {
  const service = await upstream(t, (request, response) => {
    request.resume().on('end', () => response.writeHead(request.url?.includes('fail') === true ? 500 : 200, { 'set-cookie': 'session=canary-cookie-2b8e1d', location: '/next?token=canary-token-2b8e1d' }).end('ok'))
  })
  const posted: string[] = []
  const http = createServer((request, response) => {
    request.setEncoding('latin1').on('data', chunk => { posted.push(String(chunk)) }).on('end', () => response.end())
  })
  const lines: string[] = []
  const tcp = createTcp(socket => { socket.on('data', chunk => { lines.push(chunk.toString()) }) })
  for (const server of [http, tcp]) {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => { server.close() })
  }
  const port = (server: { address (): unknown }): number => (server.address() as AddressInfo).port
  const [udp, log, stats] = [await receiver(t), await receiver(t), await receiver(t)]
  const folder = t.testdir({})
  const files = { file: path.join(folder, 'file.log'), audit: path.join(folder, 'audit.log') }

  const gateway = await startProcess(t, gatewayYaml(service, { log: { level: 'debug', redact: [OWN] }, debug: { secret: DEBUG } }, `  - name: gone
    url: http://$\u007b{ env "DECK_HOST" }}:1
    routes: [{ name: gone, paths: [/gone] }]
  - name: keyed
    url: http://127.0.0.1:${service}
    routes:
      - { name: keyed, paths: [/keyed], plugins: [{ name: key-auth, config: { key_names: [x-partner], key_in_query: true } }] }
consumers: [{ username: partner, keyauth_credentials: [{ key: "{vault://env/SP_KEY}" }] }]
plugins:
  - { name: request-transformer, config: { add: { headers: ['X-Up:$\u007b{ env "DECK_UP" }}'] } } }
  - { name: file-log, config: { path: ${files.file}, custom_fields: { agent: $(request.headers.authorization) } } }
  - { name: audit-log, config: { path: ${files.audit}, secret: "{vault://env/SP_CHAIN}" } }
  - { name: http-log, config: { http_endpoint: "http://127.0.0.1:${port(http)}/logs", headers: { X-Sink: "{vault://env/SP_SINK}" }, queue: { max_coalescing_delay: 0.05 } } }
  - { name: tcp-log, config: { host: 127.0.0.1, port: ${port(tcp)} } }
  - { name: udp-log, config: { host: 127.0.0.1, port: ${udp.port} } }
  - { name: syslog, config: { host: 127.0.0.1, port: ${log.port}, protocol: udp } }
  - { name: statsd, config: { host: 127.0.0.1, port: ${stats.port} } }
  - { name: opentelemetry, config: { traces_endpoint: "http://127.0.0.1:${port(http)}/traces", sampling_rate: 1 } }
  - { name: prometheus, config: { per_consumer: true } }
`), ENV)

  const secret = { authorization: 'Bearer canary-bearer-2b8e1d', cookie: 'session=canary-session-2b8e1d', 'x-api-key': 'canary-apikey-2b8e1d', referer: 'https://a.example/?token=canary-referer-2b8e1d', 'x-partner': ENV.SP_KEY, [OWN]: 'canary-own-2b8e1d', [DEBUG_HEADER]: mintDebugToken(DEBUG, { exp: Math.floor(Date.now() / 1000) + 600 }, Date.now()) }
  const targets = [`/open/own?a=1&${OWN}=canary-owner-2b8e1d`, `/open/fail;${OWN}=canary-owned-2b8e1d/x`, '/gone/x', '/open/a?token=canary-query-2b8e1d', '/open/fail;password=canary-matrix-2b8e1d', `/keyed/x?x-partner=${ENV.SP_KEY}`, '/keyed/refused?api_key=canary-wrong-2b8e1d', '/nowhere?secret=canary-lost-2b8e1d']
  for (const [index, target] of targets.entries()) {
    const { 'x-partner': _, ...without } = secret
    await ask(gateway.port, target, { method: 'POST', headers: index === 6 ? without : secret, body: 'password=canary-body-2b8e1d' })
  }
  const kept = (file: string): string => existsSync(file) ? readFileSync(file, 'utf8') : ''
  await until('all sinks have all', () => [kept(files.file), kept(files.audit), posted.join(''), lines.join(''), udp.messages.join(''), log.messages.join('')].every(text => text.includes('nowhere')) && stats.messages.length > 0 && posted.join('').includes('service.name'))
  const admin = await Promise.all(['/status', '/metrics', '/config', '/config/source', '/requests', '/consumers', '/plugins', '/routes', '/traffic', '/snapshots'].map(async target => ({ target, ...await ask(gateway.adminPort, target) })))
  const debugged = JSON.parse(admin.find(({ target }) => target === '/requests')?.text as string).data.filter(({ has_timeline: has }: { has_timeline: boolean }) => has)
  t.equal(debugged.length, targets.length, 'all were debugged')
  for (const { id } of debugged) admin.push({ target: `/requests/${id}`, ...await ask(gateway.adminPort, `/requests/${id}`) })
  gateway.child.kill('SIGTERM')
  await gateway.ended
  const said = { file: kept(files.file), audit: kept(files.audit), http: posted.join(''), tcp: lines.join(''), udp: udp.messages.join(''), syslog: log.messages.join(''), statsd: stats.messages.join(''), stdout: gateway.output.stdout, stderr: gateway.output.stderr }
  for (const [sink, text] of Object.entries(said)) t.equal(SECRET.exec(text)?.[0], undefined, sink)
  for (const { target, status, text } of admin) {
    t.equal(status, 200, target)
    t.equal(SECRET.exec(text)?.[0], undefined, target)
  }
})
