import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Adapter, AdapterPayload, Configuration, JWK, Provider } from 'oidc-provider'
import type { Test } from 'tap'

/** How the provider behaves towards the gateway; clients get their tokens in any case. */
export type ProviderMode = 'up' | 'down' | 'error' | 'slow' | 'garbage'

export interface TokenRequest {
  /** Names separated by blanks; default `orders:read`. */
  readonly scope?: string
  /** The API that it is for: a JWT with this audience. null: an opaque token, without audience. */
  readonly audience?: string | null
  /** Algorithm of a JWT; one of the provider's keys must fit it. Default ES256. */
  readonly alg?: 'ES256' | 'RS256' | 'PS256' | 'EdDSA'
  readonly client?: string
}

/** An OpenID provider (the `oidc-provider` package) on a port of its own. */
export interface OidcServer {
  readonly issuer: string
  readonly jwksUri: string
  readonly introspectionUrl: string
  /** Requests by endpoint, from the gateway and from the test. */
  readonly counts: { discovery: number, jwks: number, introspection: number, token: number }
  mode: ProviderMode
  /** Seconds that tokens live; default 600. */
  lifetime: number
  /** Names of the published keys, the signing ones first. */
  readonly kids: readonly string[]
  /** Further claims in JWTs and introspection answers. */
  claims: Readonly<Record<string, unknown>>
  /** A token by client_credentials. */
  token (request?: TokenRequest): Promise<string>
  revoke (token: string): Promise<void>
  /** Signs with new keys from now on. The old ones stay published unless `drop` is said. */
  rotate (options?: { drop?: boolean }): Promise<void>
}

/** What `private_key_jwt` of the client `gateway-key` is signed with. */
export const gatewayKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Of the clients that have one; what its encoding in a header or a form could spoil. */
export const CLIENT_SECRET = 'a:b c%/+-0123456789-0123456789'
export const API = 'https://api.test/'

