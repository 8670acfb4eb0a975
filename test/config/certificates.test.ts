import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Diagnostic } from '../../src/config/diagnostics.ts'
import type { LoadResult } from '../../src/config/load.ts'
import { CertificateStore } from '../../src/tls/certificate-store.ts'
import { makeCertificate, makeOcsp, type Identity } from '../helpers/certificates.ts'
import { loadText } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'
const DAY = 86_400_000
const later = (days: number): Date => new Date(Date.now() + days * DAY)

const root = makeCertificate('Test Root', { notAfter: later(1000) })
const intermediate = makeCertificate('Test Intermediate', { issuer: root, notAfter: later(900) })
const good = makeCertificate('api.example.com', { names: ['api.example.com', '*.shop.example.com'], issuer: intermediate, notAfter: later(300) })
const other = makeCertificate('other', { names: ['other.example.com'], notAfter: later(300) })

interface Test {
  testdir (files: Record<string, string | Buffer>): string
}

type Files = Readonly<Record<string, string | Buffer>>

/** Loads a text beside these files. */
async function load (t: Test, text: string, files: Files = {}, env: Record<string, string> = {}): Promise<LoadResult> {
  const folder = t.testdir({ ...files })
  return await loadText(HEAD + text, { file: join(folder, 'gateway.yaml'), env })
}

async function findings (t: Test, text: string, files: Files = {}): Promise<readonly Diagnostic[]> {
  return (await load(t, text, files)).diagnostics
}

/** One certificate from two files, with what belongs to it. */
const pair = (more = ''): string => `certificates: [{ cert_file: a.pem, key_file: a.key${more} }]\nca_certificates: [{ name: root, cert_file: root.pem }]\n`

function filesOf (chain: readonly Identity[], key = chain[0]?.key as string): Files {
  return { 'a.pem': chain.map(({ cert }) => cert).join(''), 'a.key': key, 'root.pem': root.cert }
}

const indented = (pem: string): string => pem.trimEnd().replace(/^/gm, '      ')

t.test('files, texts and references come to the same', async t => {
  const { config, diagnostics, files } = await load(t, `certificates:
- id: 9a0f6f1f-3a5b-4f1e-8a57-bd1bb1a1a001
  cert_file: a.pem
  key_file: a.key
  snis: [API.example.com., { name: "*.shop.example.com", tags: [b] }]
- name: second
  cert: "{vault://env/CERT}"
  key: "{vault://env/KEY}"
snis:
- { name: other.example.com, certificate: second }
- { name: api2.example.com, certificate: { id: 9A0F6F1F-3A5B-4F1E-8A57-BD1BB1A1A001 } }
ca_certificates:
- name: root
  cert: |
${indented(root.cert)}
- cert_file: other.pem
services:
- { name: a, host: a.internal, protocol: https, client_certificate: second, ca_certificates: [root], tls_verify_depth: 2, routes: [{ paths: [/] }] }
upstreams: [{ name: u, client_certificate: { name: second }, targets: [{ target: u.internal }] }]
`, { ...filesOf([good, intermediate]), 'other.pem': intermediate.cert }, { CERT: other.cert.replaceAll('\n', '\\n'), KEY: other.key.replaceAll('\n', '\\n') })
  t.same(diagnostics.filter(({ severity, rule }) => severity === 'error' || rule !== 'unused-upstream').map(({ rule, cause }) => [rule, cause]), [['uncovered-sni', 'the certificate is not for \'api2.example.com\': it names api.example.com, *.shop.example.com']])
  const [first, second] = config?.certificates ?? []
  t.match(first, { id: '9a0f6f1f-3a5b-4f1e-8a57-bd1bb1a1a001', name: null, cert: good.cert + intermediate.cert, key: good.key, ocsp: null, files: { cert_file: 'a.pem', key_file: 'a.key' } })
  t.match(second, { name: 'second', cert: other.cert, key: other.key, files: {} })
  t.same(config?.snis.map(({ name, certificate }) => [name, certificate]), [
    ['api.example.com', first?.id], ['*.shop.example.com', first?.id], ['other.example.com', second?.id], ['api2.example.com', first?.id]
  ])
  t.match(config?.ca_certificates, [{ name: 'root', cert: root.cert, cert_digest: /^[0-9a-f]{64}$/ }, { name: null }])
  t.match(config?.services[0], { client_certificate: second?.id, ca_certificates: [config?.ca_certificates[0]?.id], tls_verify_depth: 2, tls_verify: true })
  t.equal(config?.upstreams[0]?.client_certificate, second?.id)
  t.same(files.map(({ path }) => path.split('/').at(-1)).sort(), ['a.key', 'a.pem', 'other.pem'])
})

