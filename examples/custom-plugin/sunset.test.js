import assert from 'node:assert/strict'
import test from 'node:test'
import { testPlugin } from 'sallyport/testing'
import sunset from './sunset.js'

const config = { date: '2031-01-01T00:00:00Z', link: 'https://example.com/v2' }

test('before the date, answers say when the API goes away', async t => {
  const run = await testPlugin(t, {
    plugin: sunset,
    config,
    now: Date.UTC(2030, 11, 31),
    upstream: () => ({ headers: { link: '</a>; rel="next"' }, body: 'hello' })
  })
  const answer = await run.request('/orders')
  assert.equal(answer.status, 200)
  assert.equal(answer.text, 'hello')
  assert.equal(answer.headers.sunset, 'Wed, 01 Jan 2031 00:00:00 GMT')
  assert.equal(answer.headers.link, '</a>; rel="next", <https://example.com/v2>; rel="sunset"')
})

test('from the date on, the service is not asked any more', async t => {
  const run = await testPlugin(t, { plugin: sunset, config, now: Date.UTC(2030, 11, 31, 23, 59, 59) })
  assert.equal((await run.request()).status, 200)

  run.clock.advance(1000)
  const answer = await run.request()
  assert.equal(answer.status, 410)
  assert.equal(answer.json().message, 'This API is gone')
  assert.equal(answer.headers.sunset, 'Wed, 01 Jan 2031 00:00:00 GMT')
  assert.equal(run.received.length, 1)
})

test('a date that is none stops the gateway from starting', async () => {
  await assert.rejects(testPlugin({ plugin: sunset, config: { date: 'soon' } }), /config\.date: expected a valid date-time/)
})