/** Clients that may fetch tokens (`orders`, `stranger`) and introspect (`gateway…`). */
const CLIENTS = [
  { client_id: 'orders', client_secret: CLIENT_SECRET, grant_types: ['client_credentials'], scope: 'orders:read orders:write' },
  { client_id: 'stranger', client_secret: CLIENT_SECRET, grant_types: ['client_credentials'], scope: 'orders:read' },
  { client_id: 'gateway', client_secret: CLIENT_SECRET, grant_types: ['client_credentials'] },
  { client_id: 'gateway-post', client_secret: CLIENT_SECRET, grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' as const },
  {
    client_id: 'gateway-key',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt' as const,
    token_endpoint_auth_signing_alg: 'ES256' as const,
    jwks: { keys: [{ ...gatewayKey.publicKey.export({ format: 'jwk' }) as JWK, kid: 'gateway-key-1', use: 'sig', alg: 'ES256' }] }
  }
]

const PATHS = { discovery: '/.well-known/openid-configuration', jwks: '/jwks', introspection: '/token/introspection', token: '/token' } as const

export async function startOidcProvider (t: Test): Promise<OidcServer> {
  const Provider = await loadProvider()
  const state = {
    mode: 'up' as ProviderMode,
    lifetime: 600,
    claims: {} as Readonly<Record<string, unknown>>,
    counts: { discovery: 0, jwks: 0, introspection: 0, token: 0 }
  }
  let keys = signingKeys()
  // tokens outlive a rotation
  const stored = new Map<string, AdapterPayload>()
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const endpoint = (Object.keys(PATHS) as Array<keyof typeof PATHS>).find(name => PATHS[name] === path)
    if (endpoint !== undefined) state.counts[endpoint]++
    const mode = endpoint === 'token' || path === '/token/revocation' ? 'up' : state.mode
    switch (mode) {
      case 'up': handle(request, response); break
      case 'down': request.socket.destroy(); break
      case 'error': response.writeHead(500).end('internal'); break
      case 'garbage': response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'); break
      case 'slow': break
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function start (): void {
    const provider: Provider = quietly(() => new Provider(issuer, configuration({ jwks: { keys }, adapter: adapter(stored), state })))
    handle = provider.callback()
  }
  start()

  async function post (path: string, client: string, form: Record<string, string>): Promise<Record<string, unknown>> {
    const credentials = Buffer.from(`${encodeURIComponent(client)}:${encodeURIComponent(CLIENT_SECRET)}`).toString('base64')
    const response = await fetch(issuer + path, { method: 'POST', headers: { authorization: `Basic ${credentials}` }, body: new URLSearchParams(form) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    return text === '' ? {} : JSON.parse(text) as Record<string, unknown>
  }

  return {
    issuer,
    jwksUri: issuer + PATHS.jwks,
    introspectionUrl: issuer + PATHS.introspection,
    counts: state.counts,
    get mode () { return state.mode },
    set mode (mode) { state.mode = mode },
    get lifetime () { return state.lifetime },
    set lifetime (seconds) { state.lifetime = seconds },
    get claims () { return state.claims },
    set claims (claims) { state.claims = claims },
    get kids () { return keys.map(key => key.kid as string) },
    async token ({ scope = 'orders:read', audience = API, alg = 'ES256', client = 'orders' } = {}) {
      const { access_token: token } = await post(PATHS.token, client, {
        grant_type: 'client_credentials',
        scope,
        // a resource is an address; the algorithm rides on it, and off it again in getResourceServerInfo
        ...(audience === null ? {} : { resource: `${audience}?alg=${alg}` })
      })
      return token as string
    },
    async revoke (token) {
      await post('/token/revocation', 'orders', { token })
    },
    async rotate ({ drop = false } = {}) {
      keys = [...signingKeys(), ...(drop ? [] : keys)]
      start()
    }
  }
}

/** It warns about Node 20, on which it runs all the same, while it is imported. */
async function loadProvider (): Promise<typeof Provider> {
  const { warn } = console
  console.warn = () => {}
  try {
    return (await import('oidc-provider')).Provider
  } finally {
    console.warn = warn
  }
}

/** Its notices are about what a test does on purpose: no https, storage in memory. */
function quietly<T> (make: () => T): T {
  const { warn, info } = console
  console.warn = console.info = () => {}
  try {
    return make()
  } finally {
    Object.assign(console, { warn, info })
  }
}

/** RSA keys take long to make: two serve all providers of a test file in turn, under names of their own each time. */
const rsaKeys = Array.from({ length: 2 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 }))
let rsaTurn = 0

function signingKeys (): JWK[] {
  const round = randomUUID().slice(0, 8)
  const key = (name: string, alg: string | undefined, pair: { privateKey: { export (options: { format: 'jwk' }): unknown } }): JWK =>
    ({ ...pair.privateKey.export({ format: 'jwk' }) as JWK, kid: `${name}-${round}`, use: 'sig', ...(alg === undefined ? {} : { alg }) })
  return [
    key('ec', 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    key('rsa', undefined, rsaKeys[rsaTurn++ % rsaKeys.length] as typeof rsaKeys[0]),
    key('ed', 'EdDSA', generateKeyPairSync('ed25519'))
  ]
}

interface Parts {
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly adapter: (name: string) => Adapter
  readonly state: { readonly lifetime: number, readonly claims: Readonly<Record<string, unknown>> }
}

function configuration ({ jwks, adapter, state }: Parts): Configuration {
  return {
    jwks,
    adapter,
    clients: CLIENTS.map(client => ({ redirect_uris: [], response_types: [], ...client })),
    scopes: ['orders:read', 'orders:write'],
    cookies: { keys: ['only-for-tests'] },
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256', 'HS256'] },
    ttl: { ClientCredentials: () => state.lifetime },
    extraTokenClaims: async () => ({ ...state.claims }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_ctx, resource) => {
          const [audience = '', alg = 'ES256'] = resource.split('?alg=')
          return { scope: 'orders:read orders:write', audience, accessTokenTTL: state.lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: alg as 'ES256' } } }
        }
      }
    }
  }
}

/** The storage of one provider, in memory, over all its rotations. */
function adapter (stored: Map<string, AdapterPayload>): (name: string) => Adapter {
  return name => ({
    async upsert (id, payload) { stored.set(`${name}:${id}`, payload) },
    async find (id) { return stored.get(`${name}:${id}`) },
    async findByUserCode () { return undefined },
    async findByUid () { return undefined },
    async consume () {},
    async destroy (id) { stored.delete(`${name}:${id}`) },
    async revokeByGrantId () {}
  })
}
