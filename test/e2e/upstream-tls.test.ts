/** TLS to upstreams: authorities, depth, client certificates, health checks; and files that change while it runs. */
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createGateway } from '../../src/index.ts'
import { makeCertificate, type Identity } from '../helpers/certificates.ts'
import { ask, until } from '../helpers/running.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'

const root = makeCertificate('Upstream Root')
const intermediate = makeCertificate('Upstream Intermediate', { issuer: root })
const stranger = makeCertificate('Stranger')
const clients = makeCertificate('Clients Root')
const direct = makeCertificate('direct', { names: ['localhost'], issuer: root })
const chained = makeCertificate('chained', { names: ['localhost'], issuer: intermediate })
const client = (name: string): Identity => makeCertificate(name, { names: [name], issuer: clients, usage: 'client' })

/** Answers with the name of its client's certificate. */
async function upstream (t: Test, chain: readonly Identity[], clientAuthority?: Identity): Promise<{ port: number, asked: string[], connections: () => number }> {
  const asked: string[] = []
  let connections = 0
  const server = createServer({
    key: chain[0]?.key,
    cert: chain.map(({ cert }) => cert).join(''),
    ...clientAuthority === undefined ? {} : { requestCert: true, ca: clientAuthority.cert }
  }, (request, response) => {
    const name = String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody')
    asked.push(`${request.headers['user-agent'] ?? ''} ${name}`)
    response.end(name)
  })
  server.on('tlsClientError', () => {})
  server.on('secureConnection', () => { connections++ })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, asked, connections: () => connections }
}

const HEAD = `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: "off" }
ca_certificates:
- { name: root, cert_file: root.pem }
- { name: stranger, cert_file: stranger.pem }
certificates:
- { name: one, cert_file: one.pem, key_file: one.key }
- { name: two, cert_file: two.pem, key_file: two.key }
`

async function start (t: Test, text: string, watch = false): Promise<{ port: number, folder: string, status: (path: string) => Promise<string>, refused: () => Promise<boolean> }> {
  const [one, two] = [client('one'), client('two')]
  const folder = t.testdir({ 'gateway.yaml': HEAD + text, 'root.pem': root.cert, 'stranger.pem': stranger.cert, 'one.pem': one.cert, 'one.key': one.key, 'two.pem': two.cert, 'two.key': two.key })
  const gateway = await createGateway({ file: path.join(folder, 'gateway.yaml'), accessLog: '/dev/null', watch })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number
  return {
    port,
    folder,
    async status (path) {
      const { status, text } = await ask(port, path)
      return status === 200 ? text : String(status)
    },
    refused: async () => (await gateway.status()).last_reload?.ok === false
  }
}

const service = (name: string, port: number, fields: string): string => `- { name: ${name}, url: "https://localhost:${port}", retries: 0, ${fields}, routes: [{ name: ${name}, paths: [/${name}] }] }\n`

t.test('authorities, depth and client certificates are those of the service', async t => {
  const one = await upstream(t, [direct], clients)
  const far = await upstream(t, [chained, intermediate])
  const { status } = await start(t, `services:
${service('public', one.port, 'tags: []')}${service('known', one.port, 'ca_certificates: [root]')}${service('unknown', one.port, 'ca_certificates: [stranger]')}${service('both', one.port, 'ca_certificates: [stranger, root]')}${service('shows', one.port, 'ca_certificates: [root], client_certificate: one')}${service('shows-other', one.port, 'tls_verify: false, client_certificate: two')}${service('chain', far.port, 'ca_certificates: [root], tls_verify_depth: 1')}${service('too-deep', far.port, 'ca_certificates: [root], tls_verify_depth: 0')}${service('flat', one.port, 'ca_certificates: [root], tls_verify_depth: 0, client_certificate: two')}`)
  const expected = { public: '502', known: '502', unknown: '502', both: '502', shows: 'one', 'shows-other': 'two', chain: 'nobody', 'too-deep': '502', flat: 'two' }
  for (const [name, answer] of Object.entries(expected)) t.equal(await status(`/${name}`), answer, name)
  t.equal(await status('/too-deep'), '502', 'also when a session could be resumed')
})

