import t from 'tap'
import plugin from '../../plugins/response-transformer/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { type ClientAnswer, type TestContext, testPlugin, type UpstreamAnswer } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

/** What the client gets of one answer of the upstream. */
async function transform (t: TestContext, config: object, answer: UpstreamAnswer, method = 'GET'): Promise<ClientAnswer> {
  const test = await testPlugin(t, { plugin, config, upstream: () => answer })
  return test.request({ method })
}

/** Values of all lines of a field. */
function lines (answer: ClientAnswer, name: string): string[] {
  return answer.rawHeaders.filter((_, index) => index % 2 === 1 && answer.rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase())
}

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('without options an answer comes back as it was', async t => {
  const answer = await transform(t, {}, { status: 201, headers: { 'x-a': ['1', '2'] }, body: 'x' })
  t.equal(answer.status, 201)
  t.same(lines(answer, 'x-a'), ['1', '2'])
  t.equal(answer.text, 'x')
})

t.test('headers: each operation does what the table of Kong says', async t => {
  const answer = await transform(t, {
    remove: { headers: ['X-Remove', 'x-remove-none'] },
    rename: { headers: ['x-old:x-new', 'x-old-none:x-new-none', 'x-over:x-target'] },
    replace: { headers: ['x-replace:new: value', 'x-replace-none:1'] },
    add: { headers: ['x-add:1', 'x-add:2', 'x-there:2', 'x-empty:'] },
    append: { headers: ['x-append:c', 'x-append-none:1', 'x-append-none:2'] }
  }, {
    headers: {
      'x-remove': ['1', '2'],
      'x-old': ['1', '2'],
      'x-over': 'moved',
      'x-target': ['overwritten', 'twice'],
      'x-replace': ['1', '2'],
      'x-there': '1',
      'x-append': ['a', 'b']
    }
  })
  for (const [name, values] of Object.entries({
    'x-remove': [],
    'x-old': [],
    'x-new': ['1', '2'],
    'x-new-none': [],
    'x-over': [],
    'x-target': ['moved'],
    'x-replace': ['new: value'],
    'x-replace-none': [],
    'x-add': ['1'],
    'x-there': ['1'],
    'x-empty': [''],
    'x-append': ['a', 'b', 'c'],
    'x-append-none': ['1', '2']
  })) t.same(lines(answer, name), values, name)
})

t.test('headers: operations run in the order remove, rename, replace, add, append', async t => {
  const answer = await transform(t, {
    append: { headers: ['x-b:4'] },
    add: { headers: ['x-a:3'] },
    replace: { headers: ['x-b:2'] },
    rename: { headers: ['x-a:x-b'] },
    remove: { headers: ['x-b'] }
  }, { headers: { 'x-a': '1', 'x-b': 'gone' } })
  t.same([lines(answer, 'x-a'), lines(answer, 'x-b')], [['3'], ['2', '4']])
})

t.test('headers: cookies are set, replaced and moved one line each', async t => {
  const headers = { 'set-cookie': ['a=1', 'b=2'] }
  t.same(lines(await transform(t, { append: { headers: ['set-cookie:c=3'] } }, { headers }), 'set-cookie'), ['a=1', 'b=2', 'c=3'])
  t.same(lines(await transform(t, { replace: { headers: ['Set-Cookie:c=3'] } }, { headers }), 'set-cookie'), ['c=3'])
  t.same(lines(await transform(t, { rename: { headers: ['set-cookie:x-cookie'] } }, { headers }), 'x-cookie'), ['a=1', 'b=2'])
  t.same(lines(await transform(t, { remove: { headers: ['set-cookie'] } }, { headers }), 'set-cookie'), [])
})

t.test('headers: bytes beyond ASCII go out as UTF-8', async t => {
  const [value] = lines(await transform(t, { add: { headers: ['x-a:é'] } }, {}), 'x-a')
  t.equal(Buffer.from(value as string, 'latin1').toString(), 'é')
})

t.test('JSON: each operation does what the table of Kong says', async t => {
  const answer = await transform(t, {
    remove: { json: ['remove', 'none'] },
    rename: { json: ['old:new', 'none:nothing', 'over:target', 'off:on'] },
    replace: { json: ['replace:v', 'none:1', 'no:1'] },
    add: { json: ['add:1', 'there:2', 'null:x', 'false:y'] },
    append: { json: ['list:c', 'text:b', 'late:1'] }
  }, {
    headers: JSON_TYPE,
    body: '{"remove":1,"old":[1],"over":"m","target":"o","off":false,"replace":{"a":1},"no":null,"there":0,"null":null,"false":false,"list":["a"],"text":"a"}'
  })
  t.equal(answer.text, '{"target":"m","off":false,"replace":"v","no":null,"there":0,"null":"x","false":"y","list":["a","c"],"text":["a","b"],"new":[1],"add":"1","late":["1"]}')
  t.equal(answer.headers['content-length'], String(answer.body.length))
})

