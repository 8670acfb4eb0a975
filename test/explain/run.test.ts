import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { explain, type ExplainParts } from '../../src/explain/explain.ts'
import { runRequest } from '../../src/explain/run.ts'
import type { ExplainedRun, RunRequest } from '../../src/explain/run-types.ts'
import type { ExplainRequest } from '../../src/explain/types.ts'

async function partsOf (text: string, env: Record<string, string> = {}): Promise<ExplainParts> {
  const { config, plugins, source, diagnostics } = await loadConfig({ file: join(t.testdirName, 'gateway.yaml'), text: `_format_version: "3.0"\n${text}`, env })
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  return { config, registry: plugins.registry, source }
}

async function run (text: string, request: Partial<ExplainRequest & RunRequest>, env: Record<string, string> = {}): Promise<ExplainedRun> {
  return await runRequest(await partsOf(text, env), { method: 'GET', url: '/', ...request }) as ExplainedRun
}

t.test('what explain says goes up is what comes to the service', async t => {
  const parts = await partsOf(`gateway: { listen: [{ port: 8000 }, { port: 9000 }], trusted_ips: [10.0.0.0/8] }
upstreams:
  - { name: pool, targets: [{ target: "a.internal:8080" }] }
services:
  - { name: s, url: http://s.internal/base/, routes: [{ name: a, paths: [/a] }, { name: b, paths: [/b], strip_path: false, preserve_host: true }, { name: c, paths: ['~/c/(\\d+)'], path_handling: v1, path_policy: { encoded_slash: decode } }] }
  - { name: p, url: http://pool, routes: [{ name: p, hosts: ["*.pool.example.com"] }] }
`)
  const requests: ReadonlyArray<Partial<ExplainRequest>> = [
    { url: '/a' }, { url: '/a/x//y/../z?q=1&q=2' }, { url: 'http://api.example.com:9000/b/%7Eann/%20?' }, { url: '/c/12%2F34' },
    { url: 'http://x.pool.example.com/any', headers: [['X-Forwarded-For', '198.51.100.1, 10.0.0.9'], ['X-Forwarded-Proto', 'https'], ['Forwarded', 'for=1']], ip: '10.0.0.2' },
    { method: 'POST', url: '/a', data: 'text', headers: [['X-User-Id', '1'], ['Connection', 'X-Hop'], ['X-Hop', '1'], ['X_Odd', '1'], ['TE', 'trailers'], ['Via', '1.0 other'], ['Accept', 'a'], ['accept', 'b']] }
  ]
  for (const request of requests) {
    const whole = { method: 'GET', url: '/', ...request }
    const { upstream } = explain(parts, whole)
    const [sent] = (await runRequest(parts, whole))?.sent ?? []
    const address = new URL(upstream?.url ?? '')
    const target = upstream?.balanced?.targets[0]?.target ?? `${address.hostname}:${address.port === '' ? 80 : address.port}`
    t.equal(sent?.to, target, whole.url)
    t.equal(sent?.target, `${upstream?.url.slice(address.origin.length)}`, whole.url)
    const fields = (list: ReadonlyArray<{ readonly name: string, readonly value: string }> = []): string[] => list
      .filter(({ name }) => !/^(?:content-length|x-sallyport-request-id)$/i.test(name))
      .map(({ name, value }) => `${name.toLowerCase()}: ${value}`).sort()
    t.same(fields(sent?.headers), fields(upstream?.headers), whole.url)
  }
})

