import { EventEmitter } from 'node:events'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { ConfigTests } from '../../src/lab/file/schema.ts'
import { timeOf } from '../../src/lab/file/request.ts'
import { configTests, testConfig } from '../../src/testing/index.ts'
import { createAjv } from '../../src/config/validate/ajv.ts'
import { makeCertificate, makeCrl } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

const CONFIG = `_format_version: "3.0"
services:
  - name: orders
    url: https://orders.internal/api
    routes:
      - name: orders
        paths: [/orders]
        plugins:
          - name: key-auth
          - name: rate-limiting
            config: { minute: 2, window_type: fixed }
      - name: health
        paths: [/health]
consumers:
  - username: ann
    keyauth_credentials: [{ key: "{vault://env/ANN_KEY}" }]
    jwt_secrets: [{ key: ann-key, secret: a-secret-that-is-long-enough-0001 }]
`
const env = { ANN_KEY: 'a-key-that-nobody-guesses-01' }

async function run (t: Tap, files: Files, args: readonly string[] = []): Promise<{ code: number, stdout: string, stderr: string, cwd: string }> {
  const cwd = t.testdir({ 'gateway.yaml': CONFIG, ...files })
  return { ...await runCli(['test', ...args], { cwd, env }), cwd }
}

interface Files { readonly [name: string]: string | Files }
interface Tap { testdir (files: Files): string }

