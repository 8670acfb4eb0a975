/** Keys of a real provider, over the network. */
import { compactVerify, decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import type { KeyHint, KeySource } from '../../../src/auth/key-source.ts'
import { keepProvider, Provider, type ProviderOptions } from '../../../src/auth/provider/provider.ts'
import { KeptState } from '../../../src/gateway/keep.ts'
import { startOidcProvider } from '../../helpers/oidc-provider.ts'
import { eventually } from '../../helpers/raw-upstream.ts'
import { recordingLog } from '../../helpers/recording-log.ts'

const SECOND = 1_000
const unavailable = Object.assign(new Error('The identity provider is unavailable'), { statusCode: 503 })

/** A provider as a plugin has it, and a clock that can be put forward. */
function connect (t: Test, options: Partial<ProviderOptions>) {
  const time = { ahead: 0 }
  const log = recordingLog()
  const provider = new Provider({ timeout: 2_000, allowInsecure: true, ...options }, {
    log: log.log,
    now: () => Date.now() + time.ahead
  })
  t.teardown(async () => await provider.close())
  return { provider, time, log }
}

/** Whether a token holds, as jose sees it. */
async function verifies (keys: KeySource, token: string): Promise<boolean> {
  for (const { key } of await keys.keysFor(decodeProtectedHeader(token) as KeyHint)) {
    if (await compactVerify(token, key).then(() => true, () => false)) return true
  }
  return false
}

t.test('keys are found from the issuer alone', async t => {
  const server = await startOidcProvider(t)
  const { provider } = connect(t, { issuer: server.issuer })
  t.equal(provider.issuer, server.issuer)
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA'] as const) t.ok(await verifies(provider.keys, await server.token({ alg })), alg)
  t.match(server.counts, { discovery: 1, jwks: 1 })
  t.equal(await provider.introspectionUrl(), server.introspectionUrl)
  t.match(server.counts, { discovery: 1 })
})

t.test('an address that is configured needs no discovery', async t => {
  const server = await startOidcProvider(t)
  const { provider } = connect(t, { jwksUri: server.jwksUri, introspectionUrl: 'https://elsewhere.test/' })
  t.ok(await verifies(provider.keys, await server.token()))
  t.match(server.counts, { discovery: 0, jwks: 1 })
  t.equal(await provider.introspectionUrl(), 'https://elsewhere.test/')
  t.equal(provider.issuer, null)
})

t.test('keys rotate while requests come, and no good token is refused', async t => {
  const server = await startOidcProvider(t)
  const { provider, time } = connect(t, { issuer: server.issuer })
  const tokens = [await server.token()]
  t.ok(await verifies(provider.keys, tokens[0] as string))
  const answers = { right: 0, wrong: 0 }
  const run = { on: true }
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let count = client; run.on; count++) {
      const token = tokens[count % tokens.length] as string
      if (await verifies(provider.keys, token)) answers.right++
      else answers.wrong++
    }
  })
  for (let round = 0; round < 4; round++) {
    await server.rotate()
    tokens.push(await server.token(), await server.token({ alg: 'RS256' }))
    const before = answers.right
    await eventually(() => answers.right > before + 200)
    time.ahead += 31 * SECOND
  }
  run.on = false
  await Promise.all(clients)
  t.equal(answers.wrong, 0, `of ${answers.right + answers.wrong}`)
  t.equal(server.counts.jwks, 5, 'the first fetch, and one a rotation')
})

t.test('a key that is withdrawn verifies nothing from the next fetch on', async t => {
  const server = await startOidcProvider(t)
  const { provider, time } = connect(t, { issuer: server.issuer })
  const old = await server.token()
  t.ok(await verifies(provider.keys, old))
  const { version } = provider.keys
  await server.rotate({ drop: true })
  t.ok(await verifies(provider.keys, await server.token()), 'the new one is found')
  t.not(provider.keys.version, version)
  time.ahead += 31 * SECOND
  t.notOk(await verifies(provider.keys, old), 'and the old one is gone')
})

