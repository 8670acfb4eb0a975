/** Nothing that a caller controls becomes a header field of its own: through claims, templates, paths, or a plugin that is careless. */
import { createSecretKey } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import acl from '../../plugins/acl/index.ts'
import forwardAuth from '../../plugins/forward-auth/index.ts'
import jwt from '../../plugins/jwt/index.ts'
import keyAuth from '../../plugins/key-auth/index.ts'
import redirect from '../../plugins/redirect/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import requestTransformer from '../../plugins/request-transformer/index.ts'
import signedIdentity from '../../plugins/signed-identity/index.ts'
import { testPlugin, type PluginTest, type TestPluginOptions } from '../../src/testing/index.ts'
import { statusOf } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { signToken, type SigningKey } from '../helpers/jwt.ts'
import { testPlugin as hooks } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'
import { upstream as listen } from '../helpers/running.ts'

/** CR, LF and NUL, and characters of which cutting to a byte leaves one of them. */
const PAYLOADS = ['a\r\nX-Injected: 1', 'a\nX-Injected: 1', 'a\rX-Injected: 1', 'a\r\n\r\nGET /injected HTTP/1.1\r\nHost: x\r\n\r\n', 'a\0X-Injected: 1', 'a\u010d\u010aX-Injected: 1', 'a\u560d\u560aX-Injected: 1', 'a\u0085X-Injected: 1', '\r\nX-Injected: 1', 'a\v\f\x7fb', 'a\r\n X-Injected: 1']

const SECRET = 'a secret of thirty-two bytes, or more'
const key: SigningKey = { kid: 'one', alg: 'HS256', sign: createSecretKey(Buffer.from(SECRET)), verify: createSecretKey(Buffer.from(SECRET)) }
const consumers = [{ username: 'ann', jwt_secrets: [{ key: 'ann', secret: SECRET }] }]

/** Control characters are refused in paths unless told otherwise: here they get through to the plugins. */
const LENIENT = { path_policy: { control_characters: 'keep', null_byte: 'keep' } }

/** What goes up and comes back is one request and its answer, and none of its fields is the payload's own. */
async function holds (t: Test, test: PluginTest, payload: string, path: string, headers: Record<string, string> = {}): Promise<void> {
  const before = test.received.length
  const { answer, client } = await ask(t, test.port, get(path, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), 'Connection: close'))
  await client.end()
  const what = JSON.stringify(payload)
  t.ok([200, 302, 400, 401, 403].includes(statusOf(answer)), `${what}: ${statusOf(answer)}`)
  t.equal(client.answers.length, 1, what)
  const seen = test.received.slice(before)
  t.ok(seen.length <= 1, what)
  for (const { rawHeaders } of [...seen, { rawHeaders: answer.fields.flat() }]) {
    for (let index = 0; index < rawHeaders.length; index += 2) {
      t.notMatch(rawHeaders[index], /injected/i, what)
      t.notMatch(rawHeaders[index + 1], /[\0-\x08\x0a-\x1f\x7f]/, what) // eslint-disable-line no-control-regex
    }
  }
}