t.test('our own configurations pass their tests', async t => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const { code, stdout } = await runCli(['test', 'examples', '--coverage', '--fail-under', '90'], { cwd: packageRoot, env: { IDENTITY_PRIVATE_KEY: privateKey } })
  t.equal(code, 0, stdout)
  const own = await runCli(['test', 'gateway.test.yaml', '--fail-under', '100'], { cwd: packageRoot })
  t.equal(own.code, 0, own.stdout)
  const examples = readdirSync(join(packageRoot, 'examples'), { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.yaml') && !file.includes('node_modules'))
  t.same(examples.filter(file => !file.endsWith('.test.yaml') && !examples.includes(file.replace(/\.yaml$/, '.test.yaml'))), [], 'each has tests')
})

t.test('tests pass, fail and are skipped', async t => {
  const { code, stdout } = await run(t, {
    'one.test.yaml': `
stubs: { orders: { json: { id: 7, lines: [1, 2] } } }
tests:
  - name: who has a key gets orders
    request: { url: /orders/7, headers: { apikey: ${env.ANN_KEY} } }
    expect:
      status: 2xx
      consumer: ann
      json: { lines: [1, 2] }
      plugins: { key-auth: allowed, rate-limiting: allowed }
      upstream: { url: https://orders.internal/api/7, service: orders, headers: { x-consumer-username: ann, apikey: null } }
  - name: limits end with their window
    steps:
      - request: { url: /orders, consumer: ann }
        repeat: 2
        expect: { status: 200 }
      - name: too many
        request: { url: /orders, consumer: ann }
        expect: { status: 429, plugins: { rate-limiting: refused }, headers: { retry-after: { matches: '^\\d+$' } } }
      - clock: +61s
        request: { url: /orders, consumer: ann }
        expect: { status: 200 }
  - name: not yet
    skip: nobody knows how
    request: /orders
    expect: { status: 418 }
`,
    tests: {
      deep: {
        'two.test.yaml': `
tests:
  - name: this one is wrong
    steps:
      - request: /health
        expect: { status: 200 }
      - name: and here
        request: { url: /orders, headers: { apikey: not-a-key } }
        expect: { status: [200, 201], headers: { server: null, x-none: a }, json: { message: 5 }, upstream: { count: 1 } }
`
      }
    }
  })
  t.equal(code, 1)
  t.match(stdout, /ok {6}who has a key gets orders\n {2}ok {6}limits end with their window\n {2}skipped not yet \(nobody knows how\)/)
  t.match(stdout, /failed {2}this one is wrong\n {4}tests\/deep\/two\.test\.yaml:9:27: status: expected 200 or 201, got 401 \(step 2, and here\)/)
  t.match(stdout, /headers\.x-none: expected "a", got it is not there/)
  t.match(stdout, /json\.message: expected 5, got "/)
  t.match(stdout, /upstream\.count: expected 1, got 0/)
  t.match(stdout, /why: GET \/orders took the route orders \(gateway\.yaml:6\) to the service orders/)
  t.match(stdout, /key-auth \(gateway\.yaml:9\): refused with 401 \(SP_/)
  t.match(stdout, /rate-limiting \(gateway\.yaml:10\): skipped/)
  t.match(stdout, /4 tests: 2 passed, 1 failed, 1 skipped in /)
})

t.test('a request that took another route is shown those that it nearly took', async t => {
  const { stdout } = await run(t, {
    'one.test.yaml': `
tests:
  - { name: one, request: /orderz, expect: { route: orders } }
`
  })
  t.match(stdout, /route: expected orders, got none/)
  t.match(stdout, /why: no route took GET \/orderz\n +\w+ \(gateway\.yaml:\d+\) did not take it: path \/orderz, it wants \/\w+/)
})

t.test('values from the environment are not shown', async t => {
  const { stdout } = await run(t, {
    'one.test.yaml': `
tests:
  - name: shows
    request: { url: '/orders?key=1', headers: { apikey: ${env.ANN_KEY}, X-Copy: ${env.ANN_KEY} } }
    expect: { upstream: { headers: { x-copy: other } } }
`
  })
  t.match(stdout, /x-copy: expected "other", got "\*\*\*"/)
})

t.test('mistakes in tests have a place and a mend', async t => {
  const cases: ReadonlyArray<readonly [string, RegExp]> = [
    ['tests:\n  - name: a\n    request: /\n    expect: { statu: 200 }\n', /one\.test\.yaml:4:15: error: unknown field 'statu'.*\n[^]*Did you mean 'status'\?/],
    ['tests:\n  - name: a\n    request: /\n    expect: { route: order }\n', /4:22: error: the configuration has no route 'order'[^]*Did you mean 'orders'\?/],
    ['tests:\n  - name: a\n    request: /\n    expect: { plugins: { keyauth: allowed } }\n', /no plugin 'keyauth'[^]*Did you mean 'key-auth'/],
    ['stubs: { order: {} }\ntests:\n  - name: a\n    request: /\n    expect: { status: 200 }\n', /1:10: error: the configuration has no service or upstream 'order'/],
    ['tests:\n  - name: a\n    request: { url: /, consumer: bob }\n    expect: { status: 200, answered_by: nobody, upstream: { service: none } }\n', /no consumer 'bob'[^]*no plugin 'nobody'[^]*no service or upstream 'none'/],
    ['tests:\n  - name: a\n    request: /\n    expect: { body: { matches: "(" } }\n', /Invalid regular expression/],
    ['tests:\n  - name: a\n    clock: 2030-13-01\n    request: { url: /, body: a, json: 1 }\n    expect: { status: 200 }\n  - name: a\n', /is no time[^]*`body` or `json`[^]*there is no request[^]*another test is called 'a'/],
    ['tests:\n  - name: a\n    request: /\n    expect: { status: 200 }\n    steps: [{ request: / }]\n', /a test has `request` or `steps`[^]*no step expects anything/],
    ['tests:\n  - name: a\n    request: /\n', /error: .*'expect'/],
    ['tests:\n  - name: a\n    request: /\n    expect: { headers: {} }\n', /4:24: error: length must be at least 1/],
    ['tests:\n  - name: a\n    request: /\n    expect: { status: 404, plugins: {} }\n', /4:37: error: length must be at least 1/],
    ['tests:\n  - name: a\n    request: /\n    expect: { body: { contains: "" } }\n', /error: .*length must be at least 1/],
    ['tests:\n  - name: a\n    request: /\n    expect: { upstream: { count: 0, service: orders, path: /none } }\n', /4:54: error: `count: 0` says that no request came[^]*= mend: Remove one of the two\.\n\n1 error\n/],
    ['', /the file is empty/],
    ['tests: [\n', /error/],
    ['config: nowhere.yaml\ntests:\n  - { name: a, request: /, expect: { status: 200 } }\n', /nowhere\.yaml/]
  ]
  for (const [text, expected] of cases) {
    const { code, stdout, stderr } = await run(t, { 'one.test.yaml': text })
    t.match(stdout + stderr, expected, text)
    t.not(code, 0)
  }
})

t.test('a failed attempt is told with what the gateway did not like, and a listener that is missing by what was asked for', async t => {
  const { stdout } = await run(t, {
    'gateway.yaml': CONFIG.replace('url: https', 'retries: 1\n    url: https'),
    'one.test.yaml': `
tests:
  - { name: expired, stubs: { orders: { certificate: expired } }, request: /health, expect: { status: 200 } }
  - { name: untrusted, stubs: { orders: { certificate: untrusted } }, request: /health, expect: { status: 200 } }
  - { name: other, stubs: { orders: { certificate: other-name } }, request: /health, expect: { status: 200 } }
  - { name: refused, stubs: { orders: { error: refused } }, request: /health, expect: { status: 200 } }
  - { name: cut, stubs: { orders: { error: reset } }, request: /health, expect: { status: 200 } }
  - { name: fine, stubs: { orders: {} }, request: /health, expect: { status: 203 } }
  - { name: socket, request: 'wss://orders.example/health', expect: { status: 101 } }
  - { name: https, request: 'https://orders.example/health', expect: { status: 200 } }
`
  })
  const why = Object.fromEntries(stdout.split('  failed  ').slice(1).map(part => [part.slice(0, part.indexOf('\n')), part]))
  t.match(why['expired'], / {9}an attempt failed: the certificate of orders\.internal:443 has expired \(CERT_HAS_EXPIRED\)\n/)
  t.match(why['untrusted'], /an attempt failed: no authority that the gateway trusts vouches for the certificate of orders\.internal:443 \([A-Z_]+\)\n/)
  t.match(why['other'], /an attempt failed: the certificate of orders\.internal:443 is for other names/)
  t.match(why['refused'], /an attempt failed: nothing listens at orders\.internal:443 \(ECONNREFUSED\)\n/)
  t.equal(why['refused']?.split('an attempt failed').length, 2, 'a retry that fails in the same way is not told again')
  t.match(why['cut'], /an attempt failed: orders\.internal:443 closes the connection/)
  t.notMatch(why['fine'], /an attempt failed/)
  t.match(why['socket'], /no listener of the file speaks wss: write ws:\/\/, or add one/)
  t.match(why['https'], /no listener of the file speaks https: write http:\/\/, or add one/)
})

t.test('a configuration with errors is shown as check shows it', async t => {
  const cwd = t.testdir({ 'gateway.yaml': '_format_version: "3.0"\nservces: []\n', 'one.test.yaml': 'tests:\n  - { name: a, request: /, expect: { status: 200 } }\n' })
  const { code, stdout } = await runCli(['test'], { cwd })
  t.equal(code, 1)
  t.match(stdout, /gateway\.yaml:2:1: error: unknown field 'servces'/)
  t.match(stdout, /1 file with errors/)
  for (const reporter of ['tap', 'junit']) {
    const other = await runCli(['test', '--reporter', reporter], { cwd })
    t.equal(other.code, 1)
    t.match(other.stdout, /gateway\.yaml:2:1: unknown field/)
  }
})

const ONE_OF_EACH = `
tests:
  - { name: 'good & <fine>', request: /health, expect: { status: 200 } }
  - { name: bad, request: /health, expect: { status: 500 } }
  - { name: later, skip: 'for # now', request: /health, expect: { status: 500 } }
`

t.test('reporters for machines', async t => {
  const tap = await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['-r', 'tap'])
  t.equal(tap.code, 1)
  t.match(tap.stdout, /^TAP version 14\n# Subtest: one\.test\.yaml\n {4}ok 1 - good & <fine> # time=\d+ms\n {4}not ok 2 - bad # time/)
  t.match(tap.stdout, / {4}ok 3 - later # SKIP for \\# now\n {4}1\.\.3\nnot ok 1 - one\.test\.yaml\n1\.\.1\n$/)
  t.match(tap.stdout, /at: "one\.test\.yaml:4:54"/)
  const junit = await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['-r', 'junit'])
  t.match(junit.stdout, /<testsuite name="one\.test\.yaml" tests="3" failures="1" errors="0" skipped="1"/)
  t.match(junit.stdout, /<testcase name="good &amp; &lt;fine&gt;"/)
  t.match(junit.stdout, /<failure message="status: expected 500, got 200">one\.test\.yaml:4:54: /)
  const broken = await run(t, { 'one.test.yaml': ONE_OF_EACH, 'two.test.yaml': 'tests: []' }, ['-r', 'junit', '--fail-under', '99'])
  t.match(broken.stdout, /<testsuites tests="4" failures="1" errors="1"/, 'the sum of the suites')
  t.match(broken.stderr, /^error: gateway\.yaml: \d+ % of routes and outcomes are covered, --fail-under asks for 99 %\n$/)
})

t.test('--filter chooses tests, and says when it chooses none', async t => {
  t.equal((await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['--filter', '^good'])).code, 0)
  const none = await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['--filter', 'nothing'])
  t.equal(none.code, 3)
  t.match(none.stderr, /No test has a name/)
  t.equal((await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['--filter', '('])).code, 3)
  t.equal((await run(t, {})).code, 3)
  t.equal((await run(t, {}, ['missing.test.yaml'])).code, 3)
  t.equal((await run(t, { 'one.test.yaml': ONE_OF_EACH }, ['--fail-under', '101'])).code, 3)
})

