/** Certificates of clients: who is believed, who is refused, and why. header-cert-auth has the same rules. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import mtlsAuth from '../../plugins/mtls-auth/index.ts'
import acl from '../../plugins/acl/index.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { type PluginTest, type TestContext, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { peerChain } from '../../src/tls/peer-chain.ts'
import { makeCertificate, makeCrl, type Identity, type MadeCertificate } from '../helpers/certificates.ts'
import { findings } from '../helpers/plugin-config.ts'
import { until } from '../helpers/running.ts'

const root = makeCertificate('Clients Root')
const intermediate = makeCertificate('Clients Intermediate', { issuer: root })
const stranger = makeCertificate('Clients Root')
const alice = makeCertificate('alice', { names: ['alice.example.com'], issuer: intermediate, usage: 'client' })
const direct = makeCertificate('direct', { names: ['bob'], issuer: root })

const authorities = [
  { name: 'root', cert: root.cert },
  { name: 'intermediate', cert: intermediate.cert }
]
const consumers = [
  { username: 'alice', custom_id: 'a-1' },
  { username: 'bob' },
  { username: '10.1.2.3' },
  { username: 'mailer', custom_id: 'bot@example.com' },
  { username: 'spiffe', custom_id: 'spiffe://example.com/x' },
  { username: 'fallback' },
  { username: 'guest' }
]

/** Puts a chain on the connection, as the handshake of a listener with TLS would have. */
const handshake = definePlugin({
  name: 'handshake',
  priority: 1_000_000,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['route'],
  register (scope) {
    scope.addHook('onRequest', function showChain (request, _reply, done) {
      const names = request.raw.headers['x-chain']
      if (names !== undefined) (request.raw.socket as unknown as Partial<TLSSocket>).getPeerX509Certificate = () => linked(String(names).split(',').map(name => shown.get(name) as string))
      done()
    })
  }
})

const shown = new Map<string, string>()

function show (...chain: Identity[]): string {
  return chain.map(({ cert }) => {
    const { fingerprint256 } = new X509Certificate(cert)
    shown.set(fingerprint256, cert)
    return fingerprint256
  }).join(',')
}

function linked (chain: readonly string[]): X509Certificate {
  const [first, ...rest] = chain
  const certificate = new X509Certificate(first as string)
  Object.defineProperty(certificate, 'issuerCertificate', { value: rest.length === 0 ? undefined : linked(rest) })
  return certificate
}

async function start (t: TestContext, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin: mtlsAuth, config: { ca_certificates: ['root'], ...config }, consumers, authorities, beside: [{ plugin: handshake }], now: Date.now(), ...options })
}

/** Status, and who the service was told that it is or what the caller was told. */
async function ask (test: PluginTest, ...chain: Identity[]): Promise<string> {
  const before = test.received.length
  const answer = await test.request({ headers: chain.length === 0 ? {} : { 'x-chain': show(...chain) } })
  if (answer.status !== 200) return `${answer.status} ${(answer.json() as { message: string }).message}`
  const { headers } = test.received[before] as PluginTest['received'][number]
  return `200 ${String(headers['x-consumer-username'] ?? headers['x-client-cert-dn'])}`
}

const NONE = '401 No required TLS certificate was sent'
const BAD = '401 TLS certificate failed verification'

t.test('a certificate that an authority vouches for is its consumer', async t => {
  const test = await start(t)
  t.equal(await ask(test), NONE)
  t.equal(await ask(test, alice, intermediate), '200 alice')
  t.match(test.received[0]?.headers, { 'x-consumer-custom-id': 'a-1', 'x-credential-identifier': 'alice' })
  t.equal(await ask(test, alice), '200 alice', 'a resumed session has lost the intermediate')
  t.equal(await ask(test, direct), '200 bob')
  t.equal(await ask(test, direct, stranger, alice), '200 bob', 'what else it sends doesn\'t matter')
})

const bad: Readonly<Record<string, readonly Identity[]>> = {
  'an authority of the same name with another key': [makeCertificate('alice', { names: ['alice'], issuer: stranger })],
  'an intermediate that isn\'t sent': [makeCertificate('alice', { names: ['alice'], issuer: intermediate })],
  'its own authority': [makeCertificate('alice', { names: ['alice'] })],
  'another authority that it brings along': [makeCertificate('alice', { names: ['alice'], issuer: stranger }), stranger],
  'an end': [makeCertificate('alice', { names: ['alice'], issuer: root, notAfter: new Date(Date.now() - 1000) })],
  'a beginning to come': [makeCertificate('alice', { names: ['alice'], issuer: root, notBefore: new Date(Date.now() + 600_000) })],
  'the use of servers': [makeCertificate('alice', { names: ['alice'], issuer: root, usage: 'server' })],
  'a signer that is no authority': [makeCertificate('alice', { names: ['alice'], issuer: direct }), direct],
  'a short key': [makeCertificate('alice', { names: ['alice'], issuer: root, bits: 1024 })],
  'a signature with SHA-1': [makeCertificate('alice', { names: ['alice'], issuer: root, hash: 'sha1' })],
  'too many others': [alice, ...Array.from({ length: 11 }, (_, nth) => makeCertificate(`other ${nth}`))]
}

