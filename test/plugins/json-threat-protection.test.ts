import { gzipSync } from 'node:zlib'
import t from 'tap'
import plugin from '../../plugins/json-threat-protection/index.ts'
import { type PluginTest, testPlugin } from '../../src/testing/index.ts'

async function statusOf (test: PluginTest, body: string | Buffer, method = 'POST'): Promise<number> {
  return (await test.request({ method, body })).status
}

t.test('each limit is the largest that passes, whatever the Content-Type and the method', async t => {
  const limits: Array<[object, string, string]> = [
    [{ max_body_size: 10 }, '"12345678"', '"123456789"'],
    [{ max_container_depth: 2 }, '{"a":{"b":1}}', '{"a":{"b":{}}}'],
    [{ max_object_entry_count: 2 }, '{"a":1,"b":{"c":1}}', '{"a":1,"b":2,"c":3}'],
    [{ max_object_entry_name_length: 2 }, '{"éé":1}', '{"abc":1}'],
    [{ max_array_element_count: 2 }, '[1,[2,3]]', '[1,2,3]'],
    [{ max_string_value_length: 2 }, '["\\u00e9\\n"]', '"abc"'],
    [{ max_container_depth: 0 }, '1', '{}'],
    [{ allow_duplicate_object_entry_name: false }, '{"a":{"a":1}}', '{"a":1,"\\u0061":1}'],
    [{}, '{"a":1,"a":1}', '{"a":1'],
    [{}, '"é"', Buffer.from([0x22, 0xff, 0x22]).toString('latin1')]
  ]
  for (const [config, good, bad] of limits) {
    const test = await testPlugin(t, { plugin, config })
    t.equal(await statusOf(test, good), 200, JSON.stringify(config))
    t.equal(test.received[0]?.text, good)
    for (const method of ['POST', 'DELETE', 'GET']) t.equal(await statusOf(test, Buffer.from(bad, 'latin1'), method), 400, `${JSON.stringify(config)} ${method}`)
    t.equal(test.received.length, 1)
  }
})

t.test('a refusal has the status and message of the options, and the log the reason', async t => {
  const test = await testPlugin(t, { plugin, config: { max_container_depth: 1, error_status_code: 422, error_message: 'too complex' } })
  const answer = await test.request({ method: 'POST', body: '[[]]' })
  t.equal(answer.status, 422)
  t.match(answer.json(), { message: 'too complex', request_id: /^[\da-f]{32}$/ })
  t.equal((await test.request({ method: 'POST', body: `"${'x'.repeat(9000)}"` })).status, 422)
  t.same(test.log, [{ json_threat: 'max_container_depth' }, {}], 'a length that is told is refused before the body is read')
})

t.test('log_only lets everything pass', async t => {
  const test = await testPlugin(t, { plugin, config: { max_container_depth: 1, max_body_size: 10, enforcement_mode: 'log_only' } })
  for (const body of ['[[]]', '[[[[[[]]]]]]', 'x']) t.equal(await statusOf(test, body), 200)
  t.same(test.log.map(line => line['json_threat']), ['max_container_depth', 'max_body_size', 'allow_non_json_requests'])
})

t.test('other bodies pass where that is allowed, limits of JSON hold', async t => {
  const test = await testPlugin(t, { plugin, config: { allow_non_json_requests: true, max_container_depth: 1 } })
  t.equal(await statusOf(test, 'a=1'), 200)
  t.equal(await statusOf(test, Buffer.from([0xff, 0xfe])), 200)
  t.equal(await statusOf(test, '[['), 400)
  t.equal(await statusOf(test, '\ufeff[['), 400, 'a byte order mark changes nothing')
})

t.test('a body without a length is measured, one without bytes passes', async t => {
  const test = await testPlugin(t, { plugin, config: { max_body_size: 100 } })
  const send = async (size: number) => (await fetch(`http://127.0.0.1:${test.port}/`, { method: 'POST', body: new Blob([`"${'x'.repeat(size)}"`]).stream(), duplex: 'half' } as RequestInit)).status
  t.equal(await send(98), 200)
  t.equal(await send(99), 400)
  t.equal((await test.request({ method: 'POST' })).status, 200)
  t.equal((await test.request('/')).status, 200)
  const any = await testPlugin(t, { plugin, config: { max_body_size: -1 } })
  t.equal(await statusOf(any, `"${'x'.repeat(100_000)}"`), 200)
})

t.test('compressed bodies, which nobody looks into, are 415 where other bodies are allowed, unless they are as well', async t => {
  const bomb = gzipSync('[[[[[]]]]]')
  const status = async (config: object, coding = 'gzip'): Promise<number> => {
    const test = await testPlugin(t, { plugin, config: { max_container_depth: 1, ...config } })
    return (await test.request({ method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': coding }, body: bomb })).status
  }
  t.equal(await status({}), 400)
  t.equal(await status({ allow_non_json_requests: true }), 415)
  t.equal(await status({ allow_non_json_requests: true }, 'identity'), 200)
  t.equal(await status({ allow_non_json_requests: true, allow_encoded_requests: true }), 200)
  t.equal(await status({ allow_non_json_requests: true, enforcement_mode: 'log_only' }), 200)
})
