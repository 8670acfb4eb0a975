import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import plugin from '../../plugins/graphql-proxy-cache/index.ts'
import { createGateway } from '../../src/index.ts'
import { type ClientRequest, type PluginTest, testPlugin } from '../../src/testing/index.ts'
import { ask, gatewayYaml, upstream } from '../helpers/running.ts'

const query = (text: string): ClientRequest => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: text }) })

t.test('without options, queries are answered from memory for five minutes', async t => {
  const test: PluginTest = await testPlugin(t, { plugin, upstream: () => ({ headers: { 'content-type': 'application/json', date: new Date(test.clock.now()).toUTCString() }, body: '{"data":{}}' }) })
  const seen: unknown[] = []
  for (const seconds of [0, 299, 2]) {
    test.clock.advance(seconds * 1000)
    seen.push((await test.request(query('{ a }'))).headers['x-cache-status'])
  }
  t.same(seen, ['Miss', 'Hit', 'Miss'])
})

t.test('both plugins as tutorials write them: limits first, then the cache', async t => {
  let asked = 0
  const port = await upstream(t, (_request, response) => {
    asked++
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}')
  })
  const folder = mkdtempSync(join(tmpdir(), 'graphql-seed-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const text = gatewayYaml(port, {}, `plugins:
- name: graphql-proxy-cache
- name: graphql-rate-limiting
  config:
    max_queries_per_minute: 3
    max_depth: 5
    max_complexity: 1000
`)
  const log = join(folder, 'access.log')
  const gateway = await createGateway({ file: 'gateway.yaml', text, accessLog: log, log: { write () {} } })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const send = async (text: string) => await ask(gateway.addresses[0]?.port as number, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: text }) })
  const seen: unknown[] = []
  for (const text of ['{ a }', '{ a }', '{a{b{c{d{e{f}}}}}}', '{ a(first: 1000) { b } }', '{ b }', '{ a }']) {
    const { status, headers } = await send(text)
    seen.push([status, headers['x-cache-status']])
  }
  t.same(seen, [[200, 'Miss'], [200, 'Hit'], [400, undefined], [400, undefined], [200, 'Miss'], [429, undefined]])
  t.equal(asked, 2)
  await gateway.close()
  t.match(readFileSync(log, 'utf8'), /"cache":"hit"/)
})