t.test('coverage counts routes, and on each what plugins let pass and refused', async t => {
  const files = {
    'one.test.yaml': `
tests:
  - name: some
    steps:
      - { request: /orders, expect: { status: [200, 401] } }
      - { request: { url: /orders, consumer: ann }, expect: { status: 200 } }
`
  }
  const some = await run(t, files, ['--coverage'])
  t.equal(some.code, 0)
  t.match(some.stdout, /coverage of gateway\.yaml: 66 % \(routes: 1 of 2, outcomes of plugins: 3 of 4\)\n {2}orders {2}rate-limiting never refuses\n {2}health {2}no request\n/)
  t.equal((await run(t, files, ['--fail-under', '66'])).code, 0)
  const less = await run(t, files, ['--fail-under', '67'])
  t.equal(less.code, 1)
  t.match(less.stdout, /66 % of routes and outcomes are covered, --fail-under asks for 67 %/)
  t.match((await run(t, files, ['--fail-under', '67', '-r', 'tap'])).stdout, /^# gateway.yaml: 66 %/m)
  const anonymous = await run(t, { ...files, 'gateway.yaml': CONFIG.replace('- name: key-auth\n', '- { name: key-auth, config: { anonymous: guest } }\n').replace('consumers:', 'consumers:\n  - { username: guest }') }, ['--coverage'])
  t.match(anonymous.stdout, /outcomes of plugins: 2 of 3\)/, 'who is nobody passes as the anonymous consumer: there is no refusal to see')
})