t.test('JSON: what no rule names keeps its bytes', async t => {
  const answer = await transform(t, { add: { json: ['a:1'] } }, { headers: JSON_TYPE, body: '{ "id": 9007199254740993, "price": 1.00 }' })
  t.equal(answer.text, '{"id":9007199254740993,"price":1.00,"a":"1"}')
})

t.test('JSON: types make numbers and booleans of values', async t => {
  const types = { json: ['n:-1.50', 'b:true', 's:1', 'f:false', 'e:1E9'], json_types: ['number', 'boolean', 'string', 'boolean', 'number'] }
  const text = '{"n":-1.50,"b":true,"s":"1","f":false,"e":1E9}'
  t.equal((await transform(t, { add: types }, { headers: JSON_TYPE, body: '{}' })).text, text)
  t.equal((await transform(t, { replace: types }, { headers: JSON_TYPE, body: '{"n":1,"b":1,"s":1,"f":1,"e":1}' })).text, text)
  t.equal((await transform(t, { append: { json: ['a:1', 'a:x'], json_types: ['number', 'string'] } }, { headers: JSON_TYPE, body: '{"a":0}' })).text, '{"a":[0,1,"x"]}')
})

t.test('JSON: a value is text without types, quotes and all', async t => {
  t.same((await transform(t, { add: { json: ['a:{"b": "1"}', 'c: 5 '] } }, { headers: JSON_TYPE, body: '{}' })).json(), { a: '{"b": "1"}', c: ' 5 ' })
})

t.test('the types that count are JSON and its relatives', async t => {
  const config = { add: { json: ['a:1'] } }
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/problem+json', 'application/vnd.api+json;a=b', 'text/plain, application/json']) {
    t.equal((await transform(t, config, { headers: { 'content-type': type }, body: '{}' })).text, '{"a":"1"}', type)
  }
  for (const type of ['text/plain', 'text/json', 'application/jsonp', 'application/json-seq', 'application/x-ndjson', 'xapplication/json', 'application/xml+jsonx']) {
    t.equal((await transform(t, config, { headers: { 'content-type': type }, body: '{}' })).text, '{}', type)
  }
  t.equal((await transform(t, config, { body: '{}' })).text, '{}', 'no type')
})

t.test('the type that counts is the one after the header rules', async t => {
  const answer = await transform(t, { replace: { headers: ['content-type:application/json'] }, add: { json: ['a:1'] } }, { headers: { 'content-type': 'text/plain' }, body: '{}' })
  t.equal(answer.text, '{"a":"1"}')
})

t.test('a body that is no JSON object comes back as it was', async t => {
  for (const body of ['{', '[1]', '"x"', 'null', '']) {
    const answer = await transform(t, { add: { json: ['a:1'] } }, { headers: JSON_TYPE, body })
    t.equal(answer.status, 200)
    t.equal(answer.text, body, body)
  }
})

t.test('a compressed or partial body is not touched', async t => {
  for (const [status, headers] of [[200, { ...JSON_TYPE, 'content-encoding': 'gzip' }], [206, { ...JSON_TYPE, 'content-range': 'bytes 0-1/5' }]] as const) {
    t.equal((await transform(t, { add: { json: ['a:1'] } }, { status, headers, body: '{}' })).text, '{}')
  }
})

t.test('with JSON rules the upstream is asked not to compress, without them it may', async t => {
  const request = { headers: { 'accept-encoding': 'gzip, br' } }
  const json = await testPlugin(t, { plugin, config: { remove: { json: ['a'] } } })
  await json.request(request)
  t.equal(json.received[0]?.headers['accept-encoding'], 'identity')
  const headers = await testPlugin(t, { plugin, config: { remove: { headers: ['a'] } } })
  await headers.request(request)
  t.equal(headers.received[0]?.headers['accept-encoding'], 'gzip, br')
})

t.test('what describes the old bytes goes with them', async t => {
  const headers = { ...JSON_TYPE, etag: '"v1"', 'content-md5': 'x', digest: 'x', 'content-digest': 'x', 'repr-digest': 'x' }
  const config = { add: { json: ['a:1'] } }
  const changed = await transform(t, config, { headers, body: '{}' })
  t.match(changed.headers, { etag: 'W/"v1"' })
  for (const name of ['content-md5', 'digest', 'content-digest', 'repr-digest']) t.notOk(changed.headers[name], name)
  t.equal((await transform(t, config, { headers: { ...headers, etag: 'W/"v1"' }, body: '{}' })).headers['etag'], 'W/"v1"')
  t.match((await transform(t, config, { headers, body: '{"a":1}' })).headers, headers, 'nothing changed')
})

t.test('answers that are not JSON are not held, however long', async t => {
  const gateway = { limits: { response_buffer: 1000 } }
  const body = 'x'.repeat(100_000)
  for (const [config, type, status] of [
    [{ add: { json: ['a:1'] } }, 'application/octet-stream', 200],
    [{ add: { json: ['a:1'] } }, 'application/json', 502],
    [{ add: { json: ['a:1'], headers: ['content-type:application/json'] } }, 'application/octet-stream', 502],
    [{ add: { headers: ['a:1'] } }, 'application/json', 200]
  ] as const) {
    const test = await testPlugin(t, { plugin, config, gateway, upstream: () => ({ headers: { 'content-type': type }, body }) })
    const answer = await test.request()
    t.equal(answer.status, status)
    if (status === 200) t.equal(answer.text, body)
  }
})

