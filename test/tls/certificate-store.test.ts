import { connect, createServer, type SecureContext } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Certificate, Sni } from '../../src/config/model.ts'
import { CertificateStore } from '../../src/tls/certificate-store.ts'
import { makeCertificate, makeOcsp } from '../helpers/certificates.ts'

function certificate (id: string, more: Partial<Certificate> = {}): Certificate {
  const { cert, key } = makeCertificate(id, { names: [id] })
  return { id, name: id, tags: [], pointer: '', cert, key, ocsp: null, files: {}, ...more }
}

const sni = (name: string, certificate: string): Sni => ({ id: name, tags: [], pointer: '', name, certificate })

/** Names of the certificates that clients get, by what they ask for. */
async function shownBy (t: { teardown (clean: () => void): void }, contextFor: (servername: string) => SecureContext, names: readonly string[]): Promise<string[]> {
  const server = createServer({ SNICallback: (servername, done) => done(null, contextFor(servername)) })
  server.on('secureConnection', socket => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  return await Promise.all(names.map(async servername => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return String(CN)
  }))
}

t.test('the exact name, the longest wildcard, the default: case and the last dot mean nothing', async t => {
  const store = new CertificateStore({
    certificates: ['first', 'exact', 'wild', 'deep', 'prefix', 'star'].map(id => certificate(id)),
    snis: [sni('a.example.com', 'exact'), sni('*.example.com', 'wild'), sni('*.b.example.com', 'deep'), sni('shop.*', 'prefix'), sni('*', 'star')],
    ca_certificates: []
  })
  const asked = { 'a.example.com': 'exact', 'A.Example.COM': 'exact', 'x.example.com': 'wild', 'x.b.example.com': 'deep', 'b.example.com': 'wild', 'x.y.example.com': 'wild', 'example.com': 'star', 'shop.test': 'prefix', 'shop.co.test': 'prefix', 'elsewhere.test': 'star' }
  t.same(await shownBy(t, name => store.contextFor(name), Object.keys(asked)), Object.values(asked))
  t.equal(store.contextFor('a.example.com.'), store.contextFor('a.example.com'))
  t.equal(store.contextFor(undefined), store.contextFor('elsewhere.test'))
  t.ok(store.names('x.example.com'))
  t.notOk(store.names('elsewhere.test'))
})

t.test('without a default of its own, the first certificate of the file', async t => {
  const made = makeCertificate('first', { names: ['first.test'] })
  const staple = makeOcsp(made, [made.serial])
  const certificates = [certificate('first', { cert: made.cert, key: made.key, ocsp: staple.toString('base64') }), certificate('second')]
  const store = new CertificateStore({ certificates, snis: [sni('b.test', 'second')], ca_certificates: [] })
  t.same(await shownBy(t, name => store.contextFor(name), ['b.test', 'other.test']), ['second', 'first'])
  const [first, second] = certificates.map(({ cert }) => new X509Certificate(cert).raw)
  t.same(store.ocspFor(first as Buffer), staple)
  t.equal(store.ocspFor(first as Buffer, Date.now() + 7_200_000), null, 'while it is valid')
  t.equal(store.ocspFor(second as Buffer), null)
  t.same(store.default, { cert: certificates[0]?.cert, key: certificates[0]?.key })
})

t.test('without a certificate there is nothing to show', async t => {
  const store = new CertificateStore({ certificates: [], snis: [], ca_certificates: [] })
  t.equal(store.default, null)
  t.equal(store.ocspFor(Buffer.from('x')), null)
  t.throws(() => store.contextFor('a.test'), { message: 'there is no certificate' })
  const { cert, key } = makeCertificate('acme')
  const orders = new CertificateStore({ certificates: [], snis: [], ca_certificates: [] }, [{ answerFor: () => undefined, certificateFor: () => null, challengeFor: name => name.startsWith('acme') ? { cert, key } : null }])
  t.not(orders.challengeFor('acme.test'), null)
  t.equal(orders.challengeFor(false), null, 'to who names nobody')
})

t.test('behind an RSA default, names with ECDSA certificates get theirs, in both versions of TLS', async t => {
  const rsa = makeCertificate('rsa', { names: ['a.test'], bits: 2048 })
  const store = new CertificateStore({ certificates: [certificate('default', rsa), certificate('ec.test')], snis: [sni('ec.test', 'ec.test'), sni('rsa.test', 'default')], ca_certificates: [] })
  const ciphers = 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256'
  const server = createServer({ ...store.default, ciphers, honorCipherOrder: true, SNICallback: (servername, done) => done(null, store.contextFor(servername)) })
  server.on('secureConnection', socket => socket.resume().end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [servername, name] of [['ec.test', 'ec.test'], ['rsa.test', 'rsa'], ['', 'rsa']] as const) {
      const socket = connect({ port, host: '127.0.0.1', servername, minVersion: version, maxVersion: version, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      t.equal(socket.getPeerCertificate().subject.CN, name, `${version} ${servername}`)
      socket.destroy()
    }
  }
})