t.test('tests may share a gateway', async t => {
  const tests = `
tests:
  - { name: one, request: { url: /orders, consumer: ann }, repeat: 2, expect: { status: 200 } }
  - { name: two, request: { url: /orders, consumer: ann }, expect: { status: 429 } }
`
  t.equal((await run(t, { 'one.test.yaml': `isolated: false${tests}` })).code, 0)
  t.equal((await run(t, { 'one.test.yaml': tests })).code, 1)
})

t.test('tokens, clocks and stubs of a file', async t => {
  const { code, stdout } = await run(t, {
    'gateway.yaml': CONFIG.replace('- name: key-auth\n', '- name: jwt\n').replace('consumers:', '  - { name: others, url: http://others.internal, routes: [{ name: others, paths: [/others] }] }\nconsumers:'),
    'one.test.yaml': `
clock: 2031-05-01T12:00:00Z
stubs:
  '*': { status: 203, body: any }
  orders:
    - { when: { method: POST, matches: '^/api/n' }, status: 201, headers: { Location: [/api/new] } }
    - { when: { path: /api/7 }, json: [7] }
tests:
  - name: a consumer's own token
    steps:
      - { request: { url: /orders/7, token: { consumer: ann } }, expect: { status: 200, consumer: ann, json: [7], headers: { content-type: application/json, location: null } } }
      - { request: { method: POST, url: /orders/new, token: { consumer: ann }, json: { a: 1 } }, expect: { status: 201, headers: { location: [/api/new] }, upstream: { json: { a: 1 }, method: POST } } }
      - { clock: +2m, request: { url: /orders/8, token: { consumer: ann, header: X-Other } }, expect: { status: 401 } }
      - { request: { url: /orders/8, token: { consumer: ann } }, expect: { status: 404, body: { contains: has no answer for GET /api/8 } } }
      - { stubs: { orders: { error: refused } }, clock: +2m, request: { url: /orders/8, token: { consumer: ann } }, expect: { status: 502, error: SP_UPSTREAM_REFUSED } }
  - name: all other services go away, and come back
    steps:
      - { stubs: { orders: { json: [1] }, '*': { error: refused } }, request: /others, expect: { status: 502, error: SP_UPSTREAM_REFUSED } }
      - { request: { url: /orders/8, token: { consumer: ann } }, expect: { status: 200, json: [1] } }
      - { stubs: { '*': { status: 204 } }, clock: +2m, request: /others, expect: { status: 204 } }
      - { stubs: { '*': { error: refused } }, request: /others, expect: { status: 502 } }
  - name: the next test finds them there again
    request: /others
    expect: { status: 203, body: any }
  - name: the clock goes forwards
    steps:
      - { clock: 2031-05-01T11:00:00Z, request: /health, expect: { status: 200 } }
`
  })
  t.equal(code, 1)
  for (const name of ['a consumer\'s own token', 'all other services go away, and come back', 'the next test finds them there again']) t.match(stdout, `ok      ${name}`)
  t.match(stdout, /the clock can't go back from 2031-05-01T12:00:00\.000Z to 2031-05-01T11/)
  t.equal(timeOf('+2h', 5), 7_200_005)
})

t.test('clients show certificates, in the handshake and in a field of a proxy', async t => {
  const authority = makeCertificate('Partners CA', { bits: 2048 })
  const own = makeCertificate('api', { names: ['api.example.com'], bits: 2048 })
  const { code, stdout } = await run(t, {
    'gateway.yaml': `_format_version: "3.0"
gateway:
  trusted_ips: [10.0.0.0/8]
  listen: [{ port: 8443, tls: true, client_certificate: request }, { port: 8000 }, { port: 9443, tls: true, client_certificate: require }, { port: 7443, tls: true }]
certificates: [{ cert: ${JSON.stringify(own.cert)}, key: ${JSON.stringify(own.key)} }]
ca_certificates:
  - { name: partners, cert: ${JSON.stringify(authority.cert)} }
  - { name: others, cert: ${JSON.stringify(makeCertificate('Others CA', { bits: 2048 }).cert)} }
consumers: [{ username: ann }]
services:
  - name: orders
    url: http://orders.internal
    routes:
      - { name: mtls, paths: [/mtls], plugins: [{ name: mtls-auth, config: { ca_certificates: [partners] } }] }
      - { name: field, paths: [/field], plugins: [{ name: header-cert-auth, config: { ca_certificates: [partners], certificate_header_name: X-Cert, certificate_header_format: url_encoded } }] }
      - { name: xfcc, paths: [/xfcc], plugins: [{ name: header-cert-auth, config: { ca_certificates: [others], certificate_header_name: X-Forwarded-Client-Cert, certificate_header_format: xfcc, skip_consumer_lookup: true } }] }
      - { name: listed, paths: [/listed], plugins: [{ name: mtls-auth, config: { ca_certificates: [partners], crl_file: partners.crl } }] }
      - { name: base64, paths: [/base64], plugins: [{ name: header-cert-auth, config: { ca_certificates: [partners], certificate_header_name: X-Der, certificate_header_format: base64_encoded } }] }
`,
    'partners.crl': makeCrl(authority, []).pem,
    'one.test.yaml': `
tests:
  - name: by the common name
    request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: 'CN=ann,O=Partner' } }
    expect: { status: 200, consumer: ann, plugins: { mtls-auth: allowed } }
  - name: one that lists revoke
    request: { url: 'https://api.example.com:8443/listed', client_certificate: { subject: CN=ann, revoked: true } }
    expect: { status: 401, plugins: { mtls-auth: refused }, upstream: null }
  - name: one that they don't
    request: { url: 'https://api.example.com:8443/listed', client_certificate: { subject: CN=ann } }
    expect: { status: 200, consumer: ann }
  - name: nobody looks at lists
    request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: CN=ann, revoked: true } }
    expect: { status: 200, consumer: ann }
  - name: by an alternative name
    request: { url: 'https://api.example.com:9443/mtls', client_certificate: { names: [192.0.2.1, '2001:db8::1', 'spiffe://a/b', a@example.com, ann] } }
    expect: { status: 200, consumer: ann }
  - name: nobody has this name
    request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: CN=bob } }
    expect: { status: 401 }
  - { name: none, request: 'https://api.example.com:8443/mtls', expect: { status: 401, answered_by: mtls-auth } }
  - { name: untrusted, request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: CN=ann, untrusted: true } }, expect: { status: 401 } }
  - { name: expired, request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: CN=ann, expired: true } }, expect: { status: 401 } }
  - { name: of another authority, request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: CN=ann, issuer: others } }, expect: { status: 401 } }
  - { name: in a field, request: { url: 'http://a:8000/field', ip: 10.0.0.1, client_certificate: { subject: CN=ann, header: x-cert } }, expect: { status: 200, consumer: ann, upstream: { headers: { x-cert: null } } } }
  - { name: in another form, request: { url: 'http://a:8000/base64', ip: 10.0.0.1, client_certificate: { subject: CN=ann, header: X-Der } }, expect: { status: 200, consumer: ann } }
  - { name: of a stranger, request: { url: 'http://a:8000/field', client_certificate: { subject: CN=ann, header: X-Cert } }, expect: { status: 401 } }
  - { name: as Envoy does, request: { url: 'http://a:8000/xfcc', ip: 10.0.0.1, client_certificate: { subject: 'CN=x\\,y,OU=a', issuer: others, header: X-Forwarded-Client-Cert } }, expect: { status: 200, upstream: { headers: { x-client-cert-dn: 'CN=x\\,y,OU=a' } } } }
  - { name: refused before, request: 'https://api.example.com:9443/mtls', expect: { status: 401 } }
  - { name: not vouched for, request: { url: 'https://api.example.com:9443/mtls', client_certificate: { subject: CN=ann, untrusted: true } }, expect: { status: 401 } }
  - { name: not asked for, request: { url: 'https://api.example.com:7443/mtls', client_certificate: { subject: CN=ann } }, expect: { status: 401 } }
  - { name: in clear, request: { url: 'http://a:8000/mtls', client_certificate: { subject: CN=ann } }, expect: { status: 401 } }
  - { name: no name, request: { url: 'https://api.example.com:8443/mtls', client_certificate: { subject: ann } }, expect: { status: 401 } }
  - { name: no field, request: { url: 'http://a:8000/field', client_certificate: { header: X-None } }, expect: { status: 401 } }
`
  })
  t.equal(code, 1)
  for (const name of ['by the common name', 'by an alternative name', 'nobody has this name', 'none', 'untrusted', 'expired', 'of another authority', 'in a field', 'in another form', 'of a stranger', 'as Envoy does']) t.match(stdout, `ok      ${name}\n`)
  t.match(stdout, /failed {2}refused before[^]*the listener refuses the connection without a certificate/)
  t.match(stdout, /failed {2}not vouched for[^]*no item of ca_certificates vouches for it/)
  t.match(stdout, /failed {2}not asked for[^]*asks clients for no certificate: write `client_certificate: request`/)
  t.match(stdout, /failed {2}in clear[^]*over https alone/)
  t.match(stdout, /failed {2}no name[^]*'ann' is no subject/)
  t.match(stdout, /failed {2}no field[^]*no header-cert-auth reads a certificate from 'X-None'/)
  t.match(stdout, /14 passed, 6 failed/)
  const wrong = await run(t, { 'one.test.yaml': 'tests:\n  - { name: a, request: { url: /health, client_certificate: { issuer: nobody } }, expect: { status: 200 } }\n' })
  t.match(wrong.stdout, /no (?:item|CA certificate) 'nobody'/)
})

t.test('WebSockets', async t => {
  const { code, stdout } = await run(t, {
    'gateway.yaml': `_format_version: "3.0"
services:
  - { name: chat, url: https://chat.internal, http2: true, routes: [{ name: chat, paths: [/chat] }] }
  - { name: plain, url: http://plain.internal, routes: [{ name: plain, paths: [/plain], plugins: [{ name: key-auth, config: { hide_credentials: true } }] }] }
consumers: [{ username: ann, keyauth_credentials: [{ key: ${env.ANN_KEY} }] }]
`,
    'one.test.yaml': `
tests:
  - name: texts come back
    request: { url: 'ws://api.example.com/chat/room?a=1', messages: [one, 'zwei ü', ''], headers: { Sec-WebSocket-Protocol: 'v2, v1' } }
    expect: { status: 101, route: chat, messages: [one, 'zwei ü', ''], headers: { sec-websocket-protocol: v2 }, upstream: { path: /room, query: a=1, messages: [one, { contains: ü }, ''], headers: { upgrade: websocket } } }
  - name: a script answers
    stubs: { plain: { websocket: { send: [hello], replies: { ping: pong, more: [a, b] } } } }
    request: { url: /plain, messages: [ping, nothing, more], headers: { apikey: ${env.ANN_KEY} } }
    expect: { status: 101, consumer: ann, messages: [hello, pong, a, { matches: ^b$ }], upstream: { headers: { apikey: null, x-consumer-username: ann } } }
  - name: long ones
    request: { url: /chat, messages: ['${'x'.repeat(300)}', '${'y'.repeat(70_000)}'] }
    expect: { messages: [{ matches: '^x{300}$' }, { matches: '^y{70000}$' }] }
  - { name: who may not, request: ws://a/plain, expect: { status: 401, answered_by: key-auth, upstream: null } }
  - { name: the service refuses, stubs: { chat: { status: 403, json: { no: true } } }, request: ws://a/chat, expect: { status: 403, json: { no: true } } }
  - { name: none was opened, request: /chat, expect: { messages: [a] } }
  - { name: others came, request: { url: /chat, messages: [a] }, expect: { messages: [b] } }
`
  })
  t.equal(code, 1)
  t.match(stdout, /5 passed, 2 failed/)
  t.match(stdout, /messages: expected 1 messages, got no WebSocket/)
  t.match(stdout, /messages\.0: expected "b", got "a"/)
})

t.test('what a plugin connects to on its own account is not reached', async t => {
  const server = createServer(() => t.fail('reached'))
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const cwd = t.testdir({
    'plugin.js': `import { definePlugin, Type } from 'sallyport/plugin'
export default definePlugin({
  name: 'asker', priority: 5000, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global', 'service', 'route'],
  register (scope) {
    scope.addHook('onRequest', async function asker (request, reply) {
      const error = await fetch('http://127.0.0.1:${port}/').catch(error => error)
      reply.header('x-asked', String(error.cause?.message))
    })
  }
})
`,
    'gateway.yaml': '_format_version: "3.0"\ngateway: { modules: [./plugin.js] }\nplugins: [{ name: asker }]\nservices:\n  - { name: a, url: http://a.internal, routes: [{ name: a, paths: [/a] }] }\n',
    'one.test.yaml': 'tests:\n  - { name: a, request: /a, expect: { headers: { x-asked: { contains: "not stubbed: a test of a configuration connects to nobody" } } } }\n'
  })
  const { code, stdout } = await runCli(['test'], { cwd })
  t.equal(code, 0, stdout)
})

t.test('programs', async t => {
  const { code, stdout } = await run(t, {
    'own.gateway-test.ts': `import { configTests } from 'sallyport/testing'
const key: string = '${env.ANN_KEY}'
export default configTests('gateway.yaml', {
  async 'who has a key gets orders' (gateway) {
    gateway.stub('orders', ({ target }) => ({ body: { target } }))
    const answer = await gateway.request({ url: '/orders/7', headers: { apikey: key } })
    answer.expect({ status: 200, json: { target: '/api/7' }, plugins: { 'key-auth': 'allowed' } })
    if (answer.outcomes.get('key-auth') !== 'allowed') throw new Error('no outcome')
    gateway.clock('+1h')
  },
  async 'this one fails' (gateway) {
    gateway.stub({ orders: { json: 1 } })
    const answer = await gateway.request('GET /orders')
    answer.expect({ status: 200 })
  },
  'and this one throws' (gateway) {
    gateway.stub('nobody', () => ({}))
  }
})
`,
    'broken.gateway-test.ts': 'export default 5\n',
    'none.gateway-test.ts': 'import { configTests } from "sallyport/testing"\nexport default configTests("gateway.yaml", {})\n'
  }, ['--coverage'])
  t.equal(code, 1)
  t.match(stdout, /ok {6}who has a key gets orders/)
  t.match(stdout, /failed {2}this one fails\n {4}own\.gateway-test\.ts:14:\d+: status: expected 200, got 401/)
  t.match(stdout, /why: GET \/orders took the route orders/)
  t.match(stdout, /no service or upstream 'nobody'/)
  t.match(stdout, /TypeError: its default export is not what configTests\(\) of sallyport\/testing gives/)
  t.match(stdout, /none\.gateway-test\.ts\n {2}failed[^]*there are no tests in it/)
  t.match(stdout, /routes: 1 of 2/)
})

t.test('what a program says is checked as a file is, since nobody looks at its types', async t => {
  const cwd = t.testdir({ 'gateway.yaml': CONFIG })
  const gateway = await testConfig(t, join(cwd, 'gateway.yaml'), { env })
  const answer = await gateway.request('/health')
  const wrong: ReadonlyArray<readonly [object, RegExp]> = [
    [{ statsu: 200 }, /^expect: unknown field 'statsu'\. Did you mean 'status'\?$/],
    [{}, /^expect: nothing stands in it\.$/],
    [{ plugins: { keyauth: 'absent' } }, /^expect\.plugins\.keyauth: the configuration has no plugin 'keyauth'\. Did you mean 'key-auth'\?$/],
    [{ plugins: { 'key-auth': 'absnt' } }, /^expect\.plugins\.key-auth: .*absent/],
    [{ status: 20 }, /^expect\.status: /],
    [{ headers: { server: { contians: 'x' } } }, /unknown field 'contians'\. Did you mean 'contains'\?/],
    [{ upstream: { count: 0, path: '/x' } }, /^expect\.upstream\.path: `count: 0`/]
  ]
  for (const [expected, message] of wrong) t.throws(() => answer.expect(expected), { message }, JSON.stringify(expected))
  answer.expect({ status: 200, upstream: {}, plugins: { 'key-auth': 'absent' } })
  t.throws(() => gateway.stub({ orders: { statu: 200 } } as never), { message: /^stubs\.orders: unknown field 'statu'/ })
  await t.rejects(gateway.request({ url: '/health', header: {} } as { url: string }), { message: /^request: unknown field 'header'\. Did you mean 'headers'\?$/ })
  await t.rejects(gateway.request({ url: '/health', consumer: 'bob' }), { message: /no consumer 'bob'/ })
})

t.test('a test of vitest closes what it opened', async t => {
  const cwd = t.testdir({ 'gateway.yaml': CONFIG })
  const ends: Array<() => Promise<void>> = []
  const gateway = await testConfig({ onTestFinished: (close: () => Promise<void>) => ends.push(close) }, join(cwd, 'gateway.yaml'), { env })
  t.equal((await gateway.request('/health')).answer.status, 200)
  for (const end of ends) await end()
  await t.rejects(gateway.request('/health'))
})

t.test('testConfig, in a test of any runner', async t => {
  const cwd = t.testdir({ 'gateway.yaml': CONFIG, 'bad.yaml': 'servces: []\n' })
  const gateway = await testConfig(t, join(cwd, 'gateway.yaml'), { env, clock: '2030-01-01T00:00:00Z', stubs: { '*': { json: { here: true } } } })
  const answer = await gateway.request('/health')
  answer.expect({ status: 200, json: { here: true }, route: 'health' })
  t.throws(() => answer.expect({ status: 201, route: null }), /^status: expected 201, got 200\nroute: expected none, got health\n {2}GET \/health took the route health/)
  gateway.stub('*', () => ({ status: 204 }))
  t.equal((await gateway.request('/health')).answer.status, 204)
  t.match(gateway.token({ claims: { sub: 'x' } }), /^[\w-]+\.[\w-]+\.[\w-]+$/)
  t.throws(() => gateway.stub({ nobody: {} }), /no service or upstream/)
  await t.rejects(testConfig(join(cwd, 'bad.yaml')), /bad\.yaml:1:1: unknown field 'servces'/)
  t.ok(Object.isFrozen(configTests('gateway.yaml', {})))
})

t.test('--watch runs again when a file has changed, and ends with a signal', async t => {
  const plugin = (word: string): string => `import { definePlugin, Type } from 'sallyport/plugin'
export default definePlugin({ name: 'mine', priority: 1, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'], register (scope) {
  scope.addHook('onRequest', function mine (_request: unknown, reply: any, done: () => void) { reply.header('x-mine', '${word}'); done() })
} })`
  const config = `${CONFIG}gateway: { modules: [./mine.ts] }\nplugins: [{ name: mine }]\n`
  const cwd = t.testdir({ 'gateway.yaml': config, 'mine.ts': plugin('before'), 'one.test.yaml': 'tests:\n  - { name: first, request: /health, expect: { status: 500 } }\n' })
  const signals = new EventEmitter()
  let written = ''
  const runs: Array<() => void> = []
  const seen = async (text: RegExp): Promise<void> => {
    while (!text.test(written)) await new Promise<void>(resolve => { runs.push(resolve) })
  }
  const ended = runCli(['test', '--watch'], {
    cwd,
    env,
    signals,
    onStderr: text => { written += text },
    onStdout: text => {
      written += text
      for (const resolve of runs.splice(0)) resolve()
    }
  })
  await seen(/1 failed[^]*waiting/)
  writeFileSync(join(cwd, 'one.test.yaml'), 'tests:\n  - { name: second, request: /health, expect: { status: 200 } }\n')
  await seen(/ok {6}second[^]*waiting/)
  writeFileSync(join(cwd, 'two.test.yaml'), 'tests: [{ name: third, request: /health, expect: { headers: { x-mine: after } } }]\n')
  await seen(/failed {2}third[^]*got "before"[^]*waiting/)
  writeFileSync(join(cwd, 'mine.ts'), plugin('after'))
  await seen(/ok {6}third[^]*waiting/)
  rmSync(join(cwd, 'gateway.yaml'))
  await seen(/no such file[^]*waiting|2 failed[^]*waiting/)
  written = ''
  writeFileSync(join(cwd, 'gateway.yaml'), config)
  await seen(/2 tests: 2 passed[^]*waiting/)
  signals.emit('SIGINT')
  t.equal((await ended).code, 0)
})

t.test('the schema says of each field what it is', async t => {
  t.doesNotThrow(() => createAjv().compile(ConfigTests))
  const bare: string[] = []
  const look = (schema: Record<string, unknown>, at: string): void => {
    for (const [name, inner] of Object.entries((schema['properties'] ?? {}) as Record<string, Record<string, unknown>>)) {
      if (inner['description'] === undefined && inner['examples'] === undefined && inner['$ref'] === undefined && !['equals', 'contains'].includes(name)) bare.push(`${at}.${name}`)
      look(inner, `${at}.${name}`)
    }
    for (const list of ['anyOf'] as const) for (const inner of (schema[list] ?? []) as Array<Record<string, unknown>>) look(inner, at)
    if (typeof schema['items'] === 'object') look(schema['items'] as Record<string, unknown>, `${at}[]`)
  }
  look(ConfigTests as unknown as Record<string, unknown>, '')
  for (const [name, part] of Object.entries((ConfigTests as unknown as { definitions: object }).definitions)) look(part as unknown as Record<string, unknown>, name)
  t.same(bare, [])
})