t.test('an upstream has a client certificate for all its services, and its checks show it', async t => {
  const { port, asked } = await upstream(t, [direct], clients)
  const { status } = await start(t, `upstreams:
- name: users
  client_certificate: one
  host_header: localhost
  healthchecks: { active: { type: https, healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, http_failures: 1, tcp_failures: 1 } } }
  targets: [{ target: "127.0.0.1:${port}" }]
services:
- { name: plain, host: users, protocol: https, ca_certificates: [root], routes: [{ name: plain, paths: [/plain] }] }
- { name: own, host: users, protocol: https, ca_certificates: [root], client_certificate: two, routes: [{ name: own, paths: [/own] }] }
`)
  t.equal(await status('/plain'), 'one')
  t.equal(await status('/own'), 'two')
  await until('a check has come through', () => asked.some(line => / health check one$/.test(line)))
})

t.test('a renewed certificate is shown without a restart; one that can\'t be used changes nothing', async t => {
  const { port, connections } = await upstream(t, [direct], clients)
  const { status, refused, folder } = await start(t, `services:\n${service('a', port, 'ca_certificates: [root], client_certificate: one')}`, true)
  t.equal(await status('/a'), 'one')
  const put = (name: string, content: string): void => {
    writeFileSync(path.join(folder, `.${name}`), content)
    renameSync(path.join(folder, `.${name}`), path.join(folder, name))
  }
  put('one.pem', 'nonsense')
  const renewed = client('renewed')
  await until('the file was read', refused)
  const before = connections()
  t.equal(await status('/a'), 'one')
  t.equal(connections(), before, 'the connection is the same')
  put('one.key', renewed.key)
  put('one.pem', renewed.cert)
  await until('the new one is shown', async () => await status('/a') === 'renewed')
})

t.test('what fails in a handshake has a code of its own; log and Admin API say why, the client learns nothing', async t => {
  const good = await upstream(t, [direct], clients)
  const elsewhere = await upstream(t, [makeCertificate('elsewhere', { names: ['elsewhere.test'], issuer: root })])
  const late = await upstream(t, [makeCertificate('late', { names: ['localhost'], issuer: root, notAfter: new Date(Date.now() - 60_000) })])
  const clear = await plainUpstream(t, socket => { socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n') })
  const folder = t.testdir({
    'gateway.yaml': `${HEAD.replace('admin: "off"', 'admin: { host: 127.0.0.1, port: 0 }')}services:
${service('wrong-authority', good.port, 'ca_certificates: [stranger]')}${service('wrong-name', elsewhere.port, 'ca_certificates: [root]')}${service('expired', late.port, 'ca_certificates: [root]')}${service('clear', clear, 'ca_certificates: [root]')}${service('refused', 1, 'ca_certificates: [root]')}`,
    'root.pem': root.cert,
    'stranger.pem': stranger.cert,
    ...Object.fromEntries(['one', 'two'].flatMap(name => {
      const { cert, key } = client(name)
      return [[`${name}.pem`, cert], [`${name}.key`, key]]
    }))
  })
  const log = path.join(folder, 'access.log')
  const gateway = await createGateway({ file: path.join(folder, 'gateway.yaml'), accessLog: log, watch: false })
  await gateway.listen()
  t.teardown(() => gateway.close())
  for (const [name, code, reason] of [
    ['wrong-authority', 'SP_UPSTREAM_CERTIFICATE', /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/],
    ['wrong-name', 'SP_UPSTREAM_CERTIFICATE', /^ERR_TLS_CERT_ALTNAME_INVALID$/],
    ['expired', 'SP_UPSTREAM_CERTIFICATE', /^CERT_HAS_EXPIRED$/],
    ['clear', 'SP_UPSTREAM_TLS', /^(?:ERR_SSL_|EPROTO)/],
    ['refused', 'SP_UPSTREAM_REFUSED', /^ECONNREFUSED$/]
  ] as const) {
    const answer = await ask(gateway.addresses[0]?.port as number, `/${name}`)
    t.equal(answer.status, 502, name)
    t.same(Object.keys(JSON.parse(answer.text)), ['message', 'request_id'], name)
    t.equal(JSON.parse(answer.text).message, 'An invalid response was received from the upstream server', name)
    const id = String(answer.headers['x-sallyport-request-id'])
    let line = ''
    await until(`the line of ${name}`, () => (line = readFileSync(log, 'latin1').split('\n').find(text => text.includes(id)) ?? '') !== '')
    t.match(JSON.parse(line), { error: code, end_reason: 'UF', tries: [{ state: 'failed', reason }] }, name)
    t.match(JSON.parse((await ask(gateway.adminAddress?.port as number, `/requests/${id}`)).text), { error: code, end: 'UF', upstream_status: null, reason }, name)
  }
})
