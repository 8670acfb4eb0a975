/** TLS as it runs: real processes, real listeners. */
import { once } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { makeCertificate, type Identity } from '../helpers/certificates.ts'
import { noPebble, startPebble } from '../helpers/pebble.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { startProcess, until, upstream, type Running } from '../helpers/running.ts'

const authority = makeCertificate('an authority')
const server = makeCertificate('gateway.test', { names: ['gateway.test'], issuer: authority })
const alice = makeCertificate('alice', { names: ['alice'], issuer: authority, usage: 'client' })
const unknown = makeCertificate('nobody', { names: ['nobody'], issuer: authority, usage: 'client' })
const stranger = makeCertificate('alice', { names: ['alice'] })

async function start (t: Test, port: number): Promise<Running> {
  const folder = t.testdir({ 'server.pem': server.cert, 'server.key': server.key, 'root.pem': authority.cert })
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, `_format_version: "3.0"
gateway: { workers: 2, listen: [{ host: 127.0.0.1, port: 0, tls: true, http2: true, client_certificate: request }, { host: 127.0.0.1, port: 0, tls: true, http2: true }], admin: { host: 127.0.0.1, port: 0 }, shutdown: { delay: 0, timeout: 1000 } }
certificates: [{ cert_file: server.pem, key_file: server.key }]
ca_certificates: [{ name: root, cert_file: root.pem }]
services: [{ name: up, url: "http://127.0.0.1:${port}", routes: [{ name: all, paths: [/], plugins: [{ name: mtls-auth, config: { ca_certificates: [root] } }] }, { name: open, paths: [/open] }] }]
consumers: [{ username: alice }]
`)
  return await startProcess(t, file)
}

async function secure (t: Test, port: number, identity: Identity | null, options: ConnectionOptions = {}, ticket: (session: Buffer) => void = () => {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'gateway.test', ca: authority.cert, ...identity === null ? {} : { cert: identity.cert, key: identity.key }, ...options })
  t.teardown(() => socket.destroy())
  socket.on('session', ticket)
  await once(socket, 'secureConnect')
  return socket
}

async function overHttp2 (t: Test, port: number, identity: Identity | null): Promise<{ client: ClientHttp2Session, ask (): Promise<string> }> {
  const socket = await secure(t, port, identity, { ALPNProtocols: ['h2'] })
  const client = connectHttp2('https://gateway.test', { createConnection: () => socket })
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  return {
    client,
    async ask () {
      const stream = client.request({ ':path': '/' })
      let text = ''
      let status = 0
      stream.on('response', fields => { status = Number(fields[':status']) })
      stream.setEncoding('utf8').on('data', chunk => { text += String(chunk) })
      await once(stream, 'close')
      return `${status} ${text}`
    }
  }
}

const request = 'GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n'

const port = await upstream(t, ({ headers }, response) => { response.end(String(headers['x-consumer-username'])) })
const gateway = await start(t, port)

t.test('workers know clients by their certificates, over both versions of HTTP and of TLS', async t => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [name, identity, expected] of [['alice', alice, '200 alice'], ['one without a consumer', unknown, '401'], ['one that nobody vouches for', stranger, '401'], ['none', null, '401']] as const) {
      let session: Buffer | undefined
      for (let index = 0; index < 4; index++) {
        const socket = await secure(t, gateway.port, identity, { maxVersion, ...session === undefined ? {} : { session } }, made => { session = made })
        const { line, body } = await new RawClient(socket).send(request).answer()
        t.equal(`${line.split(' ')[1]}${line.includes(' 200 ') ? ` ${body.toString()}` : ''}`, expected, `${name}, ${maxVersion}`)
        t.notOk(socket.isSessionReused(), 'who is asked for a certificate shows it each time')
        socket.destroy()
      }
    }
  }
  for (const [identity, expected] of [[alice, '200 alice'], [unknown, /^401 /], [null, /^401 /]] as const) {
    const { ask } = await overHttp2(t, gateway.port, identity)
    for (const answer of await Promise.all(Array.from({ length: 5 }, ask))) t.match(answer, expected)
  }
})

