import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { makeCertificate, makeOcsp } from '../helpers/certificates.ts'
import { route } from '../helpers/config.ts'
import { get, settled } from '../helpers/hop.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { ask, RawClient, rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/running.ts'
import { authority, certificatesOf, gatewayCertificate, recordingUpstream, startTls, tlsClient, tlsConfig, tlsConnect } from '../helpers/tls.ts'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import { TlsDoor } from '../../src/gateway/listener/tls-door.ts'
import { newTicketSeed, TicketKeys } from '../../src/tls/ticket-keys.ts'
import { tlsProfile } from '../../src/tls/profile.ts'

/** Error code of a handshake that must not succeed. */
async function refused (t: Test, port: number, options: ConnectionOptions): Promise<string> {
  try {
    const socket = await tlsConnect(t, port, options)
    // with TLS 1.3 a client is done before the server has looked at its certificate
    socket.resume()
    const [error] = await once(socket, 'error') as [NodeJS.ErrnoException]
    return error.code ?? ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ''
  }
}

t.test('a request over TLS reaches the upstream, which is told of it', async t => {
  const upstream = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(upstream.port))
  const client = await tlsClient(t, port)
  client.send(get('/a?b=c'))
  const answer = await client.answer()
  t.equal(statusOf(answer), 200)
  const [request] = upstream.requests
  t.equal(request?.headers['x-forwarded-proto'], 'https')
  t.equal(request?.headers['x-forwarded-port'], String(port))
  t.equal(request?.headers['x-forwarded-host'], 'gateway.test')
  client.send(get('/again'))
  await client.answer(2)
  t.equal(server.facts().connections, 1, 'the connection is kept')
  await settled(server)
})

t.test('plain HTTP to a TLS listener is told so', async t => {
  const upstream = await recordingUpstream(t)
  const refusals: string[] = []
  const { port } = await startTls(t, tlsConfig(upstream.port), [], { onMalformed: ({ code }) => refusals.push(code) })
  const { answer, client } = await ask(t, port, get())
  t.equal(statusOf(answer), 400)
  t.match(client.text, /The plain HTTP request was sent to HTTPS port/)
  t.equal(value(answer, 'connection'), 'close')
  await client.end()
  t.same(refusals, ['SP_PLAIN_HTTP'])
  t.same(upstream.requests, [])
})