/** A gateway with this plugin, and requests that carry each payload by the ways that there are. */
const WAYS: Readonly<Record<string, (t: Test) => Promise<(payload: string) => Promise<[test: PluginTest, path: string, headers?: Record<string, string>]>>>> = {
  async 'claims of a token (jwt, acl, signed-identity)' (t) {
    const test = await run(t, {
      plugin: jwt,
      config: { claims_to_headers: { 'X-Name': 'name', 'X-List': 'list' } },
      consumers,
      beside: [{ plugin: acl, config: { allow: ['staff'], groups_claim: 'groups' } }, { plugin: signedIdentity, config: { keys: [SECRET], mode: 'hmac' } }]
    })
    return async payload => {
      const token = await signToken(key, { iss: 'ann', sub: payload, name: payload, list: [payload, 'b'], groups: ['staff', payload], exp: Date.UTC(2030, 0, 2) / 1000 })
      return [test, '/', { authorization: `Bearer ${token}` }]
    }
  },
  async 'arguments, captures and fields in templates (request-transformer)' (t) {
    const test = await run(t, {
      plugin: requestTransformer,
      config: { add: { headers: ['X-Argument:$(query_params.q)', 'X-Capture:$(uri_captures.x)', 'X-Field:$(headers.referer)'], querystring: ['again:$(query_params.q)'] }, replace: { uri: '/up/$(uri_captures.x)/$(query_params.q)', headers: ['User-Agent:$(query_params.q)'] } },
      route: { paths: ['~/r/(?<x>[\\s\\S]*)$'] },
      gateway: LENIENT
    })
    return async payload => {
      const text = encodeURIComponent(payload)
      return [test, `/r/${text}?q=${text}`, { referer: text, 'User-Agent': 'x' }]
    }
  },
  async 'the path that an authoriser is asked about (forward-auth)' (t) {
    const authoriser = await listen(t, (request, response) => {
      t.notMatch(request.rawHeaders.filter((_, index) => index % 2 === 0).join(), /injected/i)
      response.end()
    })
    const test = await run(t, { plugin: forwardAuth, config: { url: `http://127.0.0.1:${authoriser}/` }, gateway: LENIENT })
    return async payload => [test, `/${encodeURIComponent(payload)}?${encodeURIComponent(payload)}`]
  },
  async 'the address that a path is redirected to (redirect)' (t) {
    const test = await run(t, { plugin: redirect, config: { location: 'https://new.test', keep_incoming_path: true, status_code: 302 }, gateway: LENIENT })
    return async payload => [test, `/${encodeURIComponent(payload)}?${encodeURIComponent(payload)}`]
  },
  async 'the address of a redirect to https' (t) {
    const test = await run(t, { plugin: requestTermination, config: { trigger: 'never' }, route: { protocols: ['https'], https_redirect_status_code: 302 }, gateway: LENIENT })
    return async payload => [test, `/${encodeURIComponent(payload)}?${encodeURIComponent(payload)}`]
  },
  async 'the name of a consumer (key-auth)' (t) {
    return async payload => [await run(t, { plugin: keyAuth, consumers: [{ custom_id: payload, keyauth_credentials: [{ key: 'k' }] }] }), '/', { apikey: 'k' }]
  }
}

async function run (t: Test, options: TestPluginOptions): Promise<PluginTest> {
  return await testPlugin(t, options)
}

for (const [way, start] of Object.entries(WAYS)) {
  t.test(`CR, LF and NUL make no field: ${way}`, async t => {
    const ask = await start(t)
    for (const payload of PAYLOADS) {
      const [test, path, headers] = await ask(payload)
      await holds(t, test, payload, path, headers)
    }
  })
}

t.test('a plugin that writes such a value itself, towards the service or the client, breaks its own request and nothing else', async t => {
  const upstream = await rawUpstream(t)
  const careless = hooks(scope => {
    scope.addHook('onRequest', async (request, reply) => {
      const payload = decodeURIComponent(request.gateway.target.slice(4))
      if (request.gateway.path === '/up') request.gateway.upstream?.headers.set('X-Careless', payload)
      else if (request.gateway.path === '/to') reply.header('X-Careless', payload)
      else request.gateway.upstream?.headers.set(payload, 'x')
    })
  })
  const { port } = await startHop(t, upstream.port, { plugins: [careless] })
  for (const payload of PAYLOADS) {
    for (const path of ['/up', '/to', '/na']) {
      const client = await rawClient(t, port)
      client.send(get(`${path}?${encodeURIComponent(payload)}`, 'Connection: close'))
      await client.end()
      t.notMatch(client.text, /^X-Injected|^HTTP.*^HTTP/ims, `${path} ${JSON.stringify(payload)}`)
      t.match(client.text, /^HTTP\/1\.1 (?:200|500|502) /, `${path} ${JSON.stringify(payload)}`)
    }
  }
  t.same(upstream.faults, [])
  t.same(upstream.requests.filter(({ line, fields }) => line.startsWith('GET /injected') || fields.some(([name]) => /injected/i.test(name))), [])
  t.equal(statusOf((await ask(t, port, get('/up?fine'))).answer), 200)
})