t.test('refused, with one sentence for all reasons', async t => {
  const test = await start(t)
  for (const [reason, chain] of Object.entries(bad)) t.equal(await ask(test, ...chain), BAD, reason)
  t.equal(test.received.length, 0)
})

t.test('an intermediate authority is trusted by itself only when told', async t => {
  const strict = await start(t, { ca_certificates: ['intermediate'] })
  t.equal(await ask(strict, alice), BAD)
  const partial = await start(t, { ca_certificates: ['intermediate'], allow_partial_chain: true })
  t.equal(await ask(partial, alice), '200 alice')
  t.equal(await ask(partial, direct), BAD)
  const both = await start(t, { ca_certificates: ['root', 'intermediate'] })
  t.equal(await ask(both, alice), '200 alice', 'the file has what the client doesn\'t send')
})

t.test('a path may be no longer than its authorities say', async t => {
  // OpenSSL: basicConstraints CA:TRUE, pathlen 0
  const short = makeCertificate('Short', { issuer: root, pathLength: 0 })
  const below = makeCertificate('Below', { issuer: short })
  const test = await start(t)
  t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: short }), short), '200 alice')
  t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: below }), below, short), BAD)
})

t.test('what isn\'t understood is refused: name constraints, unknown critical extensions', async t => {
  const test = await start(t)
  const constrained = makeCertificate('Constrained', { issuer: root, extension: { id: '551d1e', critical: false, value: Buffer.from('3000', 'hex') } })
  t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: constrained }), constrained), BAD)
  const odd = { id: '2a0304', value: Buffer.from('0500', 'hex') }
  t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: root, extension: { ...odd, critical: true } })), BAD)
  t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: root, extension: { ...odd, critical: false } })), '200 alice')
})

t.test('what can\'t be read is refused like all else', async t => {
  const test = await start(t)
  for (const id of ['551d0f', '551d13', '551d25']) {
    const broken = { id, critical: false, value: Buffer.from('30ff', 'hex') }
    t.equal(await ask(test, makeCertificate('x', { names: ['alice'], issuer: root, extension: broken })), BAD, id)
  }
})

t.test('names are looked for in their order, in the fields that were asked for', async t => {
  const test = await start(t)
  const by = (options: Parameters<typeof makeCertificate>[1], name = 'x'): MadeCertificate => makeCertificate(name, { issuer: root, ...options })
  t.equal(await ask(test, by({ names: ['nobody', 'alice', 'bob'] })), '200 alice')
  t.equal(await ask(test, by({ names: ['a-1'] })), '200 alice')
  t.equal(await ask(test, by({ otherNames: [[7, Buffer.from([10, 1, 2, 3])]] })), '200 10.1.2.3')
  t.equal(await ask(test, by({ otherNames: [[1, 'bot@example.com']] })), '200 mailer')
  t.equal(await ask(test, by({ otherNames: [[6, 'spiffe://example.com/x']] })), '200 spiffe')
  t.equal(await ask(test, by({ names: ['bob'] }, 'alice')), '200 bob', 'alternative names before the common name')
  t.equal(await ask(test, by({ names: ['nobody', 'alice\0'] }, 'nobody')), '401 Unauthorized')
  const ids = await start(t, { consumer_by: ['custom_id'], default_consumer: 'fallback' })
  t.equal(await ask(ids, by({ names: ['alice'] })), '200 fallback')
  t.equal(ids.received[0]?.headers['x-credential-identifier'], undefined)
  t.equal(await ask(ids, makeCertificate('x', { names: ['a-1'], issuer: stranger })), BAD, 'the default is no way around verification')
})

t.test('without consumers, groups are the names of the certificate', async t => {
  const group = (allow: string, by: string): Promise<PluginTest> => start(t, { skip_consumer_lookup: true, authenticated_group_by: by }, {
    beside: [{ plugin: handshake }, { plugin: acl, config: { allow: [allow], always_use_authenticated_groups: true } }]
  })
  t.equal(await ask(await group('alice', 'CN'), alice, intermediate), '200 CN=alice')
  t.equal(await ask(await group('CN=alice', 'DN'), alice, intermediate), '200 CN=alice')
  t.equal(await ask(await group('bob', 'CN'), alice, intermediate), '403 You cannot consume this service')
  const plain = await start(t, { skip_consumer_lookup: true })
  t.equal(await ask(plain, makeCertificate('Smith, John+x', { names: ['j.example.com', 'k'], issuer: root })), '200 CN=Smith\\, John\\+x')
  t.equal(plain.received[0]?.headers['x-client-cert-san'], 'j.example.com, k')
  await plain.request({ headers: { 'x-client-cert-dn': 'CN=forged' } })
  t.equal(plain.received.length, 1)
})