t.test('an OCSP response is kept as it is', async t => {
  const response = makeOcsp(intermediate, [other.serial, good.serial])
  const { config, diagnostics, files } = await load(t, pair(', snis: [api.example.com], ocsp_file: a.ocsp'), { ...filesOf([good, intermediate]), 'a.ocsp': response })
  t.same(diagnostics, [])
  t.match(config?.certificates, [{ ocsp: response.toString('base64') }])
  t.ok(files.some(({ path }) => path.endsWith('/a.ocsp')), 'and looked at again when it changes')
})

for (const [name, response, cause] of [
  ['of another certificate', makeOcsp(intermediate, [other.serial]), 'it is about another certificate'],
  ['that says revoked', makeOcsp(intermediate, [good.serial], { status: 'revoked' }), 'it says that the certificate is revoked'],
  ['of a responder that doesn\'t know it', makeOcsp(intermediate, [good.serial], { status: 'unknown' }), 'its responder doesn\'t know the certificate'],
  ['that is too old', makeOcsp(intermediate, [good.serial], { nextUpdate: new Date('2024-02-03T04:05:06Z') }), 'it was valid until 2024-02-03T04:05:06Z'],
  ['without an end', makeOcsp(intermediate, [good.serial], { nextUpdate: null }), 'it doesn\'t say until when it is valid'],
  ['of tomorrow', makeOcsp(intermediate, [good.serial], { thisUpdate: later(1), nextUpdate: later(2) }), 'it is not valid yet'],
  ['that is a refusal', Buffer.from('30030a0106', 'hex'), 'it is the refusal of a responder, not an answer'],
  ['of another type', Buffer.from('300d0a0100a0083006060129040130ff', 'hex'), /it is (of a type that nobody reads|no OCSP response in DER)/],
  ['that is cut', makeOcsp(intermediate, [good.serial]).subarray(0, 100), 'it is no OCSP response in DER'],
  ['that says yes and nothing else', Buffer.from('30030a0100', 'hex'), 'it is no OCSP response in DER'],
  ['that is text', Buffer.from('-----BEGIN X509 CRL-----'), 'it is no OCSP response in DER'],
  ['that is empty', Buffer.alloc(0), 'it is no OCSP response in DER']
] as ReadonlyArray<readonly [string, Buffer, string | RegExp]>) {
  t.test(`an OCSP response ${name} is not stapled, and check says so`, async t => {
    const { config, diagnostics } = await load(t, pair(', snis: [api.example.com], ocsp_file: a.ocsp'), { ...filesOf([good, intermediate]), 'a.ocsp': response })
    t.match(diagnostics, [{ rule: 'ocsp-response', severity: 'warning', path: 'certificates[0].ocsp_file', cause: typeof cause === 'string' ? `the OCSP response is not stapled: ${cause}` : cause }])
    t.equal(new CertificateStore(config as NonNullable<typeof config>).ocspFor(new X509Certificate(good.cert).raw), null)
  })
}

t.test('a certificate that has to be stapled, and has nothing to be stapled with, is warned of', async t => {
  const stapled = makeCertificate('api.example.com', { names: ['api.example.com'], issuer: intermediate, notAfter: later(300), extension: { id: '2b06010505070118', critical: false, value: Buffer.from('3003020105', 'hex') } })
  const files = { ...filesOf([stapled, intermediate], stapled.key), 'a.ocsp': makeOcsp(intermediate, [stapled.serial]) }
  t.match(await findings(t, pair(', snis: [api.example.com]'), files), [{ rule: 'ocsp-response', severity: 'warning', path: 'certificates[0].cert_file', cause: /must-staple/ }])
  t.same(await findings(t, pair(', snis: [api.example.com], ocsp_file: a.ocsp'), files), [])
})

t.test('types of keys may differ where the default is RSA', async t => {
  const rsa = makeCertificate('rsa.test', { names: ['rsa.test'], bits: 2048, notAfter: later(300) })
  const ec = makeCertificate('ec.test', { names: ['ec.test'], notAfter: later(300) })
  const files = { 'r.pem': rsa.cert, 'r.key': rsa.key, 'e.pem': ec.cert, 'e.key': ec.key }
  const text = (first: string, second: string, more = ''): string => `certificates: [{ cert_file: ${first}.pem, key_file: ${first}.key${more} }, { cert_file: ${second}.pem, key_file: ${second}.key, snis: [${second === 'e' ? 'ec' : 'rsa'}.test${more === '' ? '' : ', "*"'}] }]\n`
  t.same(await findings(t, text('r', 'e'), files), [])
  t.same(await findings(t, text('e', 'r', ', snis: [ec.test]'), files), [], 'by the SNI *')
  t.match(await findings(t, text('e', 'r'), files), [{ rule: 'mixed-keys', severity: 'error', path: 'certificates[1].cert_file', related: [{ message: 'the default certificate' }] }])
})

