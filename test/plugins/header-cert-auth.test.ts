/** Which proxies are believed, and what they write; mtls-auth.test.ts has the rules for certificates. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import plugin from '../../plugins/header-cert-auth/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { makeCertificate, type Identity } from '../helpers/certificates.ts'
import { findings } from '../helpers/plugin-config.ts'

const root = makeCertificate('Clients Root')
const intermediate = makeCertificate('Clients Intermediate', { issuer: root })
const alice = makeCertificate('alice', { names: ['alice.example.com'], issuer: intermediate, usage: 'client' })
const direct = makeCertificate('direct', { names: ['bob'], issuer: root })

const authorities = [{ name: 'root', cert: root.cert }]
const consumers = [{ username: 'alice' }, { username: 'bob' }, { username: 'guest' }]

const NONE = '401 No required TLS certificate was sent'
const BAD = '401 TLS certificate failed verification'

const encoded = (...chain: Identity[]): string => encodeURIComponent(chain.map(({ cert }) => cert).join(''))
const der = ({ cert }: Identity): string => new X509Certificate(cert).raw.toString('base64')

const fields: ReadonlyArray<readonly [what: string, format: string, value: string | string[], answer: string]> = [
  ['nginx', 'url_encoded', encoded(direct), '200 bob'],
  ['a chain', 'url_encoded', encoded(alice, intermediate), '200 alice'],
  ['AWS, which leaves some letters as they are', 'url_encoded', encoded(direct).replaceAll('%2B', '+').replaceAll('%3D', '=').replaceAll('%2F', '/'), '200 bob'],
  ['DER', 'base64_encoded', der(direct), '200 bob'],
  ['DER as a structured field', 'base64_encoded', `:${der(direct)}:`, '200 bob'],
  ['PEM in Base64', 'base64_encoded', Buffer.from(direct.cert).toString('base64'), '200 bob'],
  ['Traefik', 'base64_encoded', `${der(alice)},${der(intermediate)}`, '200 alice'],
  ['Envoy', 'xfcc', `By=spiffe://x;Hash=00;Cert="${encoded(alice)}";Chain="${encoded(alice, intermediate)}";Subject="CN=\\"a,b;\\""`, '200 alice'],
  ['Envoy, the chain alone', 'xfcc', `Hash=00;Chain="${encoded(alice, intermediate)}"`, '200 alice'],
  ['Envoy behind another proxy: the last one speaks to us', 'xfcc', `Cert="${encoded(direct)}",Cert="${encoded(makeCertificate('bob', { names: ['bob'] }))}"`, BAD],
  ['nonsense', 'url_encoded', 'hello', BAD],
  ['broken escapes', 'url_encoded', '%E0%A4%A', BAD],
  ['another format', 'base64_encoded', encoded(direct), BAD],
  ['two fields', 'url_encoded', [encoded(direct), encoded(direct)], '400 Bad request'],
  ['a field of too many', 'base64_encoded', Array.from({ length: 21 }, () => der(direct)).join(','), BAD],
  ['Envoy without a certificate', 'xfcc', 'Hash=00', BAD],
  ['none', 'url_encoded', '', NONE]
]

t.test('what proxies write is read', async t => {
  for (const [what, format, value, answer] of fields) {
    const test = await testPlugin(t, {
      plugin,
      config: { ca_certificates: ['root'], certificate_header_name: 'X-Client-Cert', certificate_header_format: format },
      gateway: { trusted_ips: ['127.0.0.1'], limits: { header_block: 65_536 } },
      consumers,
      authorities,
      now: Date.now()
    })
    const got = await test.request({ headers: { 'x-client-cert': value as string } })
    t.equal(got.status === 200 ? `200 ${String(test.received[0]?.headers['x-consumer-username'])}` : `${got.status} ${(got.json() as { message: string }).message}`, answer, what)
    t.equal(test.received[0]?.headers['x-client-cert'], undefined, 'the service doesn\'t see the field')
  }
})

t.test('the field is the proxy\'s to write: it is taken out on routes without the plugin, too', async t => {
  const config = { certificate_header_name: 'X-Client-Cert', certificate_header_format: 'url_encoded' as const, skip_consumer_lookup: false }
  t.same([...plugin.identityHeaders?.(config as never) ?? []], ['X-Client-Cert'])
  t.same([...plugin.identityHeaders?.({ ...config, skip_consumer_lookup: true } as never) ?? []][0], 'X-Client-Cert')
})

t.test('trusted proxies are believed, and nobody else', async t => {
  const config = { ca_certificates: ['root'], certificate_header_name: 'X-Client-Cert', certificate_header_format: 'url_encoded', anonymous: 'guest' }
  const test = await testPlugin(t, { plugin, config, gateway: { trusted_ips: ['10.0.0.0/8'] }, consumers, authorities, now: Date.now() })
  await test.request({ headers: { 'X-Client-Cert': encoded(direct), 'x-forwarded-for': '10.0.0.1' } })
  t.match(test.received[0]?.headers, { 'x-consumer-username': 'guest' })
  t.equal(test.received[0]?.headers['x-client-cert'], undefined)
})

t.test('the options are checked', async t => {
  const config = { ca_certificates: ['root'], certificate_header_name: 'x', certificate_header_format: 'xfcc' }
  t.same(findings(plugin, config), [])
  t.same(findings(plugin, { ...config, secure_source: false }), ['error /secure_source'])
  t.same(findings(plugin, { ...config, revocation_check_mode: 'STRICT' }), ['error /revocation_check_mode'])
})
