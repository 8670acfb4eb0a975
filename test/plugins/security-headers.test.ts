import Fastify from 'fastify'
import fastifyHelmet from '@fastify/helmet'
import t from 'tap'
import plugin from '../../plugins/security-headers/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import responseTransformer from '../../plugins/response-transformer/index.ts'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { type ClientAnswer, type TestContext, type TestPluginOptions, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'

const API = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none'
}
const HSTS = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

/** A gateway behind a proxy that ends TLS and says so. */
const BEHIND = { gateway: { trusted_ips: ['127.0.0.1'] } }
const BY_HTTPS = { headers: { 'x-forwarded-proto': 'https' } }

/** Fields that every answer has, with or without the plugin. */
const USUAL = new Set(['date', 'connection', 'keep-alive', 'content-length', 'content-type', 'transfer-encoding', 'via'])

function own (answer: Pick<ClientAnswer, 'headers'>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !USUAL.has(name) && !/^x-(?:sallyport|kong)-/.test(name)))
}

async function start (t: TestContext, config: object = {}, options: Partial<TestPluginOptions> = {}) {
  return await testPlugin(t, { plugin, config, ...BEHIND, ...options })
}

t.test('by default answers have what an API needs, and Strict-Transport-Security on https alone', async t => {
  const test = await start(t)
  t.same(own(await test.request()), API)
  t.same(own(await test.request(BY_HTTPS)), { ...API, ...HSTS })
})

t.test('preset web is what @fastify/helmet sends', async t => {
  const test = await start(t, { preset: 'web' })
  const theirs = Fastify()
  t.teardown(() => theirs.close())
  await theirs.register(fastifyHelmet)
  theirs.get('/', (_, reply) => reply.send(''))
  t.same(own(await test.request(BY_HTTPS)), own(await theirs.inject('/') as never))
})

t.test('options change single values, take some away and add others', async t => {
  const test = await start(t, {
    hsts: { max_age: 5, include_subdomains: false },
    content_security_policy: "default-src 'self'",
    frame_options: 'SAMEORIGIN',
    referrer_policy: 'origin',
    permissions_policy: 'camera=()',
    headers: ['X-Motto: hé: ho', 'cross-origin-resource-policy:cross-origin', 'X-Empty:'],
    without: ['X-Permitted-Cross-Domain-Policies', 'x-content-type-options']
  })
  const answer = await test.request(BY_HTTPS)
  t.same(own(answer), {
    'strict-transport-security': 'max-age=5',
    'content-security-policy': "default-src 'self'",
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'origin',
    'permissions-policy': 'camera=()',
    'x-motto': Buffer.from('hé: ho').toString('latin1'),
    'x-empty': '',
    'cross-origin-resource-policy': 'cross-origin'
  })
  t.ok(answer.rawHeaders.includes('Permissions-Policy'))
})

t.test('without a preset only the options count', async t => {
  const none = await start(t, { preset: 'none', hsts: { enabled: false } })
  t.same(own(await none.request(BY_HTTPS)), {})
  const some = await start(t, { preset: 'none', headers: ['Strict-Transport-Security: max-age=7'] })
  t.same(own(await some.request()), {})
  t.same(own(await some.request(BY_HTTPS)), { 'strict-transport-security': 'max-age=7' })
})

const upstream = () => ({ headers: { 'x-frame-options': ['SAMEORIGIN', 'DENY'], 'content-security-policy': "default-src 'self'", server: 'apache', 'x-powered-by': 'php', 'x-aspnet-version': '4' } })

t.test('values of the service stay, or give way where told', async t => {
  const kept = await (await start(t, {}, { upstream })).request()
  t.same(own(kept), { ...API, 'x-frame-options': 'SAMEORIGIN, DENY', 'content-security-policy': "default-src 'self'", 'x-aspnet-version': '4' })
  const overridden = await (await start(t, { upstream_values: 'override' }, { upstream })).request()
  t.same(own(overridden), { ...API, 'x-aspnet-version': '4' })
  t.equal(overridden.rawHeaders.filter(name => name.toLowerCase() === 'x-frame-options').length, 1)
})

t.test('fields that tell what runs are removed, the gateway\'s own as well', async t => {
  const test = await start(t, { remove: ['X-AspNet-Version', 'x-powered-by'] }, { upstream })
  const found = own(await test.request())
  t.equal(found['server'], 'apache')
  t.notOk(found['x-powered-by'])
  t.notOk(found['x-aspnet-version'])
  const closed = await start(t, {}, { service: null })
  t.notOk((await closed.request()).headers['server'])
  const open = await start(t, { remove: [] }, { service: null })
  t.ok((await open.request()).headers['server'])
})