const weak = makeCertificate('weak', { names: ['a'], bits: 1024, notAfter: later(300) })
const sha1 = makeCertificate('sha1', { names: ['a'], issuer: root, hash: 'sha1', notAfter: later(300) })
const expired = makeCertificate('old', { names: ['a'], notAfter: new Date(Date.now() - DAY) })
const early = makeCertificate('early', { names: ['a'], notAfter: later(300), notBefore: later(2) })

const bad: ReadonlyArray<readonly [what: string, text: string, files: Files, expected: object]> = [
  ['a key of another certificate', pair(), filesOf([good, intermediate], other.key), { rule: 'bad-certificate', path: 'certificates[0].key_file', cause: 'certificate does not match key' }],
  ['a chain with the authority first', pair(), filesOf([intermediate, good], good.key), { rule: 'bad-certificate', cause: 'certificate does not match key', mend: /certificate of this key first/ }],
  ['a chain that leaves one out', pair(), filesOf([good, root]), { rule: 'bad-certificate', path: 'certificates[0].cert_file', cause: 'the certificate is not signed by the one behind it (Test Root)' }],
  ['a chain in disorder', pair(), filesOf([good, root, intermediate]), { rule: 'bad-certificate', mend: 'Put certificate 3 there: each one is followed by the one that has signed it.' }],
  ['an expired certificate', pair(), filesOf([expired]), { rule: 'expired-certificate', cause: /^the certificate has expired on \d{4}-\d\d-\d\d$/ }],
  ['one whose time has not come', pair(), filesOf([early]), { rule: 'bad-certificate', cause: /is not valid before/ }],
  ['a short RSA key', pair(), filesOf([weak]), { rule: 'bad-certificate', cause: /has 1024 bits/ }],
  ['a signature with SHA-1', pair(), filesOf([sha1]), { rule: 'bad-certificate', cause: /signed with SHA-1/ }],
  ['a file that is missing', pair(', ocsp_file: no.ocsp'), filesOf([good, intermediate]), { rule: 'unreadable-file', path: 'certificates[0].ocsp_file', cause: 'the file can\'t be read: there is no such file' }],
  ['a folder', pair(', ocsp_file: .'), filesOf([good, intermediate]), { rule: 'unreadable-file', cause: /it is a folder/ }],
  ['text that is no certificate', pair(), { ...filesOf([good]), 'a.pem': 'hello' }, { rule: 'bad-certificate', cause: 'it holds no certificate in PEM' }],
  ['a damaged certificate', pair(), { ...filesOf([good]), 'a.pem': good.cert.replace(/M../, 'AAA') }, { rule: 'bad-certificate', cause: 'certificate 1 can\'t be read' }],
  ['a key among the certificates', pair(), { ...filesOf([good]), 'a.pem': good.cert + good.key }, { rule: 'bad-certificate', cause: 'a private key stands among the certificates' }],
  ['a request for a certificate', pair(), { ...filesOf([good]), 'a.pem': '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n' }, { rule: 'bad-certificate', cause: 'a block \'CERTIFICATE REQUEST\' stands where certificates are expected' }],
  ['too many of them', pair(), { ...filesOf([good]), 'a.pem': good.cert.repeat(21) }, { rule: 'bad-certificate', cause: 'there are more than 20 certificates' }],
  ['an encrypted key', pair(), filesOf([good, intermediate], '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n'), { rule: 'bad-certificate', path: 'certificates[0].key_file', cause: 'the key is encrypted' }],
  ['text that is no key', pair(), filesOf([good, intermediate], 'hello'), { rule: 'bad-certificate', cause: 'it holds no private key in PEM' }],
  ['text and file', pair(', key: x'), filesOf([good, intermediate]), { rule: 'field-conflict', cause: 'only one or none of these fields must be set: \'key\', \'key_file\'' }],
  ['no key', 'certificates: [{ cert_file: a.pem }]\n', filesOf([good, intermediate]), { rule: 'required', mend: 'Add `key_file`, or `key`.' }],
  ['the same certificate twice', `${pair()}`.replace('}]', '}, { cert_file: a.pem, key_file: a.key }]'), filesOf([good, intermediate]), { rule: 'not-unique', path: 'certificates[1].cert_file', related: [{ message: 'declared here first', range: { line: 2 } }] }],
  ['the same authority twice', 'ca_certificates: [{ cert_file: root.pem }, { name: b, cert_file: root.pem }]\n', filesOf([good]), { rule: 'not-unique', path: 'ca_certificates[b].cert_file', related: [{}] }],
  ['two authorities in one', 'ca_certificates: [{ cert_file: a.pem }]\n', filesOf([root, intermediate]), { rule: 'bad-certificate', cause: 'expected exactly one certificate, and there are 2' }],
  ['an authority that is none', 'ca_certificates: [{ cert_file: a.pem }]\n', filesOf([good]), { rule: 'bad-certificate', cause: /no certificate of an authority \(api.example.com\)/ }],
  ['an expired authority', 'ca_certificates: [{ cert_file: a.pem }]\n', filesOf([makeCertificate('old', { notAfter: new Date(Date.now() - DAY) })]), { rule: 'expired-certificate' }],
  ['a digest of another', 'ca_certificates: [{ cert_file: root.pem, cert_digest: abc }]\n', filesOf([good]), { rule: 'bad-certificate', path: 'ca_certificates[0].cert_digest' }],
  ['a name twice, in other letters', `${pair(', snis: [api.example.com]')}snis: [{ name: API.example.com, certificate: x }]\n`.replace('cert_file: a', 'name: x, cert_file: a'), filesOf([good, intermediate]), { rule: 'not-unique', cause: /entity with name set to 'api.example.com'/, related: [{ message: 'declared here first' }] }],
  ['a name that is none', pair(', snis: ["a.*.com"]'), filesOf([good, intermediate]), { rule: 'bad-host' }],
  ['a name without a certificate', 'snis: [{ name: a.example.com }]\n', {}, { rule: 'required', mend: /Add `certificate`/ }],
  ['a name of a certificate that is not there', 'snis: [{ name: a.example.com, certificate: x }]\n', {}, { rule: 'unresolved-reference', cause: 'invalid reference \'certificate: x\' (no such entry in \'certificates\')' }],
  ['a service with an authority that is not there', 'services: [{ url: "https://a.internal", ca_certificates: [x], routes: [{ paths: [/] }] }]\n', {}, { rule: 'unresolved-reference', path: 'services[0].ca_certificates[0]' }],
  ['plain http with a client certificate', `${pair().replace('cert_file', 'name: x, cert_file')}services: [{ url: "http://a.internal", client_certificate: x, routes: [{ paths: [/] }] }]\n`, filesOf([good, intermediate]), { rule: 'field-conflict', path: 'services[0].client_certificate' }]
]