t.test('a storm of tokens with made-up names costs one fetch', async t => {
  const server = await startOidcProvider(t)
  const { provider, time } = connect(t, { issuer: server.issuer })
  await provider.keys.keysFor({ alg: 'ES256', kid: server.kids[0] as string })
  const storm = async (): Promise<void> => {
    const found = await Promise.all(Array.from({ length: 1_000 }, async (_, index) => await provider.keys.keysFor({ alg: 'ES256', kid: `${Math.random()}-${index}` })))
    t.ok(found.every(keys => keys.length === 0))
  }
  for (let round = 0; round < 5; round++) await storm()
  t.equal(server.counts.jwks, 2)
  time.ahead += 31 * SECOND
  for (let round = 0; round < 5; round++) await storm()
  t.match(server.counts, { jwks: 3, discovery: 1 })
})

t.test('whatever is wrong with the provider: closed before the first set, open with the last good one', async t => {
  for (const mode of ['down', 'error', 'garbage', 'slow'] as const) {
    const server = await startOidcProvider(t)
    const token = await server.token()
    server.mode = mode
    const { provider, time, log } = connect(t, { issuer: server.issuer, timeout: 1_000 })
    await t.rejects(async () => await verifies(provider.keys, token), unavailable, `${mode}: nothing is known`)
    t.match(log.lines[0], { level: 'warn', provider: `${server.issuer}/` })

    server.mode = 'up'
    time.ahead += 2 * SECOND
    t.ok(await verifies(provider.keys, token), `${mode}: it is up`)
    server.mode = mode
    time.ahead += 3_600 * SECOND
    t.ok(await verifies(provider.keys, token), `${mode}: the last good set`)
    time.ahead += 23 * 3_600 * SECOND
    await t.rejects(async () => await verifies(provider.keys, token), unavailable, `${mode}: which is a day old by now`)
    server.mode = 'up'
    time.ahead += 31 * SECOND
    t.ok(await verifies(provider.keys, token), `${mode}: it is up again`)
  }
})

t.test('an issuer that moves its keys is asked where they are', async t => {
  const server = await startOidcProvider(t)
  const { provider, time } = connect(t, { issuer: server.issuer })
  t.ok(await verifies(provider.keys, await server.token()))
  server.mode = 'error'
  time.ahead += 900 * SECOND
  t.ok(await verifies(provider.keys, await server.token()))
  server.mode = 'up'
  time.ahead += 31 * SECOND
  await provider.keys.keysFor({ alg: 'ES256', kid: 'x' })
  t.equal(server.counts.discovery, 2)
})

t.test('a provider lives through reloads, and is closed with the last snapshot', async t => {
  const server = await startOidcProvider(t)
  const kept = new KeptState()
  const names: string[] = []
  const gateway = {
    now: Date.now,
    log: recordingLog().log,
    keep<T> (): T { throw new Error('not of one entry') },
    share<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T {
      names.push(key)
      return kept.acquire(key, create, close)
    }
  }
  const options = { issuer: server.issuer, timeout: 1_000, allowInsecure: true }
  const first = keepProvider(gateway, options)
  await first.keys.keysFor({ alg: 'ES256', kid: server.kids[0] as string })
  const second = keepProvider(gateway, { ...options })
  t.equal(second, first)
  const other = keepProvider(gateway, { ...options, issuer: 'https://other.test' })
  t.not(other, first, 'another issuer is another provider')
  await kept.release(names[0] as string)
  t.equal((await second.keys.keysFor({ alg: 'ES256', kid: server.kids[0] as string })).length, 1)
  t.equal(server.counts.jwks, 1)
  for (const name of names.slice(1)) await kept.release(name)
  await t.rejects(second.http.get(server.jwksUri), { message: /UND_ERR_DESTROYED/ })
})