t.test('HEAD does not promise the length of the unchanged body', async t => {
  const answer = await transform(t, { add: { json: ['a:1'], headers: ['x-a:1'] } }, { headers: { ...JSON_TYPE, 'content-length': '2' } }, 'HEAD')
  t.equal(answer.headers['x-a'], '1')
  t.notOk(answer.headers['content-length'])
})

t.test('answers without content stay without', async t => {
  for (const status of [204, 304]) {
    const answer = await transform(t, { add: { json: ['a:1'], headers: ['x-a:1'] } }, { status, headers: JSON_TYPE })
    t.equal(answer.status, status)
    t.equal(answer.headers['x-a'], '1')
    t.equal(answer.text, '')
  }
})

t.test('errors of the gateway and answers of other plugins are changed too', async t => {
  const config = { add: { headers: ['x-a:1'], json: ['source:gateway'] } }
  const unavailable = await testPlugin(t, { plugin, config, service: null })
  const error = await unavailable.request()
  t.equal(error.status, 503)
  t.equal(error.headers['x-a'], '1')
  t.match(error.json(), { message: 'no Service found with those values', source: 'gateway' })

  const terminated = await testPlugin(t, { plugin, config, beside: [{ plugin: requestTermination, config: { status_code: 403, message: 'no' } }] })
  const answer = await terminated.request()
  t.equal(answer.headers['x-a'], '1')
  t.equal(answer.text, '{"message":"no","source":"gateway"}')

  const missing = await testPlugin(t, { plugin, config, level: 'global', route: { paths: ['/only'] } })
  const notFound = await missing.request('/other')
  t.equal(notFound.status, 404)
  t.match(notFound.json(), { message: 'no Route matched with those values', source: 'gateway' })
})

t.test('when a later plugin fails on the answer, changes are made to the error, once', async t => {
  const failing = definePlugin({
    name: 'failing',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onSend', async () => { throw new Error('broken') })
    }
  })
  for (const [service, status] of [[{}, 500], [null, 503]] as const) {
    const test = await testPlugin(t, {
      plugin,
      config: { remove: { headers: ['x-b'] }, rename: { headers: ['x-a:x-b'] }, append: { headers: ['x-c:1'], json: ['source:gateway'] } },
      beside: [{ plugin: failing }],
      service,
      upstream: () => ({ headers: { 'x-a': 'the upstream\'s' }, body: {} })
    })
    const answer = await test.request()
    t.equal(answer.status, status)
    t.same(lines(answer, 'x-b'), [])
    t.same(lines(answer, 'x-c'), ['1'])
    t.same((answer.json() as { source: unknown }).source, ['gateway'])
  }
})

t.test('it can stand on every level', async t => {
  for (const level of ['global', 'service', 'route', 'consumer'] as const) {
    const test = await testPlugin(t, { plugin, level, config: { add: { headers: ['x-a:1'] } }, consumer: { username: 'ann' } })
    t.equal((await test.request()).headers['x-a'], '1', level)
  }
})

t.test('what can not work is refused at its place', async t => {
  t.same(findings(plugin, {}), [])
  for (const name of ['Content-Length', 'transfer-encoding', 'Connection', 'Upgrade', 'Trailer']) {
    t.same(findings(plugin, {
      remove: { headers: [name] }, rename: { headers: [`${name}:a`, `a:${name}`] }, replace: { headers: [`${name}:1`] }, add: { headers: [`${name}:1`] }, append: { headers: [`${name}:1`] }
    }), ['error /remove/headers/0', 'error /rename/headers/0', 'error /rename/headers/1', 'error /replace/headers/0', 'error /add/headers/0', 'error /append/headers/0'], name)
  }
  for (const operation of ['replace', 'add', 'append']) {
    t.same(findings(plugin, { [operation]: { json: ['a:1', 'b:2'], json_types: ['number'] } }), [`error /${operation}/json_types`])
    t.same(findings(plugin, { [operation]: { json: ['a:1', 'b:x', 'c:yes'], json_types: ['number', 'number', 'boolean'] } }), [`error /${operation}/json/1`, `error /${operation}/json/2`])
  }
  for (const number of ['0x1', '01', ' 1', '1.', '.5', 'NaN', 'Infinity', '+1']) t.same(findings(plugin, { add: { json: [`a:${number}`], json_types: ['number'] } }), ['error /add/json/0'], number)
})

t.test('items that have no name, no value or no valid name are refused by the schema', async t => {
  for (const config of [
    { remove: { headers: ['a b'] } }, { add: { headers: ['a'] } }, { add: { headers: ['a:1\r\nb:2'] } }, { rename: { headers: ['a:b c'] } }, { add: { json: ['a'] } }, { add: { json: ['a:'] } },
    { add: { json: ['a:1'], json_types: ['object'] } }, { remove: { json_types: [] } }, { other: 1 }
  ]) t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
})