t.test('sessions are resumed by whichever worker a client meets', async t => {
  const open = gateway.log.map(({ msg }) => Number(/listening on https.*:(\d+)/.exec(msg)?.[1])).filter(found => found > 0)[1] as number
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    let session: Buffer | undefined
    for (let index = 0; index < 8; index++) {
      const socket = await secure(t, open, null, { maxVersion, ...session === undefined ? {} : { session } }, made => { session = made })
      const client = new RawClient(socket)
      t.match((await client.send(request.replace('/', '/open')).answer()).line, / 200 /)
      t.equal(socket.isSessionReused(), index > 0, `${maxVersion} ${index}`)
      await until('a ticket', () => session !== undefined)
      socket.destroy()
    }
  }
  await until('both had connections', async () => {
    const { processes } = await gateway.status()
    return processes.length === 2 && processes.every(one => one.requests.total > 0)
  })
})

t.test('a reload with workers: HTTP/2 connections go on, new ones get the new certificate', async t => {
  const kept = await Promise.all([1, 2, 3, 4].map(async () => await overHttp2(t, gateway.port, alice)))
  for (const { ask } of kept) t.equal(await ask(), '200 alice')
  const renewed = makeCertificate('gateway.test', { names: ['gateway.test'], issuer: authority })
  writeFileSync(join(gateway.file, '../server.pem'), renewed.cert)
  writeFileSync(join(gateway.file, '../server.key'), renewed.key, { mode: 0o600 })
  await gateway.logged(/configuration reloaded/)
  for (const { ask, client } of kept) {
    t.equal(await ask(), '200 alice')
    t.notOk(client.closed)
  }
  for (let index = 0; index < 4; index++) {
    const socket = await secure(t, gateway.port, alice)
    t.equal(BigInt(`0x${socket.getPeerCertificate().serialNumber}`), BigInt(`0x${renewed.serial.toString('hex')}`))
    socket.destroy()
  }
  gateway.child.kill('SIGTERM')
  t.same(await gateway.ended, { code: 0, signal: null }, 'and all ends in order')
})

t.test('acme with workers and a whole listener with TLS: the authority sees the challenge whichever it meets, and the certificate is shown', { skip: noPebble }, async t => {
  const pebble = await startPebble(t)
  pebble.dns.set('a.example.com', { type: 'A', address: '127.0.0.1' })
  const folder = join(t.testdir({ gateway: { 'server.pem': server.cert, 'server.key': server.key, 'pebble.pem': pebble.ca } }), 'gateway')
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, `_format_version: "3.0"
gateway: { workers: 2, listen: [{ host: 127.0.0.1, port: ${pebble.tlsPort}, tls: true, http2: true }], admin: { host: 127.0.0.1, port: 0 }, shutdown: { delay: 0, timeout: 1000 } }
certificates: [{ cert_file: server.pem, key_file: server.key }]
plugins:
- name: acme
  config: { account_email: ops@example.com, api_uri: "${pebble.directory}", tos_accepted: true, domains: [a.example.com], challenge: tls-alpn-01, folder: kept }
`)
  const gateway = await startProcess(t, file, { NODE_EXTRA_CA_CERTS: join(folder, 'pebble.pem') })
  await gateway.logged(/a certificate was issued/)
  const ca = await pebble.root()
  const shown = async (): Promise<boolean> => {
    const socket = connect({ port: pebble.tlsPort, host: '127.0.0.1', servername: 'a.example.com', ca, ALPNProtocols: ['h2'] })
    socket.on('error', () => {})
    return await new Promise(resolve => {
      socket.once('secureConnect', () => { resolve(socket.alpnProtocol === 'h2') }).once('close', () => { resolve(false) })
    }).finally(() => socket.destroy()) as boolean
  }
  await until('a worker shows it', shown)
  t.equal(gateway.log.filter(({ msg }) => msg === 'a certificate was issued').length, 1, 'one order for both')
  t.notOk(gateway.log.some(({ level }) => level === 'error'))
})
