import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls'
import { chmodSync, readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Diagnostic } from '../../src/config/diagnostics.ts'
import { loadConfig } from '../../src/config/load.ts'
import { checkLive } from '../../src/live/check-live.ts'
import { directoryProbe } from '../../src/live/providers.ts'
import { createNameServer } from '../../src/upstream/dns/name-server.ts'
import { makeCertificate, type Identity } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'
import { dnsServer } from '../helpers/dns-server.ts'
import { jsonServer } from '../helpers/json-server.ts'
import { CLIENT_SECRET, startOidcProvider } from '../helpers/oidc-provider.ts'
import { placeOf, unmark } from '../helpers/marked-yaml.ts'
import { freePort } from '../helpers/free-port.ts'
import { startRedis as startMaster } from '../helpers/redis.ts'
import { noRedis, startRedis } from '../helpers/redis-server.ts'
import { startCluster, startSentinel } from '../helpers/redis-together.ts'
import { Redis } from 'ioredis'

const HEAD = '_format_version: "3.0"\n'
const DAY = 86_400_000
const later = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 400 * DAY) }
const authority = makeCertificate('a test authority', later)
const certificate = (name: string, options = {}): Identity => makeCertificate(name, { names: [name], issuer: authority, ...later, ...options })
const good = certificate('localhost')

/** A server for the time of a test that keeps what it gets. */
async function listening (t: Test, server: Server, got: Buffer[] = []): Promise<{ port: number, got: Buffer[] }> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => sockets.add(socket))
  const keep = (socket: Socket): void => { socket.on('data', bytes => got.push(bytes)).on('error', () => {}) }
  server.on('connection', keep).on('secureConnection', keep).on('tlsClientError', () => {})
  server.listen(0)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, got }
}

const tls = async (t: Test, options: TlsOptions): Promise<{ port: number, got: Buffer[] }> => {
  const got: Buffer[] = []
  const server = createTls(options, (socket: TLSSocket) => { socket.on('data', bytes => got.push(bytes)) })
  const { port } = await listening(t, server, [])
  return { port, got }
}
const tcp = (t: Test): Promise<{ port: number, got: Buffer[] }> => listening(t, createTcp())