t.test('streams, errors and answers of other plugins have the fields', async t => {
  for (const mode of ['keep', 'override']) {
    const config = { upstream_values: mode }
    const stream = await start(t, config, { upstream: () => ({ body: 'x'.repeat(200_000), headers: { server: 'apache', 'x-frame-options': 'SAMEORIGIN' } }) })
    t.same(own(await stream.request()), mode === 'keep' ? { ...API, 'x-frame-options': 'SAMEORIGIN' } : API)
    t.same(own(await (await start(t, config, { service: null })).request()), API)
    t.same(own(await (await start(t, config, { service: { port: 1, retries: 0 } })).request()), API)
    const closed = await start(t, config, { beside: [{ plugin: requestTermination, config: { body: '<p>', content_type: 'text/html' } }] })
    t.same(own(await closed.request()), API)
  }
})

t.test('a global entry is on answers that no route gives, and on those to what isn\'t HTTP', async t => {
  const test = await start(t, { headers: ['X-Motto: hé'] }, { level: 'global', route: { paths: ['/only'] } })
  t.same(own(await test.request()), { ...API, 'x-motto': Buffer.from('hé').toString('latin1') })
  const client = await rawClient(t as never, test.port)
  const { bytes } = await client.send('NOT HTTP\r\n\r\n').end()
  const text = bytes.toString()
  t.match(text, /^HTTP\/1\.1 400 Bad Request\r\nContent-Security-Policy: default-src 'none';frame-ancestors 'none'\r\n/)
  t.match(text, '\r\nX-Motto: hé\r\n')
  t.notMatch(text, 'Strict-Transport-Security')
})

const SEED = [
  'Strict-Transport-Security: max-age=63072000; includeSubDomains; preload',
  'X-Content-Type-Options: nosniff',
  'X-Frame-Options: DENY',
  "Content-Security-Policy: default-src 'self'",
  'Referrer-Policy: strict-origin-when-cross-origin'
]

t.test('the same written as response-transformer gives the same answer', async t => {
  const spelled = {
    preset: 'none',
    hsts: { max_age: 63072000, preload: true },
    content_security_policy: "default-src 'self'",
    frame_options: 'DENY',
    referrer_policy: 'strict-origin-when-cross-origin',
    headers: ['X-Content-Type-Options: nosniff'],
    remove: []
  }
  const ways: Array<[BrandedPlugin, object]> = [
    [responseTransformer, { add: { headers: SEED } }],
    [plugin, spelled],
    [plugin, { preset: 'none', headers: SEED, remove: [] }]
  ]
  for (const answer of [{}, { headers: { 'x-frame-options': 'SAMEORIGIN' } }]) {
    const seen = []
    for (const [plugin, config] of ways) {
      const test = await testPlugin(t, { plugin, config, ...BEHIND, upstream: () => answer })
      seen.push(own(await test.request(BY_HTTPS)))
    }
    t.equal(Object.keys(seen[0] as object).length, 6)
    t.same(seen[1], seen[0])
    t.same(seen[2], seen[0])
  }
})

t.test('options that can\'t be meant are found when the file is loaded', async t => {
  t.same(findings(plugin, {}), [])
  t.same(findings(plugin, { hsts: { preload: true } }), [])
  t.same(findings(plugin, { hsts: { preload: true, max_age: 60 } }), ['error /hsts/preload'])
  t.same(findings(plugin, { hsts: { preload: true, include_subdomains: false } }), ['error /hsts/preload'])
  t.same(findings(plugin, { headers: ['X-A: 1', 'Set-Cookie: a=b', 'Content-Length: 5'] }), ['error /headers/1', 'error /headers/2'])
  t.same(findings(plugin, { remove: ['content-length', 'X-Frame-Options', 'Server'] }), ['error /remove/0', 'error /remove/1'])
  t.same(findings(plugin, { without: ['x-frame-options', 'Server'] }), ['warning /without/1'])
  t.same(findings(plugin, { without: ['Strict-Transport-Security'], hsts: { enabled: false } }), [])
  t.same(findings(plugin, { content_security_policy: "default-src 'self'; scripts 'none';" }), ['warning /content_security_policy'])
})

t.test('values that would break a header are refused', async t => {
  for (const config of [
    { headers: ['a\r\nb: c'] }, { headers: ['a:b\r\nc:d'] }, { headers: ['a:b\u0000'] }, { headers: ['no colon'] }, { without: ['a b'] },
    { content_security_policy: 'a\nb' }, { permissions_policy: 'a\r\nb' }, { frame_options: 'ALLOW-FROM x' }, { referrer_policy: 'none' }
  ]) t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
})
