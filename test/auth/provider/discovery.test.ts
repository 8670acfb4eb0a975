import t, { type Test } from 'tap'
import { Discovery, locate } from '../../../src/auth/provider/discovery.ts'
import type { JsonAnswer, ProviderHttp } from '../../../src/auth/provider/http.ts'
import { ProviderError } from '../../../src/auth/provider/provider-error.ts'
import { fakeProviderClock } from '../../helpers/provider-clock.ts'

const ISSUER = 'https://id.test/realm'

function start (_t: Test, document: object, issuer = ISSUER) {
  const clock = fakeProviderClock()
  const provider = { document: document as Record<string, unknown>, down: false, asked: [] as string[] }
  const http: Pick<ProviderHttp, 'get'> = {
    async get (url): Promise<JsonAnswer> {
      provider.asked.push(url)
      if (provider.down) throw new ProviderError('it answered with status 500')
      return { body: provider.document, cacheControl: '' }
    }
  }
  return { clock, provider, discovery: new Discovery(issuer, http as ProviderHttp, clock, false) }
}

t.test('the document of an issuer is where the specifications put it', async t => {
  for (const [written, url, issuer] of [
    ['https://id.test', 'https://id.test/.well-known/openid-configuration', 'https://id.test'],
    ['https://id.test/', 'https://id.test/.well-known/openid-configuration', 'https://id.test/'],
    ['https://id.test/realm', 'https://id.test/realm/.well-known/openid-configuration', 'https://id.test/realm'],
    ['https://id.test/realm/.well-known/openid-configuration', 'https://id.test/realm/.well-known/openid-configuration', 'https://id.test/realm'],
    ['https://id.test/.well-known/oauth-authorization-server/realm', 'https://id.test/.well-known/oauth-authorization-server/realm', 'https://id.test/realm'],
    ['https://id.test/.well-known/oauth-authorization-server', 'https://id.test/.well-known/oauth-authorization-server', 'https://id.test']
  ] as const) t.same(locate(written), { url, issuer }, written)
})

t.test('it is read once an hour, and once for all who ask at the same time', async t => {
  const { discovery, provider, clock } = start(t, { issuer: ISSUER, jwks_uri: 'https://id.test/jwks', introspection_endpoint: 'https://id.test/introspect' })
  const answers = await Promise.all([discovery.metadata(), discovery.metadata()])
  for (const answer of answers) t.same(answer, { issuer: ISSUER, jwks_uri: 'https://id.test/jwks', introspection_endpoint: 'https://id.test/introspect' })
  await discovery.metadata()
  t.same(provider.asked, ['https://id.test/realm/.well-known/openid-configuration'])
  await clock.advance(3_600_000)
  await discovery.metadata()
  t.equal(provider.asked.length, 2)
  discovery.forget()
  await discovery.metadata()
  t.equal(provider.asked.length, 3)
})

t.test('the last good one serves while the provider is down', async t => {
  const { discovery, provider } = start(t, { issuer: ISSUER, jwks_uri: 'https://id.test/jwks' })
  provider.down = true
  await t.rejects(discovery.metadata(), { message: 'discovery: it answered with status 500' })
  provider.down = false
  t.match(await discovery.metadata(), { jwks_uri: 'https://id.test/jwks', introspection_endpoint: null })
  provider.down = true
  discovery.forget()
  t.match(await discovery.metadata(), { jwks_uri: 'https://id.test/jwks' })
})

t.test('another issuer\'s document is refused, down to the slash', async t => {
  for (const [issuer, words] of [['https://evil.test', /another issuer$/], [`${ISSUER}/`, /slash at the end/], [undefined, /another issuer$/], [7, /another issuer$/], ['HTTPS://id.test/realm', /another issuer$/]] as const) {
    const { discovery } = start(t, { issuer, jwks_uri: 'https://id.test/jwks' })
    await t.rejects(discovery.metadata(), { message: words }, String(issuer))
  }
})

t.test('addresses in it must be https', async t => {
  for (const jwksUri of ['http://id.test/jwks', 'nonsense', 7, 'https://u:p@id.test/']) {
    const { discovery } = start(t, { issuer: ISSUER, jwks_uri: jwksUri })
    await t.rejects(discovery.metadata(), { message: /'jwks_uri' of the document/ }, String(jwksUri))
  }
})
