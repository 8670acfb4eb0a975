/** Several plugins that ask who calls, on one route, as Kong combines them. */
import { createHmac } from 'node:crypto'
import t from 'tap'
import acl from '../../plugins/acl/index.ts'
import basicAuth from '../../plugins/basic-auth/index.ts'
import hmacAuth from '../../plugins/hmac-auth/index.ts'
import keyAuth from '../../plugins/key-auth/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import { testPlugin } from '../../src/testing/index.ts'

const NOW = Date.UTC(2030, 0, 1)
const DATE = new Date(NOW).toUTCString()

const consumers = [
  { username: 'by-key', keyauth_credentials: [{ key: 'k' }], acls: [{ group: 'partners' }] },
  { username: 'by-password', basicauth_credentials: [{ username: 'u', password: 'p' }] },
  { username: 'by-signature', hmacauth_credentials: [{ username: 's', secret: 'x' }], acls: [{ group: 'partners' }] },
  { username: 'guest', plugins: [{ name: 'request-termination', config: { status_code: 401, message: 'Who are you?' } }] }
]

const key = { apikey: 'k' }
const password = { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` }
const signature = { date: DATE, 'proxy-authorization': `hmac username="s", algorithm="hmac-sha256", headers="date", signature="${createHmac('sha256', 'x').update(`date: ${DATE}`).digest('base64')}"` }

t.test('with anonymous on all of them, the first that succeeds counts; the closing piece refuses the rest', async t => {
  const config = { anonymous: 'guest' }
  const test = await testPlugin(t, { plugin: keyAuth, config, consumers, now: NOW, beside: [{ plugin: basicAuth, config }, { plugin: hmacAuth, config }, { plugin: requestTermination, config: { trigger: 'never' } }] })
  for (const [headers, consumer] of [
    [key, 'by-key'], [password, 'by-password'], [signature, 'by-signature'], [{ ...key, ...password }, 'by-key'], [{ apikey: 'wrong', ...password }, 'by-password'],
    [{ ...key, authorization: 'Basic !' }, 'by-key'], [{ ...password, ...signature }, 'by-password']
  ] as const) {
    t.equal((await test.request({ headers })).status, 200)
    const got = test.received.at(-1)?.headers
    t.equal(got?.['x-consumer-username'], consumer, JSON.stringify(headers))
    t.equal(got?.['x-anonymous-consumer'], undefined)
  }
  const before = test.received.length
  for (const headers of [{}, { apikey: 'wrong' }, { authorization: 'Basic !' }]) {
    const answer = await test.request({ headers })
    t.match([answer.status, answer.json()], [401, { message: 'Who are you?' }])
  }
  t.equal(test.received.length, before)
})

t.test('without anonymous all have to succeed, and the last one counts', async t => {
  const test = await testPlugin(t, { plugin: keyAuth, consumers, now: NOW, beside: [{ plugin: hmacAuth }, { plugin: requestTermination, config: { trigger: 'never' } }] })
  for (const [headers, message] of [
    [{}, 'No API key found in request'], [signature, 'No API key found in request'], [key, 'Unauthorized'], [{ ...key, date: DATE, authorization: 'hmac x' }, 'HMAC signature cannot be verified']
  ] as const) t.match((await test.request({ headers })).json(), { message })
  t.equal((await test.request({ headers: { ...key, ...signature } })).status, 200)
  t.match(test.received.map(({ headers }) => [headers['x-consumer-username'], headers['x-credential-identifier']]), [['by-signature', 's']])
})

t.test('acl decides about whoever it was', async t => {
  const config = { anonymous: 'guest' }
  const test = await testPlugin(t, { plugin: acl, config: { allow: ['partners'] }, consumers, now: NOW, beside: [{ plugin: keyAuth, config }, { plugin: basicAuth, config }, { plugin: requestTermination, config: { trigger: 'never' } }] })
  t.equal((await test.request({ headers: key })).status, 200)
  t.equal(test.received[0]?.headers['x-consumer-groups'], 'partners')
  t.match([await test.request({ headers: password })].map(answer => [answer.status, answer.json()]), [[403, { message: 'You cannot consume this service' }]])
  t.match([await test.request({})].map(answer => [answer.status, answer.json()]), [[401, { message: 'Unauthorized' }]])
})

t.test('a key in the body is found before acl looks who calls', async t => {
  const test = await testPlugin(t, { plugin: acl, config: { allow: ['partners'] }, consumers, beside: [{ plugin: keyAuth, config: { key_in_body: true } }, { plugin: requestTermination, config: { trigger: 'never' } }] })
  t.equal((await test.request({ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"apikey":"k","a":1}' })).status, 200)
  t.match(test.received[0], { text: '{"a":1}', headers: { 'x-consumer-groups': 'partners' } })
})
