/** Orders from a real ACME server (pebble): both challenges, storage in files and in Redis, one order among many processes. */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import { connect, createServer } from 'node:tls'
import { axios } from 'acme-client'
import t, { type Test } from 'tap'
import plugin from '../../plugins/acme/index.ts'
import { Agent, type AgentOptions } from '../../plugins/acme/agent.ts'
import { openFileStorage } from '../../plugins/acme/file-storage.ts'
import { renewalOf } from '../../plugins/acme/issued.ts'
import { openRedisStorage } from '../../plugins/acme/redis-storage.ts'
import type { Storage } from '../../plugins/acme/storage.ts'
import { createGateway } from '../../src/index.ts'
import { alpnOptions } from '../../src/tls/alpn.ts'
import { CertificateStore } from '../../src/tls/certificate-store.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { freePort } from '../helpers/free-port.ts'
import { noPebble, startPebble, type Pebble } from '../helpers/pebble.ts'
import { findings } from '../helpers/plugin-config.ts'
import { noRedis, startRedis } from '../helpers/redis-server.ts'
import { ask, until, upstream } from '../helpers/running.ts'

const DAY = 86_400_000

interface Line { readonly level: string, readonly fields: Readonly<Record<string, unknown>>, readonly message: string }

/** An agent on this storage, and what it says. */
function agentOf (t: Test, storage: Storage, pebble: Pick<Pebble, 'directory'>, options: Partial<AgentOptions> = {}, services: { now?: () => number, settle?: number } = {}): { agent: Agent, lines: Line[] } {
  const lines: Line[] = []
  const say = (level: string) => (fields: object, message: string): void => { lines.push({ level, fields: fields as Line['fields'], message }) }
  const agent = new Agent({
    account_email: 'ops@example.com', api_uri: pebble.directory, tos_accepted: true, domains: ['a.example.com'], challenge: 'http-01', renew_threshold_days: 14, fail_backoff_minutes: 5, orders_per_hour: 20, ...options
  }, { storage, log: { info: say('info'), warn: say('warn'), error: say('error') } as never, now: services.now ?? Date.now, interval: 50, settle: services.settle ?? 0 })
  t.teardown(() => agent.close())
  return { agent, lines }
}

/** pebble, which the library trusts in this process. */
async function authority (t: Test): Promise<Pebble> {
  const pebble = await startPebble(t)
  axios.defaults.httpsAgent = new HttpsAgent({ ca: pebble.ca })
  for (const name of ['a', 'b']) pebble.dns.set(`${name}.example.com`, { type: 'A', address: '127.0.0.1' })
  return pebble
}

/** A server that refuses everything at once. */
async function refusing (t: Test): Promise<{ directory: string }> {
  return { directory: `http://127.0.0.1:${await upstream(t, (_request, response) => { response.writeHead(400).end() })}/dir` }
}

/** A folder that may be written to until the last agent has let go. */
function scratch (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-acme-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
  return folder
}