t.test('anonymous callers have no certificate, or a bad one', async t => {
  const test = await start(t, { anonymous: 'guest' })
  t.equal(await ask(test), '200 guest')
  t.equal(await ask(test, ...bad['an end'] as Identity[]), '200 guest')
  t.equal(await ask(test, alice, intermediate), '200 alice')
})

t.test('lists of revoked certificates', async t => {
  const carol = makeCertificate('alice', { names: ['alice'], issuer: intermediate })
  const all = (first: readonly MadeCertificate[], second: readonly MadeCertificate[] = [], options: Parameters<typeof makeCrl>[2] = {}): string =>
    makeCrl(intermediate, first.map(({ serial }) => serial), options).pem + makeCrl(root, second.map(({ serial }) => serial)).pem
  const old = { nextUpdate: new Date(Date.now() - 1000) }
  const folder = t.testdir({
    good: all([carol]),
    'no-root': makeCrl(intermediate, []).pem,
    old: all([carol], [], old),
    authority: all([], [intermediate]),
    forged: makeCrl({ ...stranger, name: 'Clients Intermediate' }, [carol.serial]).pem + all([]),
    open: all([], [], { nextUpdate: null }),
    changing: all([])
  })
  const ways: ReadonlyArray<readonly [file: string, mode: string | undefined, alice: string, carol: string]> = [
    ['good', undefined, '200 alice', BAD],
    ['no-root', undefined, BAD, BAD],
    ['no-root', 'IGNORE_CA_ERROR', '200 alice', '200 alice'],
    ['old', 'STRICT', BAD, BAD],
    ['old', 'IGNORE_CA_ERROR', '200 alice', BAD],
    ['authority', 'IGNORE_CA_ERROR', BAD, BAD],
    ['forged', undefined, '200 alice', '200 alice'],
    ['open', undefined, BAD, BAD],
    ['good', 'SKIP', '200 alice', '200 alice']
  ]
  for (const [file, mode, first, second] of ways) {
    const test = await start(t, { crl_file: join(folder, file), ...mode === undefined ? {} : { revocation_check_mode: mode } })
    t.equal(await ask(test, alice, intermediate), first, `${file} ${mode}: alice`)
    t.equal(await ask(test, carol, intermediate), second, `${file} ${mode}: carol`)
  }
  const changing = await start(t, { crl_file: join(folder, 'changing') })
  t.equal(await ask(changing, carol, intermediate), '200 alice')
  writeFileSync(join(folder, 'changing'), all([carol]))
  await until('the new list counts', async () => await ask(changing, carol) === BAD)
})

t.test('a list that can\'t be used stops the start', async t => {
  const delta = { id: '551d1b', critical: true, value: Buffer.from('020101', 'hex') }
  const folder = t.testdir({ text: 'hello', broken: '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n', der: makeCrl(root, []).der, delta: makeCrl(root, [], { extension: delta }).pem })
  for (const [file, reason] of [['none', /can't be read \(ENOENT\)/], ['text', /no list of revoked certificates/], ['broken', /a list can't be read/], ['delta', /for a part of the certificates only/]] as const) {
    await t.rejects(start(t, { crl_file: join(folder, file) }), { message: reason })
  }
  t.equal(await ask(await start(t, { crl_file: join(folder, 'der') }), direct), '200 bob')
})

t.test('the options are checked', async t => {
  const ca = { ca_certificates: ['root'] }
  const folder = t.testdir({ good: makeCrl(root, []).pem, text: 'hello' })
  t.same(findings(mtlsAuth, { ...ca, crl_file: 'good' }, folder), [])
  for (const file of ['none', 'text', '.']) t.same(findings(mtlsAuth, { ...ca, crl_file: file }, folder), ['error /crl_file'], file)
  t.same(findings(mtlsAuth, { ...ca, revocation_check_mode: 'STRICT' }), ['error /revocation_check_mode'])
  t.same(findings(mtlsAuth, { ...ca, revocation_check_mode: 'SKIP', crl_file: 'x' }), ['warning /crl_file'])
  t.same(findings(mtlsAuth, { ...ca, skip_consumer_lookup: true, default_consumer: 'x' }), ['error /default_consumer'])
  await t.rejects(start(t, { ca_certificates: ['rot'] }), { message: /no such entry in 'ca_certificates'.*Did you mean 'root'/ })
})

t.test('the chain of a real handshake, and none of a plain connection', async t => {
  const server = createServer({ ...makeCertificate('server', { names: ['localhost'] }), requestCert: true, rejectUnauthorized: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  for (const [chain, expected] of [[[alice, intermediate], ['CN=alice', 'CN=Clients Intermediate']], [[], null]] as const) {
    const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false, ...chain.length === 0 ? {} : { key: alice.key, cert: chain.map(({ cert }) => cert).join('') } })
    const [socket] = await once(server, 'secureConnection') as [TLSSocket]
    // Node itself has lost the intermediates at the second look
    for (const look of ['first', 'second']) t.same(peerChain(socket)?.certificates.map(({ subject }) => subject) ?? null, expected, look)
    client.destroy()
  }
  t.equal(peerChain({}), null)
})
