/** What a provider may do to the gateway: change its keys, go down, have another time; and what clients may do to the provider. */
import t from 'tap'
import { startOidcProvider } from '../../helpers/oidc-provider.ts'
import { bearer, front, start } from './gateway.ts'

t.test('clocks may differ by the leeway, and by no more', async t => {
  const server = await startOidcProvider(t)
  server.lifetime = 60
  for (const [leeway, drift, status] of [
    [30, 0, 200],
    // ours is behind: issued in the future
    [30, -25_000, 200], [30, -45_000, 401], [60, -45_000, 200],
    // ours is ahead: over already, 60 s and more after it was issued
    [30, 85_000, 200], [30, 105_000, 401], [60, 105_000, 200], [0, 65_000, 401]
  ] as const) {
    const test = await front(t, server, { leeway }, { now: Date.now() + drift })
    t.equal((await test.request(bearer(await server.token()))).status, status, `leeway ${leeway} s, drift ${drift} ms`)
  }
})

t.test('keys rotate while requests come, and no good token is refused', async t => {
  const { server, test } = await start(t)
  const tokens = [await server.token()]
  t.equal((await test.request(bearer(tokens[0] as string))).status, 200)
  const statuses: number[] = []
  const run = { on: true }
  const clients = Array.from({ length: 4 }, async (_, client) => {
    for (let count = client; run.on; count++) statuses.push((await test.request(bearer(tokens[count % tokens.length] as string))).status)
  })
  for (let round = 0; round < 3; round++) {
    await server.rotate()
    tokens.push(await server.token(), await server.token({ alg: 'RS256' }))
    const before = statuses.length
    while (statuses.length < before + 60) await new Promise(resolve => setTimeout(resolve, 5))
    test.clock.advance(31_000)
  }
  run.on = false
  await Promise.all(clients)
  t.same(statuses.filter(status => status !== 200), [], `of ${statuses.length}`)
  t.equal(server.counts.jwks, 4)
})

t.test('a key that is withdrawn takes its tokens with it, those that were verified before too', async t => {
  const { server, test } = await start(t)
  const token = await server.token()
  t.equal((await test.request(bearer(token))).status, 200)
  t.equal((await test.request(bearer(token))).status, 200)
  await server.rotate({ drop: true })
  // the new key is unknown, so the set is fetched
  t.equal((await test.request(bearer(await server.token()))).status, 200)
  t.equal((await test.request(bearer(token))).status, 401)
})

t.test('a storm of tokens that name unknown keys costs one fetch', async t => {
  const { server, test } = await start(t)
  const token = await server.token()
  t.equal((await test.request(bearer(token))).status, 200)
  const [, payload = '', signature = ''] = token.split('.')
  const forged = (kid: string): string => `${Buffer.from(JSON.stringify({ alg: 'ES256', kid })).toString('base64url')}.${payload}.${signature}`
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => await test.request(bearer(forged(`${round}-${index}`)))))
    t.ok(answers.every(answer => answer.status === 401))
  }
  t.equal(server.counts.jwks, 2)
})

t.test('a provider that is down: closed without keys, open with them, and nobody becomes anonymous', async t => {
  for (const mode of ['down', 'error', 'garbage', 'slow'] as const) {
    const server = await startOidcProvider(t)
    const token = await server.token()
    server.mode = mode
    const test = await front(t, server, { timeout: 1_000, anonymous: 'guest' }, { consumers: [{ username: 'guest' }] })
    const answer = await test.request(bearer(token))
    t.equal(answer.status, 503, mode)
    t.match(answer.headers['retry-after'], /^\d+$/)
    t.equal(test.received.length, 0)
    server.mode = 'up'
    test.clock.advance(2_000)
    t.equal((await test.request(bearer(token))).status, 200, `${mode}: it is up`)
    server.mode = mode
    t.equal((await test.request(bearer(await server.token()))).status, 200, `${mode}: the keys are there`)
  }
})