/** A port on which nothing listens. */
async function deadPort (): Promise<number> {
  const server = createTcp().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Live { readonly found: readonly Diagnostic[], readonly tried: number }

async function live (t: Test, text: string, { env = {}, timeout = 3000, directory = '.' }: { env?: Record<string, string>, timeout?: number, directory?: string } = {}): Promise<Live> {
  const { config, source, diagnostics } = await loadConfig({ file: `${directory}/gateway.yaml`, text: HEAD + text, env: { CA: authority.cert, ...env } })
  t.strictSame(diagnostics.filter(({ severity }) => severity === 'error').map(({ cause }) => cause), [])
  if (config === null) return { found: [], tried: 0 }
  const { diagnostics: found, tried } = await checkLive(config, source, { timeout, now: Date.now() })
  return { found, tried }
}

const service = (url: string, more = ''): string => `services:\n  - name: s\n    url: ${url}\n${more}    routes: [{ name: r, paths: [/r] }]\n`
const entry = (name: string, config: string): string => `plugins:\n  - name: ${name}\n    config: { ${config} }\n`
const CA = 'ca_certificates:\n  - { name: own, cert: "{vault://env/CA}" }\n'
const told = (found: readonly Diagnostic[]): string[] => found.map(({ rule, severity, cause }) => `${severity} ${rule}: ${cause}`)

t.test('a service that is well has nothing to tell, and gets no byte', async t => {
  const plain = await tcp(t)
  const secure = await tls(t, good)
  t.strictSame(told((await live(t, service(`http://localhost:${plain.port}`))).found), [])
  t.strictSame(told((await live(t, service(`https://localhost:${secure.port}`, '    ca_certificates: [own]\n') + CA)).found), [])
  t.same([...plain.got, ...secure.got], [])
})

t.test('what fails has the place of its value', async t => {
  const port = await deadPort()
  const { text, place } = unmark(HEAD + service(`«http://localhost:${port}»`))
  const { found: [found] } = await live(t, text.slice(HEAD.length))
  t.match(found, { rule: 'live-connect', severity: 'error', path: 'services[s].url' })
  t.match(found?.cause, new RegExp(`^nothing listens at localhost:${port}`))
  if (found !== undefined) t.equal(placeOf(found), place)
})

t.test('a name that is nobody\'s', async t => {
  t.strictSame(told((await live(t, service('http://nobody.invalid'))).found).map(text => text.replace(/no name server answers.*/, 'there is no host nobody.invalid')), ['error live-dns: there is no host nobody.invalid'])
})

t.test('handshakes fail for the reasons for which those of the gateway would', async t => {
  const verified = '    ca_certificates: [own]\n'
  const cases: Array<readonly [what: string, server: { port: number }, more: string, expected: RegExp | null]> = [
    ['an authority that is not trusted', await tls(t, good), '', /^error live-certificate: no authority that the gateway trusts vouches/],
    ['verification is off', await tls(t, good), '    tls_verify: false\n', null],
    ['another name', await tls(t, certificate('elsewhere.test')), verified, /^error live-certificate: the certificate of .* is for other names/],
    ['expired', await tls(t, certificate('localhost', { notAfter: new Date(Date.now() - DAY), notBefore: new Date(Date.now() - 2 * DAY) })), verified, /^error live-certificate: .* has expired/],
    ['ends soon', await tls(t, certificate('localhost', { notAfter: new Date(Date.now() + 5.5 * DAY) })), verified, /^warning live-expires: the certificate 'localhost' that .* shows expires in 5 days/],
    ['no TLS there', await listening(t, createTcp(socket => { socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') })), verified, /^error live-tls: .* does not speak TLS/],
    ['closes at once', await listening(t, createTcp(socket => { socket.once('data', () => socket.end()) })), verified, /^error live-tls: .* closes the connection during the handshake/],
    ['old TLS', await tls(t, { ...good, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }), verified, /^error live-tls: .* speaks no version of TLS that the gateway does/],
    ['asks for a certificate (1.3)', await tls(t, { ...good, requestCert: true, ca: [authority.cert], minVersion: 'TLSv1.3' }), verified, /^error live-tls: .* breaks the handshake off/],
    ['asks for a certificate (1.2)', await tls(t, { ...good, requestCert: true, ca: [authority.cert], maxVersion: 'TLSv1.2' }), verified, /^error live-tls: /],
    ['no HTTP/2', await tls(t, good), `${verified}    http2: true\n`, /^error live-tls: .* does not speak HTTP\/2/],
    ['HTTP/2', await tls(t, { ...good, ALPNProtocols: ['h2'] }), `${verified}    http2: true\n`, null]
  ]
  for (const [what, { port }, more, expected] of cases) {
    const found = told((await live(t, service(`https://localhost:${port}`, more) + CA)).found)
    if (expected === null) t.strictSame(found, [], what)
    else t.match(found, [expected], what)
  }
})

t.test('the gateway shows its own certificate where the file says so', async t => {
  const { port } = await tls(t, { ...good, requestCert: true, ca: [authority.cert] })
  const own = certificate('gateway')
  const text = service(`https://localhost:${port}`, '    ca_certificates: [own]\n    client_certificate: own\n') + CA + 'certificates:\n  - { name: own, cert: "{vault://env/CERT}", key: "{vault://env/KEY}" }\n'
  t.strictSame(told((await live(t, text, { env: { CERT: own.cert, KEY: own.key } })).found), [])
  const stranger = makeCertificate('stranger', { names: ['stranger'], ...later })
  t.match(told((await live(t, text, { env: { CERT: stranger.cert, KEY: stranger.key } })).found), [/^error live-tls: .*perhaps over the certificate that the gateway shows/])
})

t.test('an address that says nothing costs its time and no more', async t => {
  const { port } = await tcp(t)
  const { found } = await live(t, service(`https://localhost:${port}`), { timeout: 200 })
  t.match(told(found), [/^error live-connect: .* does not shake hands within 200 ms/])
})

t.test('targets are asked for as the gateway does it, and each address is tried', async t => {
  const server = await dnsServer(t)
  const listener = createTcp()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => listener.close())
  const { port } = listener.address() as AddressInfo
  server.set('up.test', { type: 'A', address: '127.0.0.1' })
  server.set('half.test', { type: 'A', address: '127.0.0.1' }, { type: 'A', address: '127.0.0.2' })
  const text = `gateway:\n  dns: { servers: ["${server.address}"] }\nservices:\n  - { name: s, protocol: http, host: all, routes: [{ name: r, paths: [/] }] }\nupstreams:\n  - name: all\n    targets: [{ target: "up.test:${port}" }, { target: "half.test:${port}" }, { target: "gone.test:${port}" }, { target: "drained.test:1", weight: 0 }]\n`
  const { found, tried } = await live(t, text)
  t.equal(tried, 3)
  t.match(told(found), [new RegExp(`^error live-connect: nothing listens at half.test:${port} \\(127.0.0.2\\)`), /^error live-dns: there is no host gone.test/])
  t.match(found.map(({ path }) => path), ['upstreams[all].targets[1].target', 'upstreams[all].targets[2].target'])
  t.notOk(server.queries.some(query => query.includes('drained')))
})

t.test('what several values name is tried once, and told once with all places', async t => {
  const port = await deadPort()
  const text = `services:\n  - { name: a, url: "http://127.0.0.1:${port}", routes: [{ name: a, paths: [/a] }] }\n  - { name: b, url: "http://127.0.0.1:${port}/b", routes: [{ name: b, paths: [/b] }] }\n`
  const { found, tried } = await live(t, text)
  t.equal(tried, 1)
  t.match(found, [{ related: [{ range: { line: 4 }, message: 'and here' }] }])
})

t.test('a host from a reference is not told', async t => {
  const { found } = await live(t, service('"{vault://env/URL}"'), { env: { URL: `http://localhost:${await deadPort()}` } })
  t.match(told(found), ['error live-connect: nothing listens at this host'])
})

t.test('issuers and key sets are read', async t => {
  const provider = await startOidcProvider(t)
  const jwt = (fields: string): string => entry('jwt', `${fields}, audience: [a], allow_insecure: true`)
  t.strictSame(told((await live(t, jwt(`issuer: "${provider.issuer}"`))).found), [])
  t.strictSame(told((await live(t, jwt(`issuer: "${provider.issuer}", jwks_uri: "${provider.jwksUri}"`))).found), [])
  t.strictSame(told((await live(t, entry('openid-connect', `issuer: "${provider.issuer}", allow_insecure: true`))).found), [])
  const { found: [other] } = await live(t, jwt(`issuer: "${provider.issuer}/other"`))
  t.match(other, { rule: 'live-provider', path: 'plugins[jwt].config.issuer', cause: /it answered with status 404/ })
  const server = await jsonServer(t, ({ url }) => url === '/empty' ? { keys: [] } : {})
  t.match(told((await live(t, jwt(`issuer: a, jwks_uri: "${server.origin}/empty"`))).found), [/the key set is empty/])
  t.match(told((await live(t, jwt(`issuer: a, jwks_uri: "${server.origin}/none"`))).found), [/is no key set/])
  t.match(told((await live(t, entry('jwt', 'issuers: [{ issuer: "https://nobody.invalid/", audience: [a] }]'))).found), [/the request failed/])
})

t.test('what a provider answers wrongly has its own cause and mend', async t => {
  const answers: Record<string, (response: ServerResponse) => unknown> = {
    '/page': response => response.end('<html>sign on</html>'),
    '/moved': response => response.writeHead(302, { location: '/keys' }).end(),
    '/closed': response => response.writeHead(403).end(),
    '/gone': response => response.writeHead(404).end(),
    '/broken': response => response.writeHead(500).end(),
    '/shared': () => ({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }),
    '/mixed': () => ({ keys: [1, { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }] }),
    '/other/.well-known/openid-configuration': () => ({ issuer: 'http://another.example', jwks_uri: 'https://another.example/keys' })
  }
  const server = await jsonServer(t, ({ url }, response) => {
    const value = answers[url]?.(response)
    return value === response ? undefined : value
  })
  const ask = async (fields: string): Promise<Array<{ cause: string, mend: string | undefined }>> => (await live(t, entry('jwt', `${fields}, audience: [a], allow_insecure: true`))).found.map(({ cause, mend }) => ({ cause, mend }))
  const keys = (path: string): ReturnType<typeof ask> => ask(`issuer: a, jwks_uri: "${server.origin}${path}"`)
  t.match(await keys('/page'), [{ cause: /not a JSON object/, mend: /a page for people/ }])
  t.match(await keys('/moved'), [{ cause: /redirect \(302\)/, mend: 'Write the address that it leads to.' }])
  t.match(await keys('/closed'), [{ cause: /status 403/, mend: /open to all/ }])
  t.match(await keys('/gone'), [{ cause: /status 404/, mend: 'Correct the address.' }])
  t.match(await keys('/broken'), [{ cause: /status 500/, mend: /log of the provider/ }])
  t.match(await keys('/shared'), [{ cause: /no key of the set can be used: no token can be verified; keys\[0\] is a shared secret/, mend: /public keys/ }])
  t.strictSame(await keys('/mixed'), [], 'one good key is enough')
  t.match(await ask(`issuer: "${server.origin}/other"`), [{ cause: /another issuer/, mend: /letter by letter/ }])
})

t.test('introspection is asked as the client of the file, about a token that nobody has', async t => {
  const provider = await startOidcProvider(t)
  const ask = (fields: string, env = { SECRET: CLIENT_SECRET }): Promise<Live> => live(t, entry('oauth2-introspection', `${fields}, client_id: gateway, client_secret: "{vault://env/SECRET}", allow_insecure: true`), { env })
  t.strictSame(told((await ask(`introspection_url: "${provider.introspectionUrl}"`)).found), [])
  t.strictSame(told((await ask(`issuer: "${provider.issuer}"`)).found), [])
  const { found: [wrong] } = await ask(`introspection_url: "${provider.introspectionUrl}"`, { SECRET: 'another-secret' })
  t.match(wrong, { rule: 'live-provider', cause: /status 401/, mend: 'Correct the credentials of the client.' })
  const server = await jsonServer(t, () => ({ hello: true }))
  t.match(told((await ask(`introspection_url: "${server.origin}/"`)).found), [/is no introspection/])
  t.notMatch(JSON.stringify(wrong), /another-secret/)
})

t.test('Redis is signed on to and left as it was', { skip: noRedis }, async t => {
  const server = await startRedis(t, 'right-password')
  const admin = new Redis(server.url)
  t.teardown(() => admin.disconnect())
  await admin.call('ACL', 'SETUSER', 'reader', 'on', '>reader-password', '~*', '+@read', '+ping', '+info', '+client', '+hello')
  const ask = (fields: string, password?: string, timeout = 3000): Promise<Live> => live(t, entry('rate-limiting', `minute: 5, policy: redis, redis: { host: 127.0.0.1, port: ${server.port}${password === undefined ? '' : ', password: "{vault://env/PASSWORD}"'}${fields} }`), { timeout, env: { PASSWORD: password ?? '' } })
  t.strictSame(told((await ask('', 'right-password')).found), [])
  t.match(told((await ask('', 'wrong-password')).found), ['error live-redis: Redis refuses user and password'])
  t.match(told((await ask('')).found), ['error live-redis: Redis asks for a password'])
  t.match(told((await ask(', username: reader', 'reader-password')).found), ['error live-redis: the user may not do in Redis what the gateway does'])
  t.match(told((await ask(', ssl: true', 'right-password', 300)).found), [/^error live-redis: /])
  t.match(told((await ask(', database: 99', 'right-password')).found), ['error live-redis: Redis has no database of this number'])
  const other = async (port: number | string): Promise<string[]> => told((await live(t, entry('rate-limiting', `minute: 5, policy: redis, redis: { host: localhost, port: ${port} }`))).found)
  // stays open: what is written into a closed connection can fail first
  t.match(await other((await listening(t, createTcp(socket => { socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') }))).port), ['error live-redis: what answers there is no Redis'])
  t.match(await other((await listening(t, createTcp(socket => { socket.resetAndDestroy() }))).port), ['error live-redis: the connection is closed at once'])
  const cluster = await live(t, entry('rate-limiting', `minute: 5, policy: redis, redis: { cluster_nodes: [{ ip: 127.0.0.1, port: ${server.port} }], password: "{vault://env/PASSWORD}" }`), { env: { PASSWORD: 'right-password' } })
  t.match(told(cluster.found), ['error live-redis: this is no Redis Cluster'])
  const sentinel = await live(t, entry('rate-limiting', `minute: 5, policy: redis, redis: { sentinel_master: main, sentinel_nodes: [{ host: 127.0.0.1, port: ${await deadPort()} }] }`), { timeout: 500 })
  t.match(told(sentinel.found), [/^error live-redis: /])
  const list = await live(t, entry('jwt', 'issuer: a, audience: [a], secret: "{vault://env/SECRET}", revocation: { redis_url: "{vault://env/URL}" }'), { env: { SECRET: 'x'.repeat(40), URL: server.url } })
  t.strictSame(told(list.found), [])
  t.equal(await admin.dbsize(), 0)
  await server.stop()
  t.match(told((await ask('', 'right-password')).found), ['error live-redis: nothing listens where Redis should be'])
})

t.test('a Redis Cluster and a master behind Sentinel are found by whoever of them answers', { skip: noRedis }, async t => {
  const ask = async (redis: string): Promise<string[]> => told((await live(t, entry('rate-limiting', `minute: 5, policy: redis, redis: { ${redis} }`), { timeout: 3_000 })).found)
  const [first = 0, ...others] = await startCluster(t)
  const dead = await deadPort()
  const nodes = (...ports: readonly number[]): string => `cluster_nodes: [${ports.map(port => `{ ip: 127.0.0.1, port: ${port} }`).join(', ')}]`
  t.strictSame(await ask(nodes(first)), [])
  t.strictSame(await ask(nodes(dead, ...others)), [], 'one of its nodes is gone')
  const alone = await Promise.all([first, ...others].map(async port => await ask(`host: 127.0.0.1, port: ${port}`)))
  t.strictSame(alone.flat(), Array(2).fill('error live-redis: this Redis is a node of a Redis Cluster'), 'all but the one that has the key')
  const slotless = await startMaster(t, ['--cluster-enabled', 'yes', '--cluster-config-file', join(t.testdir(), 'nodes.conf'), '--cluster-port', String(await freePort())])
  t.strictSame(await ask(nodes(slotless.port)), ['error live-redis: the Redis Cluster is down: not all of its slots have a node'])

  const master = await startMaster(t)
  const replica = await startMaster(t, ['--replicaof', `127.0.0.1 ${master.port}`])
  const sentinel = await startSentinel(t, master.port)
  const behind = (name: string, ...ports: readonly number[]): string => `sentinel_master: ${name}, sentinel_nodes: [${ports.map(port => `{ host: 127.0.0.1, port: ${port} }`).join(', ')}]`
  t.strictSame(await ask(behind('main', sentinel)), [])
  t.strictSame(await ask(behind('main', dead, sentinel)), [], 'one of the sentinels is gone')
  t.strictSame(await ask(behind('another', sentinel)), ['error live-redis: no sentinel tells where the master is'])
  t.strictSame(await ask(`host: 127.0.0.1, port: ${replica.port}`), ['error live-redis: this Redis is a replica, and takes no counters'])
  const left = new Redis(master.port, '127.0.0.1')
  t.teardown(() => left.disconnect())
  t.equal(await left.dbsize(), 0)
})

t.test('log servers are connected to, and sent nothing', async t => {
  const plain = await tcp(t)
  const secure = await tls(t, good)
  const server = await jsonServer(t, () => ({}))
  const dead = await deadPort()
  const { found, tried } = await live(t, `plugins:
  - { name: http-log, config: { http_endpoint: "${server.origin}/log", headers: { authorization: "{vault://env/SECRET}" } } }
  - { name: tcp-log, config: { host: localhost, port: ${secure.port}, tls: true } }
  - { name: syslog, config: { host: localhost, port: ${plain.port}, protocol: tcp } }
  - { name: udp-log, config: { host: nobody.invalid, port: 1 } }
  - { name: statsd, config: { host: 127.0.0.1 } }
  - { name: opentelemetry, config: { traces_endpoint: "http://127.0.0.1:${dead}/v1/traces" } }
  - { name: forward-auth, config: { url: "https://localhost:${secure.port}/verify", tls_verify: false } }
services:
  - name: traced
    url: http://127.0.0.1:${plain.port}
    routes: [{ name: traced, paths: [/traced], plugins: [{ name: opentelemetry, config: { traces_endpoint: "https://localhost:${secure.port}", protocol: grpc, ca_certificates: [own] } }] }]
ca_certificates:
  - name: own
    cert: ${JSON.stringify(authority.cert)}
`, { env: { SECRET: 'canary-secret' } })
  t.equal(tried, 9)
  t.match(found.map(({ rule, path }) => `${rule} ${path}`), [
    'live-certificate plugins[tcp-log].config.host',
    'live-dns plugins[udp-log].config.host',
    'live-connect plugins[opentelemetry].config.traces_endpoint'
  ])
  t.same([...plain.got, ...secure.got, ...server.requests], [])
})

t.test('logs can be written, and none is made', async t => {
  const directory = t.testdir({ logs: {}, shut: {} })
  chmodSync(`${directory}/shut`, 0o500)
  const ask = async (path: string): Promise<string[]> => told((await live(t, entry('file-log', `path: ${path}`), { directory })).found)
  t.strictSame(await ask(`${directory}/logs/access.log`), [])
  t.same(readdirSync(`${directory}/logs`), [])
  t.match(await ask(`${directory}/none/access.log`), [/^error live-file: there is no folder for /])
  t.match(await ask(`${directory}/logs`), [/^error live-file: .* is a folder/])
  if (process.getuid?.() !== 0) t.match(await ask(`${directory}/shut/access.log`), [/^error live-file: .* can't be written by this user \(EACCES\)/])
  chmodSync(`${directory}/shut`, 0o700)
})

t.test('an ACME server has a directory', async t => {
  const server = await jsonServer(t, ({ url }) => url === '/directory' ? { newOrder: 'https://a.example/order' } : {})
  const context = { timeout: 1000, now: Date.now(), signal: new AbortController().signal, directory: '.', names: createNameServer({ servers: [], timeout: 1000 }) }
  t.teardown(() => context.names.close())
  t.strictSame(await directoryProbe('', `${server.origin}/directory`).run(context), [])
  t.match(await directoryProbe('', `${server.origin}/`).run(context), [{ cause: /is no directory of an ACME server/ }])
  const { port } = await tls(t, good)
  const acme = entry('acme', `account_email: a@example.org, tos_accepted: true, domains: [a.example.org], folder: acme, api_uri: "https://localhost:${port}/directory"`)
  t.match((await live(t, acme)).found, [{ rule: 'live-provider', path: 'plugins[acme].config.api_uri', cause: /the request failed/ }])
})

t.test('check --live goes on where the file has no errors, in every form', async t => {
  const port = await deadPort()
  const call = (text: string, ...args: string[]): ReturnType<typeof runCli> => runCli(['check', '-', '--live', ...args], { stdin: HEAD + text })
  const failed = await call(service(`http://127.0.0.1:${port}`))
  t.equal(failed.code, 1)
  t.match(failed.stdout, new RegExp(`^<stdin>:4:10: error: nothing listens at 127.0.0.1:${port} \\[live-connect\\]`))
  t.match(failed.stdout, /live: 1 address or file tried, not all of them well\n$/)
  t.match(JSON.parse((await call(service(`http://127.0.0.1:${port}`), '--format', 'json')).stdout), { errors: 1, diagnostics: [{ rule: 'live-connect', file: '<stdin>' }] })
  const { port: open } = await tcp(t)
  t.match(await call(service(`http://127.0.0.1:${open}`)), { code: 0, stdout: /live: 1 address or file tried\n$/ })
  t.match(await call('routes: [{ name: r, paths: [/r] }]\n'), { code: 0, stdout: /live: it speaks to nobody\n$/ })
  t.match(await call('services: [{ name: s }]\n'), { code: 1, stdout: /live: nothing tried: the file has errors\n$/ })
  t.equal((await call(service('http://127.0.0.1:1'), '--timeout', 'soon')).code, 3)
})
