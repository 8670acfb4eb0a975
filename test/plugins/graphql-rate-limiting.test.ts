import t from 'tap'
import plugin from '../../plugins/graphql-rate-limiting/index.ts'
import { type ClientRequest, testPlugin } from '../../src/testing/index.ts'
import { findings } from '../helpers/plugin-config.ts'

const query = (text: string, more: object = {}): ClientRequest => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: text, ...more }) })
const batch = (...texts: string[]): ClientRequest => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(texts.map(text => ({ query: text }))) })
const codeOf = (answer: { json (): unknown }): unknown => (answer.json() as { errors?: Array<{ extensions?: { code?: string } }> }).errors?.[0]?.extensions?.code

t.test('operations of a minute are counted, each of a batch, and a refusal says when to come back', async t => {
  const test = await testPlugin(t, { plugin, config: { max_queries_per_minute: 4 } })
  const first = await test.request(query('{ a }'))
  t.equal(first.status, 200)
  t.match(first.headers, { 'x-ratelimit-limit-minute': '4', 'x-ratelimit-remaining-minute': '3', 'ratelimit-policy': '"minute";q=4;w=60' })
  t.equal((await test.request(batch('{ a }', '{ b }'))).status, 200)
  const refused = await test.request(batch('{ a }', '{ b }'))
  t.same([refused.status, codeOf(refused)], [429, 'RATE_LIMITED'])
  t.match(refused.headers['retry-after'], /^\d+$/)
  t.match(refused.json(), { message: 'API rate limit exceeded', request_id: /^[\da-f]{32}$/ })
  t.equal((await test.request(query('{ a }'))).status, 200, 'what was refused has cost nothing')
  t.equal((await test.request(query('{ a }'))).status, 429)
  test.clock.advance(120_000)
  t.equal((await test.request(query('{ a }'))).status, 200)
  t.equal(test.received.length, 4)
  t.equal(test.log.at(-2)?.['rate_limit'], 'refused')
})

t.test('the words of the seed: depth and complexity of each request', async t => {
  const test = await testPlugin(t, { plugin, config: { max_queries_per_minute: 100, max_depth: 2, max_complexity: 10 } })
  t.equal((await test.request(query('{ a { b } }'))).status, 200)
  t.equal(codeOf(await test.request(query('{ a { b { c } } }'))), 'LIMIT_EXCEEDED')
  t.equal((await test.request(query('{ a(first: 9) { b } }'))).status, 200)
  t.equal(codeOf(await test.request(query('{ a(first: 10) { b } }'))), 'COST_LIMIT_EXCEEDED')
  t.equal(codeOf(await test.request(batch('{ a(first: 9) { b } }', '{ a }'))), 'COST_LIMIT_EXCEEDED')
  t.equal(codeOf(await test.request(query('{ a(first: 1e400) { b } }'))), 'COST_LIMIT_EXCEEDED')
  const alone = await testPlugin(t, { plugin, config: { max_depth: 1 } })
  const answer = await alone.request(query('{ a }'))
  t.same([answer.status, answer.headers['x-ratelimit-limit-minute']], [200, undefined])
})

t.test('what can\'t be read is refused, not left uncounted', async t => {
  const test = await testPlugin(t, { plugin, config: { max_queries_per_minute: 1 } })
  for (const request of [{}, { method: 'POST', body: '{"query":"{ a }"}' }, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{ a }"}' }, query('{ a'), { method: 'PUT' }]) {
    t.ok([400, 405, 415].includes((await test.request(request)).status))
  }
  t.equal((await test.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await test.request(query('{ a }'))).status, 200)
  t.equal(test.received.length, 2)
})

t.test('consumers count apart', async t => {
  const ada = await testPlugin(t, { plugin, config: { max_queries_per_minute: 1, hide_client_headers: true }, consumer: { username: 'ada' } })
  const answer = await ada.request(query('{ a }'))
  t.same([answer.status, answer.headers['x-ratelimit-limit-minute']], [200, undefined])
  const refused = await ada.request(query('{ a }'))
  t.equal(refused.status, 429)
  t.match(refused.headers['retry-after'], /^\d+$/)
})

t.test('an entry without a limit is a mistake', async t => {
  t.same(findings(plugin, {}), ['error '])
  t.same(findings(plugin, { max_depth: 5 }), [])
  t.same(findings(plugin, { max_depth: 5, policy: 'redis', sync_rate: 0 }), ['error /policy', 'error /sync_rate'])
})