t.test('http-01, through a gateway: no route needed, a certificate for each name, none for others', { skip: noPebble }, async t => {
  const pebble = await authority(t)
  const folder = t.testdir({
    'gateway.yaml': `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: ${pebble.httpPort} }], admin: "off" }
plugins:
- name: acme
  config: { account_email: ops@example.com, api_uri: "${pebble.directory}", tos_accepted: true, domains: [a.example.com, b.example.com], folder: kept }
`
  })
  const gateway = await createGateway({ file: join(folder, 'gateway.yaml'), accessLog: '/dev/null', watch: false })
  t.teardown(() => gateway.close())
  await gateway.listen()
  const storage = await openFileStorage(join(folder, 'kept'))
  await until('both are there', async () => await storage.get('cert:a.example.com') !== null && await storage.get('cert:b.example.com') !== null)
  const { agent } = agentOf(t, storage, pebble)
  await agent.start()
  const { cert, key } = makeCertificate('default', { names: ['default'] })
  const store = new CertificateStore({ certificates: [{ id: '1', name: null, tags: [], pointer: '', cert, key, ocsp: null, files: {} }], snis: [], ca_certificates: [] }, [agent])
  const server = createServer({ ...store.default, SNICallback: (name, done) => done(null, store.contextFor(name)) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as { port: number }
  const client = connect({ port, host: '127.0.0.1', servername: 'a.example.com', ca: await pebble.root() })
  await once(client, 'secureConnect')
  t.equal(client.authorized, true, 'verified by the root of the authority')
  client.destroy()

  const challenge = async (host: string, token: string): Promise<string> => {
    const { status, text } = await ask(pebble.httpPort, `/.well-known/acme-challenge/${token}`, { headers: { host } })
    return `${status} ${text}`
  }
  await storage.set('token:known', 'the answer')
  t.equal(await challenge('A.example.com:80', 'known'), '200 the answer')
  t.equal(await challenge('a.example.com', 'x'), '404 Not found\n')
  t.equal(await challenge('a.example.com', '..%2fcert:a.example.com'), '404 Not found\n')
  t.match(await challenge('other.example.com', 'known'), /^404 .*no Route matched/)
  t.equal((await ask(pebble.httpPort, '/.well-known/acme-challenge/known', { headers: { host: 'a.example.com' }, method: 'POST' })).status, 404)
  for (const name of readdirSync(join(folder, 'kept'))) t.equal(statSync(join(folder, 'kept', name)).mode & 0o077, 0, `${name} is for the gateway alone`)
  t.notOk(readdirSync(join(folder, 'kept')).includes('lock'), 'the lock was given back')
})

t.test('tls-alpn-01: the challenge is shown to who asks for it by ALPN, and to nobody else', { skip: noPebble }, async t => {
  const pebble = await authority(t)
  const storage = await openFileStorage(t.testdir())
  const orders = agentOf(t, storage, pebble, { challenge: 'tls-alpn-01' }, { settle: 200 })
  // another process: the authority comes to this one
  const other = agentOf(t, storage, pebble, { challenge: 'tls-alpn-01', orders_per_hour: 0 }, { settle: 200 })
  const { cert, key } = makeCertificate('default', { names: ['default'] })
  const store = new CertificateStore({ certificates: [{ id: '1', name: null, tags: [], pointer: '', cert, key, ocsp: null, files: {} }], snis: [], ca_certificates: [] }, [other.agent])
  const protocols: unknown[] = []
  const server = createServer({
    ...store.default,
    ...alpnOptions(() => store, ['http/1.1'])
  })
  server.on('secureConnection', socket => {
    protocols.push(socket.alpnProtocol)
    socket.end()
  })
  server.on('tlsClientError', () => {})
  server.listen(pebble.tlsPort, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  await other.agent.start()
  await orders.agent.start()
  await until('it was issued', () => orders.lines.some(({ message }) => message === 'a certificate was issued'))
  await until('the other process shows it', () => other.agent.certificateFor('a.example.com') !== null)
  t.ok(protocols.length > 0 && protocols.every(protocol => protocol === 'acme-tls/1'))
  t.equal(store.challengeFor('a.example.com'), null, 'the challenge is gone')
  const late = connect({ port: pebble.tlsPort, host: '127.0.0.1', servername: 'a.example.com', ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false })
  t.match((await once(late, 'error'))[0], { code: /NO_APPLICATION_PROTOCOL/ }, 'no handshake without a challenge')
  const usual = connect({ port: pebble.tlsPort, host: '127.0.0.1', servername: 'a.example.com', ALPNProtocols: ['h2', 'http/1.1'], ca: await pebble.root() })
  await once(usual, 'secureConnect')
  t.match(usual, { authorized: true, alpnProtocol: 'http/1.1' })
  usual.destroy()
  t.equal(other.lines.length, 0)
})

t.test('one order for many processes, and a renewal in time', { skip: noPebble || noRedis }, async t => {
  const pebble = await authority(t)
  const redis = await startRedis(t)
  const settings = { host: '127.0.0.1', port: redis.port, database: 0, timeout: 2000, ssl: false, ssl_verify: true }
  const gateway = await createGateway({
    file: join(t.testdir({
      'gateway.yaml': `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: ${pebble.httpPort} }], admin: "off" }
plugins:
- name: acme
  config: { account_email: ops@example.com, api_uri: "${pebble.directory}", tos_accepted: true, domains: [a.example.com], orders_per_hour: 1, storage: redis, redis: { host: 127.0.0.1, port: ${redis.port} } }
`
    }), 'gateway.yaml'),
    accessLog: '/dev/null',
    watch: false
  })
  t.teardown(() => gateway.close())
  await gateway.listen()
  let now = Date.now()
  const storages = await Promise.all([1, 2, 3].map(async () => await openRedisStorage(settings)))
  const agents = storages.map(storage => agentOf(t, storage, pebble, {}, { now: () => now }))
  for (const { agent } of agents) await agent.start()
  await until('all show it', () => agents.every(({ agent }) => agent.certificateFor('a.example.com') !== null))
  const issued = (): number => agents.flatMap(({ lines }) => lines).filter(({ message }) => message === 'a certificate was issued').length
  t.ok(issued() <= 1)
  const before = agents.map(({ agent }) => agent.certificateFor('a.example.com'))
  const orders = issued()
  now += 90 * 365 * DAY
  await until('it is renewed', () => issued() > orders)
  now = Date.now()
  await until('all show the new one', () => agents.every(({ agent }, index) => agent.certificateFor('a.example.com') !== before[index]))
  // one that began while all was due: the library would ask a server that is gone for minutes
  await until('no order is under way', async () => await storages[0]?.get('lock') === null)
})

t.test('a failed order is put off, for all processes; so many orders an hour', async t => {
  const folder = scratch(t)
  const storage = await openFileStorage(join(folder, 'shared'))
  let now = Date.now()
  const nowhere = await refusing(t)
  const first = agentOf(t, storage, nowhere, {}, { now: () => now })
  await first.agent.start()
  await until('it has failed', () => first.lines.length === 1)
  t.match(first.lines[0], { level: 'error', message: 'no certificate was issued', fields: { domain: 'a.example.com', failures: 1, next: new Date(now + 5 * 60_000).toISOString() } })
  const second = agentOf(t, storage, nowhere, {}, { now: () => now })
  await second.agent.start()
  now += 5 * 60_000 + 1
  await until('one of them tries again', () => first.lines.length + second.lines.length === 2)
  t.match([...first.lines.slice(1), ...second.lines][0], { fields: { failures: 2, next: new Date(now + 10 * 60_000).toISOString() } })
  const third = await openFileStorage(join(folder, 'third'))
  const bounded = agentOf(t, third, nowhere, { domains: ['a.example.com', 'b.example.com', 'c.example.com'], orders_per_hour: 2 }, { now: () => now })
  await bounded.agent.start()
  await until('two have failed', () => bounded.lines.length === 2)
  await until('the locks were given back', async () => await storage.get('lock') === null && await third.get('lock') === null)
})

t.test('what is kept and can\'t be used is ordered again', async t => {
  const folder = scratch(t)
  const storage = await openFileStorage(folder)
  writeFileSync(join(folder, encodeURIComponent('cert:a.example.com')), '{"cert":"x","key":"y"}')
  const { agent, lines } = agentOf(t, storage, await refusing(t))
  await agent.start()
  t.match(lines[0], { level: 'error', fields: { domain: 'a.example.com' }, message: /another one is ordered/ })
  t.equal(agent.certificateFor('a.example.com'), null)
  await until('it was tried', async () => await storage.get('failure:a.example.com') !== null && await storage.get('lock') === null)
})

t.test('a storage that is down keeps no gateway from starting, and is asked again', async t => {
  const kept = await openFileStorage(t.testdir())
  let down = true
  const storage: Storage = { ...kept, get: async key => down ? await Promise.reject(new Error('it is down')) : await kept.get(key) }
  const { agent, lines } = agentOf(t, storage, await refusing(t))
  await agent.start()
  t.match(lines[0], { level: 'warn', message: /storage of certificates can't be asked/, fields: { reason: 'it is down' } })
  down = false
  await until('it was tried', async () => await kept.get('failure:a.example.com') !== null && await kept.get('lock') === null)
})

t.test('an authority that says nothing ends its order before the lock lapses', async t => {
  const storage = await openFileStorage(t.testdir())
  const asked: ServerResponse[] = []
  const port = await upstream(t, (_request, response) => { asked.push(response) })
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { agent, lines } = agentOf(t, storage, { directory: `http://127.0.0.1:${port}/dir` })
  const seen = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise(resolve => { setImmediate(resolve) })
  }
  await agent.start()
  mock.timers.tick(0)
  await seen(() => asked.length === 1)
  mock.timers.tick(14 * 60_000 - 1)
  t.same(lines, [])
  mock.timers.tick(1)
  await seen(() => lines.length > 0)
  mock.timers.reset()
  t.match(lines, [{ level: 'error', message: 'no certificate was issued', fields: { reason: 'the order took too long' } }])
  await until('the lock was given back', async () => await storage.get('lock') === null)
  await until('nothing is asked any more', () => asked.every(response => response.destroyed))
})

t.test('an authority that is gone, or says nothing, isn\'t asked any more after the end', async t => {
  const held = (): string[] => process.getActiveResourcesInfo().filter(name => name === 'Timeout' || name === 'TCPSocketWrap')
  for (const answers of ['nothing', 'a reset', '503', 'pending']) {
    const storage = await openFileStorage(t.testdir())
    let asked = 0
    let left = 0
    const port = await upstream(t, (request, response) => {
      asked++
      request.socket.once('close', () => { left++ })
      const url = `http://127.0.0.1:${port}`
      if (answers === 'a reset') request.socket.resetAndDestroy()
      if (answers === '503') response.writeHead(503, { 'retry-after': '30' }).end()
      if (answers !== 'pending') return
      // an order that nobody ever looks at
      const authorization = { identifier: { type: 'dns', value: 'a.example.com' }, status: 'pending', challenges: [{ type: 'http-01', url: `${url}/x`, token: 'x', status: 'pending' }] }
      const order = { status: 'pending', authorizations: [`${url}/authorization`], finalize: `${url}/x` }
      const body = { '/dir': { newNonce: `${url}/x`, newAccount: `${url}/account`, newOrder: `${url}/order` }, '/order': order, '/authorization': authorization, '/x': { status: 'pending', url: `${url}/x` } }[request.url ?? ''] ?? { status: 'valid' }
      response.writeHead(request.url === '/order' || request.url === '/account' ? 201 : 200, { 'content-type': 'application/json', 'replay-nonce': 'n', location: `${url}${request.url ?? ''}`, connection: 'close' }).end(JSON.stringify(body))
    })
    const before = held().length
    const { agent, lines } = agentOf(t, storage, { directory: `http://127.0.0.1:${port}/dir` })
    await agent.start()
    await until(`it was asked (${answers})`, async () => answers === 'pending' ? await storage.get('token:x') !== null && asked > 8 : asked === 1)
    await agent.close()
    await until(`nothing is left of it (${answers})`, () => left === asked && held().length <= before)
    t.equal(await storage.get('lock'), null, `the lock was given back (${answers})`)
    t.equal(await storage.get('token:x'), null, `no challenge is left (${answers})`)
    t.equal(await storage.get('failure:a.example.com'), null, `who looks next may order at once (${answers})`)
    t.same(lines, [], answers)
  }
})

t.test('what an authority that is gone comes to is said as it is', async t => {
  const { agent, lines } = agentOf(t, await openFileStorage(scratch(t)), { directory: `http://127.0.0.1:${await freePort()}/dir` })
  const { setTimeout: wait } = globalThis
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  await agent.start()
  while (lines.length === 0) {
    mock.timers.tick(1_000)
    // a turn is too short for a connection that is refused: the whole order would be too late before
    await new Promise(resolve => { wait(resolve, 4) })
  }
  mock.timers.reset()
  t.match(lines, [{ level: 'error', message: 'no certificate was issued', fields: { reason: /ECONNREFUSED/ } }])
})

t.test('a lock of a process that died while it wrote it lapses by the time of its file', async t => {
  const folder = t.testdir({ lock: '{"own' })
  const storage = await openFileStorage(folder)
  t.equal(await storage.lock('lock', 60_000), null)
  const before = new Date(Date.now() - 61_000)
  utimesSync(join(folder, 'lock'), before, before)
  t.not(await storage.lock('lock', 60_000), null)
})

t.test('certificates are renewed before their end, short ones in the last third of their time', async t => {
  t.equal(renewalOf({ notBefore: 0, notAfter: 90 * DAY }, 14), 76 * DAY)
  t.equal(renewalOf({ notBefore: 0, notAfter: 6 * DAY }, 14), 4 * DAY)
})

const storages: Readonly<Record<string, (t: Test) => Promise<Storage>>> = {
  file: async t => await openFileStorage(join(t.testdir(), 'made')),
  redis: async t => {
    const { port } = await startRedis(t)
    const storage = await openRedisStorage({ host: '127.0.0.1', port, database: 0, timeout: 2000, ssl: false, ssl_verify: true })
    t.teardown(() => storage.close())
    return storage
  }
}

for (const [name, open] of Object.entries(storages)) {
  t.test(`storage: ${name}`, { skip: name === 'redis' && noRedis }, async t => {
    const storage = await open(t)
    t.equal(await storage.get('a'), null)
    await storage.set('a', 'one')
    await storage.set('a', 'two', 60_000)
    t.equal(await storage.get('a'), 'two')
    await storage.delete('a')
    await storage.delete('a')
    t.equal(await storage.get('a'), null)
    const locks = await Promise.all([1, 2, 3, 4].map(() => storage.lock('lock', 60_000)))
    t.equal(locks.filter(lock => lock !== null).length, 1)
    await locks.find(lock => lock !== null)?.()
    const short = await storage.lock('lock', 1)
    t.not(short, null)
    await until('it lapses', async () => {
      const next = await storage.lock('lock', 60_000)
      return next !== null
    })
    await short?.()
    t.equal(await storage.lock('lock', 60_000), null, 'who has lost the lock gives nobody else\'s back')
  })
}

t.test('the options are checked', async t => {
  const config = { account_email: 'a@b.c', domains: ['a.example.com'] }
  t.same(findings(plugin, { ...config, tos_accepted: true, folder: 'x' }), [])
  t.same(findings(plugin, { ...config, tos_accepted: true }), ['error /folder'])
  t.same(findings(plugin, { ...config, folder: 'x' }), ['error /tos_accepted'])
  t.same(findings(plugin, { ...config, folder: 'x', tos_accepted: true, eab_kid: 'x' }), ['error /eab_kid'])
  t.same(findings(plugin, { ...config, tos_accepted: true, storage: 'redis' }), ['error /storage'])
})