t.test('handshakes that fail cost their connection and nothing else', async t => {
  const upstream = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(upstream.port))
  const garbage = ['\x16\x03\x01\x00\x05hello', '\x16\x03\x01\xff\xff' + 'x'.repeat(2_000), '\x80\x2e\x01\x00\x02', '\x00', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']
  for (const bytes of garbage) {
    const client = await rawClient(t, port)
    client.send(bytes)
    client.socket.end()
    await client.end()
  }
  const reset = await rawClient(t, port)
  reset.send('\x16\x03')
  reset.socket.resetAndDestroy()
  t.equal(await refused(t, port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  // OpenSSL 3.5 has another name for the alert
  t.match(await refused(t, port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }), /ALERT_HANDSHAKE_FAILURE$/)
  t.equal(await refused(t, port, { ALPNProtocols: ['spdy/1'] }), 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
  const client = await tlsClient(t, port)
  t.equal(statusOf(await client.send(get()).answer()), 200, 'the next client is served')
  await settled(server)
})

t.test('a handshake has its time: with nothing said, and with half of it said', async t => {
  const upstream = await recordingUpstream(t)
  const file = tlsConfig(upstream.port)
  const { server, port } = await startTls(t, { ...file, gateway: { ...file.gateway, timeouts: { ...file.gateway.timeouts, headers: 200 } } })
  const silent = await rawClient(t, port)
  const slow = await rawClient(t, port)
  slow.send('\x16\x03\x01')
  await silent.end()
  await slow.end()
  t.equal(silent.bytes.length + slow.bytes.length, 0)
  t.equal(server.facts().connections, 0)
})

t.test('a client whose port comes again before its end is known has its time as well', async t => {
  const door = new TlsDoor({ ...listenDefaults, host: '127.0.0.1', port: 0, tls: true }, { certificates: () => { throw new Error('nobody says anything') }, ticketKeys: {} as never, timeout: () => 20, secured () {}, refusePlain () {}, log: {} as never })
  const client = (): Socket => Object.defineProperties(new Socket(), { remoteAddress: { value: '192.0.2.1' }, remotePort: { value: 5000 }, localAddress: { value: '192.0.2.2' } })
  const [first, second] = [client(), client()]
  door.greet(first)
  door.greet(second)
  first.destroy()
  await once(first, 'close')
  t.equal(second.destroyed, false)
  await once(second, 'close')
})

t.test('only what the listener says is spoken', async t => {
  const upstream = await recordingUpstream(t)
  const newest = await startTls(t, tlsConfig(upstream.port, { min_version: 'TLSv1.3' }))
  t.equal(await refused(t, newest.port, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  t.equal((await tlsConnect(t, newest.port)).getProtocol(), 'TLSv1.3')
  const one = await startTls(t, tlsConfig(upstream.port, { ciphers: ['ECDHE-ECDSA-CHACHA20-POLY1305'] }))
  const socket = await tlsConnect(t, one.port)
  t.equal(socket.getProtocol(), 'TLSv1.2', 'no suite of 1.3 is left')
  t.equal(socket.getCipher().standardName, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256')
})

t.test('clients can\'t renegotiate', async t => {
  const upstream = await recordingUpstream(t)
  const { port } = await startTls(t, tlsConfig(upstream.port))
  const socket = await tlsConnect(t, port, { maxVersion: 'TLSv1.2' })
  const error = await new Promise<Error | null>(resolve => {
    socket.renegotiate({}, resolve)
    socket.on('error', resolve)
  })
  t.match(error, { code: 'ERR_SSL_NO_RENEGOTIATION' })
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`${version}: a session is resumed, in another process and by another configuration, too; not for ever`, async t => {
    const upstream = await recordingUpstream(t)
    const now = Date.now()
    const seed = newTicketSeed(now)
    const file = tlsConfig(upstream.port)
    const one = await startTls(t, file, [], { ticketKeys: new TicketKeys(seed) })
    const other = await startTls(t, file, [], { ticketKeys: new TicketKeys(seed) })
    const stranger = await startTls(t, file)

    const session = async (port: number, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket, session: Buffer }> => {
      const socket = await tlsConnect(t, port, { minVersion: version, maxVersion: version, ...options })
      let last: Buffer | undefined
      socket.on('session', bytes => { last = bytes })
      const client = new RawClient(socket)
      await client.send(get()).answer()
      return { socket, session: last ?? socket.getSession() as Buffer }
    }
    const first = await session(one.port)
    t.equal(first.socket.isSessionReused(), false)
    t.equal((await session(one.port, { session: first.session })).socket.isSessionReused(), true)
    t.equal((await session(other.port, { session: first.session })).socket.isSessionReused(), true)
    t.equal((await session(stranger.port, { session: first.session })).socket.isSessionReused(), false)

    ;(await one.server.prepare(file, new Map())).commit()
    t.equal((await session(one.port, { session: first.session })).socket.isSessionReused(), true, 'after a reload')
  })
}

t.test('a reload shows another certificate to who comes next; who is there stays', async t => {
  const upstream = await recordingUpstream(t)
  const next = makeCertificate('gateway.test', { names: ['gateway.test'], issuer: authority })
  const { server, port } = await startTls(t, tlsConfig(upstream.port))
  const serial = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber
  const client = await tlsClient(t, port)
  await client.send(get()).answer()
  const before = serial(client.socket as TLSSocket)
  ;(await server.prepare(tlsConfig(upstream.port, {}, certificatesOf(next)), new Map())).commit()
  t.not(serial(await tlsConnect(t, port)), before)
  t.not(serial(await tlsConnect(t, port, { servername: '', checkServerIdentity: () => undefined })), before, 'for a client that names nobody, too')
  t.equal(statusOf(await client.send(get()).answer(2)), 200)
  await settled(server)
})

t.test('a stapled OCSP response goes to clients that ask for it', async t => {
  const upstream = await recordingUpstream(t)
  const response = makeOcsp(authority, [gatewayCertificate.serial])
  const { port } = await startTls(t, tlsConfig(upstream.port, {}, certificatesOf(gatewayCertificate, [], response.toString('base64'))))
  for (const servername of ['gateway.test', '']) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { requestOCSP: true, host: '127.0.0.1', port, servername, maxVersion, ca: authority.cert, checkServerIdentity: () => undefined }
      const socket = connectTls(options)
      const [stapled] = await once(socket, 'OCSPResponse') as [Buffer]
      t.same(stapled, response, `${servername} ${maxVersion}`)
      socket.destroy()
    }
  }
})

t.test('client certificates: none asked for, asked for, required', async t => {
  const upstream = await recordingUpstream(t)
  const trusted = makeCertificate('a client', { names: ['client.test'], issuer: authority })
  const own = makeCertificate('nobody knows me', { names: ['client.test'] })
  const start = async (mode: 'none' | 'request' | 'require') => await startTls(t, tlsConfig(upstream.port, { client_certificate: mode }, certificatesOf(gatewayCertificate, [authority])))
  for (const [mode, none, stranger, known] of [['none', 200, 200, 200], ['request', 200, 200, 200], ['require', 0, 0, 200]] as const) {
    const { port } = await start(mode)
    for (const [name, identity, expected] of [['none', {}, none], ['stranger', own, stranger], ['known', trusted, known]] as const) {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { cert, key } = identity as { cert?: string, key?: string }
        let status = 0
        try {
          const client = await tlsClient(t, port, { maxVersion, ...cert === undefined ? {} : { cert, key } })
          client.send(get())
          await client.until(() => client.closed !== null || client.answers[0]?.complete === true)
          status = client.answers[0] === undefined ? 0 : statusOf(client.answers[0])
        } catch {}
        t.equal(status, expected, `${mode}, ${name}, ${maxVersion}`)
      }
    }
  }
})

t.test('who had to show a certificate shows it again: no session of his is resumed', async t => {
  const upstream = await recordingUpstream(t)
  const known = makeCertificate('a client', { names: ['client.test'], issuer: authority })
  const { port } = await startTls(t, tlsConfig(upstream.port, { client_certificate: 'request' }, certificatesOf(gatewayCertificate, [authority])))
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = []
    const client = await tlsClient(t, port, { maxVersion, ...known })
    client.socket.on('session', session => sessions.push(session))
    await client.send(get()).answer()
    const session = sessions.at(-1) ?? (client.socket as TLSSocket).getSession()
    const again = await tlsConnect(t, port, { maxVersion, ...known, ...session === undefined ? {} : { session } })
    t.equal(again.isSessionReused(), false, maxVersion)
  }
})

t.test('a drain ends idle connections, lets requests end, and takes no more', async t => {
  const upstream = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(upstream.port))
  const idle = await tlsClient(t, port)
  const shaking = await rawClient(t, port)
  const busy = await tlsClient(t, port)
  busy.send(get('/held'))
  await until('the request is up', () => upstream.held.length > 0)
  const drained = server.drain()
  await idle.end()
  await shaking.end()
  await t.rejects(new Promise((resolve, reject) => connect(port, '127.0.0.1').on('connect', resolve).on('error', reject)))
  upstream.release()
  const answer = await busy.answer()
  t.equal(statusOf(answer), 200)
  t.equal(value(answer, 'connection'), 'close')
  await drained
})