t.test('a token that somebody has got a moment ago is judged by the time that it is', async t => {
  const secret = 'a-secret-of-thirty-two-bytes-or-more'
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = (claims: Record<string, number>): string => {
    const head = `${part({ alg: 'HS256' })}.${part(claims)}`
    return `Bearer ${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
  }
  const now = Math.floor(Date.now() / 1000)
  const text = 'services: [{ name: s, url: "http://s.internal", routes: [{ name: r, paths: [/], plugins: [{ name: jwt, config: { secret: "{vault://env/s}", algorithms: [HS256] } }] }] }]\n'
  const status = async (claims: Record<string, number>): Promise<number> => (await run(text, { headers: [['Authorization', signed(claims)]] }, { S: secret })).answer.status
  t.equal(await status({ iat: now, nbf: now, exp: now + 5 }), 200)
  t.equal(await status({ iat: now - 90, exp: now - 60 }), 401)
})

const CHAIN = `services:
  - name: s
    url: http://s.internal
    routes:
      - name: r
        paths: [/r]
        plugins:
          - { name: request-transformer, config: { add: { headers: ["X-New:1"], querystring: ["a:1"] }, remove: { headers: [X-Old] }, replace: { headers: ["X-Kept:new"], uri: /changed } } }
          - { name: response-transformer, config: { add: { headers: ["X-Answer:1"], json: ["more:1"] } } }
          - { name: key-auth }
          - { name: rate-limiting, config: { minute: 10 } }
consumers:
  - { username: ann, keyauth_credentials: [{ key: the-long-key-of-ann }] }
`

t.test('each plugin shows what it changed of the request and of the answer, in order', async t => {
  const result = await run(CHAIN, { url: '/r/x', headers: [['apikey', 'the-long-key-of-ann'], ['X-Old', '1'], ['X-Kept', 'old']], answer: '{"own":1}' })
  t.same(result.steps.filter(({ phase }) => phase !== 'response').map(({ plugin }) => plugin), ['key-auth', 'rate-limiting', 'request-transformer', 'response-transformer'])
  const changes = (plugin: string, phase: string) => result.steps.find(step => step.plugin === plugin && step.phase === phase)?.changes
  t.match(changes('key-auth', 'access'), [{ of: 'request', what: 'consumer', before: null, after: 'ann' }, { what: 'header', name: 'apikey', before: '***', after: null }, { what: 'header', name: 'X-Consumer-ID' }])
  t.same(changes('request-transformer', 'access'), [
    { of: 'request', what: 'url', name: null, before: 'http://s.internal:80/x', after: 'http://s.internal:80/changed?a=1' },
    { of: 'request', what: 'header', name: 'X-Old', before: '1', after: null },
    { of: 'request', what: 'header', name: 'X-Kept', before: 'old', after: 'new' },
    { of: 'request', what: 'header', name: 'X-New', before: null, after: '1' }
  ])
  t.match(changes('response-transformer', 'response')?.find(({ what }) => what === 'body'), { of: 'answer', before: '{"own":1}', after: /"more"/ })
  t.match(result, { answered_by: 'upstream', consumer: 'ann', answer: { status: 200, body: /"more"/ }, not_reached: [], missing: [], sent: [{ to: 's.internal:80', purpose: 'upstream', target: '/changed?a=1' }] })
  t.notMatch(JSON.stringify(result), /the-long-key-of-ann/)
})

t.test('who answers is said, with the plugins that had no turn', async t => {
  const result = await run(CHAIN, { url: '/r' })
  t.match(result.steps[0], { plugin: 'key-auth', phase: 'access', outcome: 'refused', status: 401, code: 'SP_UNAUTHORIZED', entry: { scope: 'route', line: 11 } })
  t.match(result, { answered_by: 'key-auth', end_reason: 'UA', not_reached: ['rate-limiting', 'request-transformer'], sent: [], answer: { status: 401, body: /No API key/ } })
  t.match((await run(CHAIN, { url: '/r', consumer: 'ann' })).steps[0], { plugin: 'key-auth', outcome: 'assumed' })
})

t.test('a request that the gateway answers by itself runs no access hook', async t => {
  t.match(await run('plugins: [{ name: correlation-id, config: { echo_downstream: true } }]\nroutes: [{ paths: [/a] }]', { url: '/b' }), { answered_by: 'gateway', end_reason: 'NR', answer: { status: 404 }, not_reached: [] })
  t.equal(await runRequest(await partsOf('routes: [{ paths: [/] }]'), { method: 'CONNECT', url: '/' }), null)
})

t.test('a token of the stub provider is accepted, and its claims count', async t => {
  const text = `plugins:
  - { name: jwt, config: { issuers: [{ issuer: "https://idp.example.com", audience: [api] }] } }
services: [{ url: http://s.internal, routes: [{ paths: [/] }] }]
`
  t.match(await run(text, { claims: { sub: 'ann', aud: 'api' } }), { answered_by: 'upstream', answer: { status: 200 } })
  t.match(await run(text, { claims: { sub: 'ann', aud: 'other' } }), { answered_by: 'jwt', answer: { status: 401 } })
  t.match(await run(text, {}), { answered_by: 'jwt', answer: { status: 401 } })
})

t.test('what a plugin takes from the environment is cut where it shows', async t => {
  const env = { DECK_HIDDEN: 'http://hidden-host.internal', DECK_VALUE: 'value-from-outside' }
  const result = await run(`services:
  - name: s
    url: "\${{ env \\"DECK_HIDDEN\\" }}"
    routes: [{ paths: [/], plugins: [{ name: request-transformer, config: { add: { headers: ["X-From:\${{ env \\"DECK_VALUE\\" }}"] } } }] }]
`, {}, env)
  t.equal(result.answer.status, 200)
  t.notMatch(JSON.stringify(result), /hidden-host|value-from-outside/)
})

t.test('a body that is no text is counted, a long one is cut', async t => {
  const result = await run('services: [{ url: http://s.internal, routes: [{ paths: [/] }] }]', { method: 'POST', data: 'a\0b', answer: 'x'.repeat(5000) })
  t.equal(result.sent[0]?.body, '(3 bytes)')
  t.match(result.answer.body, /^x{2000}… \(5000 bytes\)$/)
})

t.test('why an attempt at the service came to nothing is said, without a host from the environment', async t => {
  const env = { HOST: 'hidden.internal' }
  const services = 'services: [{ name: s, url: "https://s.internal", retries: 1, routes: [{ paths: [/] }] }, { name: h, host: "{vault://env/HOST}", protocol: https, routes: [{ paths: [/h] }] }]\n'
  const { answer, failed_tries: failed } = await run(services, { url: '/', stubs: { s: { certificate: 'untrusted' } } }, env)
  t.equal(answer.status, 502)
  t.match(failed, [/^an attempt failed: no authority that the gateway trusts vouches for the certificate of s\.internal:443 \(/])
  t.equal(failed.length, 1)
  const secret = await run(services, { url: '/h', stubs: { h: { error: 'refused' } } }, env)
  t.equal(secret.answer.status, 502)
  t.match(secret.failed_tries, [/^an attempt failed: nothing listens at /])
  t.notMatch(JSON.stringify(secret), /hidden/)
})
