/** docs/guides/identity-providers.md: tokens of the form that each provider gives them pass, others don't. */
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import plugin from '../../plugins/openid-connect/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { jsonServer } from '../helpers/json-server.ts'
import { codeBlocks } from '../helpers/markdown.ts'

type Claims = Record<string, unknown>

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
/** As Keycloak publishes it, without `alg`, as Entra does. */
const KEYS = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }, { ...publicKey.export({ format: 'jwk' }), kid: 'k2', use: 'enc', alg: 'RSA-OAEP' }] }

const blocks = codeBlocks('docs/guides/identity-providers.md').filter(block => block.info.startsWith('yaml'))
const version = '_format_version: "3.0"\n'

/** The options of the guide's example for an issuer. */
async function example (issuer: string, method: string): Promise<Claims> {
  for (const { text } of blocks) {
    const { config } = await loadConfig({ file: 'gateway.yaml', text: text.startsWith('_format') ? text : version + text, env: { KEYCLOAK_SECRET: 'secret-of-the-gateway' } })
    const options = config?.plugins[0]?.config as Claims | undefined
    if (options?.['issuer'] === issuer && (options['auth_methods'] as string[]).includes(method)) return options
  }
  throw new Error(`no example for ${issuer}`)
}

/** A provider on this machine in place of the one of the example; `answer` is what it says when it is asked about a token. */
async function standIn (t: Test, issuer: string, method = 'bearer', answer: Claims = {}) {
  const path = new URL(issuer).pathname
  const server = await jsonServer(t, request => {
    if (request.url.endsWith('/openid-configuration')) return { issuer: server.origin + path, jwks_uri: `${server.origin}/jwks`, introspection_endpoint: `${server.origin}/introspect` }
    return request.url === '/jwks' ? KEYS : answer
  })
  const test = await testPlugin(t, { plugin, now: Date.now(), config: { ...await example(issuer, method), issuer: server.origin + path, allow_insecure: true } })
  return {
    async ask (claims: Claims): Promise<number> {
      const token = await new SignJWT({ iss: server.origin + path, ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' }).setIssuedAt().setExpirationTime('5m').sign(privateKey)
      return (await test.request({ headers: { authorization: `Bearer ${token}` } })).status
    },
    test
  }
}

const PROVIDERS = [{
  name: 'Auth0',
  issuer: 'https://example.eu.auth0.com/',
  claims: { sub: 'auth0|5f7c8ec7c33c6c004bbafe82', aud: ['https://api.example.com', 'https://example.eu.auth0.com/userinfo'], azp: 'dJk3vPq8sLw0', scope: 'openid orders:read', permissions: ['orders:refund'], 'https://example.com/plan': 'gold' },
  upstream: { 'x-user-id': 'auth0|5f7c8ec7c33c6c004bbafe82', 'x-user-plan': 'gold' },
  wrong: [[{ aud: 'https://example.eu.auth0.com/userinfo' }, 403], [{ scope: 'openid' }, 403], [{ iss: 'https://evil.eu.auth0.com/' }, 401]]
}, {
  name: 'Keycloak',
  issuer: 'https://sso.example.com/realms/shop',
  claims: { sub: 'f3b1', aud: ['account', 'orders-api'], typ: 'Bearer', azp: 'shop', realm_access: { roles: ['offline_access', 'clerk'] }, resource_access: { 'orders-api': { roles: ['x'] } }, scope: 'profile email', preferred_username: 'ann' },
  upstream: { 'x-user-id': 'f3b1', 'x-user-name': 'ann', 'x-user-roles': 'offline_access,clerk' },
  wrong: [[{ aud: 'account' }, 403], [{ realm_access: { roles: ['offline_access'] } }, 403], [{ realm_access: undefined, roles: ['clerk'] }, 403]]
}, {
  name: 'Entra',
  issuer: 'https://login.microsoftonline.com/8f1f3d5e-0000-0000-0000-2b6f0c1d4a7e/v2.0',
  claims: { sub: 'pairwise', aud: '3c9b2a10-0000-0000-0000-5d8e7f6a9b0c', oid: 'user-7', tid: '8f1f3d5e-0000-0000-0000-2b6f0c1d4a7e', scp: 'Orders.Read User.Read', ver: '2.0' },
  upstream: { 'x-user-id': 'user-7', 'x-tenant-id': '8f1f3d5e-0000-0000-0000-2b6f0c1d4a7e' },
  wrong: [[{ aud: '00000003-0000-0000-c000-000000000000' }, 403], [{ scp: undefined, roles: ['Orders.Read'] }, 403], [{ iss: 'https://sts.windows.net/8f1f3d5e-0000-0000-0000-2b6f0c1d4a7e/' }, 401]]
}, {
  name: 'Cognito',
  issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E',
  claims: { sub: 'u-1', client_id: '4h57kfe9d2s8q1', token_use: 'access', scope: 'openid orders/read', 'cognito:groups': ['staff', 'night'], username: 'ann' },
  upstream: { 'x-user-id': 'u-1', 'x-user-name': 'ann' },
  // an ID token names the client in `aud`
  wrong: [[{ client_id: undefined, aud: '4h57kfe9d2s8q1', token_use: 'id' }, 403], [{ 'cognito:groups': ['night'] }, 403], [{ client_id: 'other' }, 403]]
}] as const

for (const { name, issuer, claims, upstream, wrong } of PROVIDERS) {
  t.test(`${name}: its tokens pass, and those for others don't`, async t => {
    const { ask, test } = await standIn(t, issuer)
    t.equal(await ask(claims), 200)
    t.match(test.received[0]?.headers, upstream)
    for (const [change, status] of wrong) t.equal(await ask({ ...claims, ...change }), status, JSON.stringify(change))
    t.equal(test.received.length, 1)
  })
}

t.test('Keycloak, asked about a token without roles', async t => {
  const issuer = 'https://sso.example.com/realms/shop'
  const full = { active: true, aud: 'orders-api', sub: 'f3b1', realm_access: { roles: ['clerk'] } }
  for (const [answer, status] of [[full, 200], [{ ...full, realm_access: undefined }, 403], [{ active: false }, 401]] as const) {
    const { ask } = await standIn(t, issuer, 'introspection', answer)
    t.equal(await ask({ sub: 'f3b1' }), status)
  }
})