t.test('a route\'s snis are those of the handshake; plain http passes; https is a scheme that trusted proxies may name', async t => {
  const upstream = await recordingUpstream(t)
  const routes = [route({ id: 'a', snis: ['gateway.test'], paths: ['/'] }), route({ id: 'b', snis: ['*.other.test'], paths: ['/'] })]
  const { port } = await startTls(t, tlsConfig(upstream.port, {}, { routes }))
  const lenient = { checkServerIdentity: () => undefined }
  for (const [servername, expected] of [['gateway.test', 200], ['GATEWAY.test', 200], ['a.other.test', 200], ['nobody.test', 404], ['', 404]] as const) {
    const client = await tlsClient(t, port, { servername, ...lenient })
    t.equal(statusOf(await client.send(get()).answer()), expected, servername)
  }
  const plain = await startTls(t, tlsConfig(upstream.port, { tls: false }, { routes }))
  t.equal(statusOf((await ask(t, plain.port, get())).answer), 200)
})

t.test('a route for https only sends plain http away', async t => {
  const upstream = await recordingUpstream(t)
  const only = (status: 426 | 301 | 308) => ({ routes: [route({ protocols: ['https'], https_redirect_status_code: status })] })
  const secure = await startTls(t, tlsConfig(upstream.port, {}, only(426)))
  const client = await tlsClient(t, secure.port)
  t.equal(statusOf(await client.send(get()).answer()), 200)

  const plain = await startTls(t, tlsConfig(upstream.port, { tls: false }, only(426)))
  const refusal = (await ask(t, plain.port, get())).answer
  t.equal(statusOf(refusal), 426)
  t.match([value(refusal, 'connection'), value(refusal, 'upgrade')], ['Upgrade', 'TLS/1.2, HTTP/1.1'])
  t.match(refusal.body.toString(), /Please use HTTPS protocol/)

  const moved = await startTls(t, tlsConfig(upstream.port, { tls: false }, only(308)))
  const redirect = (await ask(t, moved.port, get('/a//b?c=%2f').replace('gateway.test', 'gateway.test:8000'))).answer
  t.equal(statusOf(redirect), 308)
  t.equal(value(redirect, 'location'), 'https://gateway.test/a//b?c=%2f')

  const trusting = await startTls(t, tlsConfig(upstream.port, { tls: false }, only(301), { trusted_ips: ['127.0.0.1'] }))
  const forwarded = (await ask(t, trusting.port, 'GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n\r\n')).answer
  t.equal(statusOf(forwarded), 200)
  t.equal(upstream.requests.at(-1)?.headers['x-forwarded-port'], '443')
  t.equal(upstream.requests.at(-1)?.headers['x-forwarded-proto'], 'https')
})

t.test('a listener whose options differ makes another context; ticket keys go forward only', t => {
  const seed = newTicketSeed(0)
  const keys = new TicketKeys(seed)
  const first = keys.at(0)
  t.equal(keys.at(1), first, 'the same object while it is in force')
  const later = keys.at(7 * 3_600_000)
  t.notOk(later.equals(first))
  t.ok(keys.at(0).equals(later), 'a clock that was set back changes nothing')
  t.ok(new TicketKeys(keys.seed(7 * 3_600_000)).at(8 * 3_600_000).equals(later))
  t.ok(new TicketKeys(seed).at(8 * 3_600_000).equals(later), 'who has started earlier gets there, too')
  t.equal(later.length, 48)
  const base = tlsConfig(1).gateway.listen[0]
  if (base === undefined) throw new Error('no listener')
  t.not(tlsProfile(base, []).sessionIdContext, tlsProfile({ ...base, client_certificate: 'require' }, []).sessionIdContext)
  t.end()
})