for (const [what, text, files, expected] of bad) {
  t.test(`refused: ${what}`, async t => {
    const found = await findings(t, text, files)
    const errors = found.filter(({ severity }) => severity === 'error')
    t.match(errors, [expected])
    t.equal(errors.length, 1, errors.map(({ cause }) => cause).join('\n'))
    for (const { cause, mend } of found) t.notMatch(cause + mend, /-----BEGIN [A-Z ]+-----\w/, 'no content in a message')
  })
}

t.test('what clients will refuse is a warning', async t => {
  const soon = makeCertificate('soon', { names: ['a.example.com'], issuer: root, notAfter: later(10.5) })
  t.match(await findings(t, pair(', snis: [a.example.com]'), filesOf([soon])), [{ rule: 'certificate-expires', severity: 'warning', path: 'certificates[0].cert_file', cause: /\(soon\) expires on \S+, in 10 days$/ }])
  t.match(await findings(t, pair(', snis: [api.example.com]'), filesOf([good])), [{ rule: 'certificate-chain', severity: 'warning', cause: /the chain ends with 'api.example.com', which is signed by 'Test Intermediate'/ }])
  t.match(await findings(t, pair(', snis: [api.example.com]'), filesOf([good, intermediate, root])), [{ rule: 'certificate-chain', cause: /the chain holds its root \(Test Root\)/ }])
  t.match(await findings(t, pair(', snis: [www.example.com, "*.shop.example.com", "*.example.com", api.example.com, "*", "api.*"]'), filesOf([good, intermediate])), [
    { rule: 'uncovered-sni', path: 'certificates[0].snis[0]', cause: 'the certificate is not for \'www.example.com\': it names api.example.com, *.shop.example.com' },
    { rule: 'uncovered-sni', path: 'certificates[0].snis[2]' }
  ])
  t.same((await findings(t, pair(', snis: [api.example.com]'), filesOf([good, intermediate]))), [])
  t.match(await findings(t, `certificates:\n- cert_file: a.pem\n  key: |\n${indented(other.key)}\n`, { 'a.pem': other.cert }), [{ rule: 'literal-secret', path: 'certificates[0].key', mend: /key_file/ }])
  t.match(await findings(t, `${pair()}services: [{ url: "https://a.internal", tls_verify: false, ca_certificates: [root], routes: [{ paths: [/] }] }]\n`, filesOf([good, intermediate])), [{ rule: 'ignored-part', path: 'services[0].ca_certificates' }])
})

t.test('a message never holds what a key file holds', async t => {
  const { diagnostics, source } = await load(t, pair(), filesOf([good, intermediate], other.key))
  t.notMatch(JSON.stringify(diagnostics), other.key.split('\n')[1] as string)
  t.equal(source.redact(`x ${other.key} y`), 'x *** y')
  writeFileSync(join(t.testdirName, 'a.key'), good.key)
})
