import t from 'tap'
import plugin from '../../plugins/request-transformer/index.ts'
import { type ClientRequest, type PluginTest, type TestContext, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

type Received = PluginTest['received'][number]

/** What the upstream gets of one request. */
async function transform (t: TestContext, config: object, request: string | ClientRequest = {}, options: object = {}): Promise<Received> {
  const test = await testPlugin(t, { plugin, config, ...options })
  const answer = await test.request(request)
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return test.received[0] as Received
}

/** Values of all lines of a field. */
function lines (received: Received, name: string): string[] {
  return received.rawHeaders.filter((_, index) => index % 2 === 1 && received.rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase())
}

async function json (t: TestContext, config: object, body: string): Promise<string> {
  return (await transform(t, config, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text
}

t.test('without options the request goes up as it came', async t => {
  const received = await transform(t, {}, { method: 'POST', path: '/a%20b?x=1&&%7e', headers: { 'x-a': ['1', '2'] }, body: 'x' })
  t.match(received, { method: 'POST', target: '/a%20b?x=1&&%7e', text: 'x' })
  t.same(lines(received, 'x-a'), ['1', '2'])
})

t.test('headers: each operation does what the table of Kong says', async t => {
  const test = await testPlugin(t, {
    plugin,
    config: {
      remove: { headers: ['X-Remove', 'x-remove-none'] },
      rename: { headers: ['x-old:X-New', 'x-old-none:x-new-none', 'x-over:x-target', 'x-case:X-CASE'] },
      replace: { headers: ['X-Replace:new value', 'x-replace-none:1'] },
      add: { headers: ['x-add:1', 'x-add:2', 'x-there:2'] },
      append: { headers: ['x-append:c', 'x-append-none:1', 'x-append-none:2'] }
    }
  })
  await test.request({
    headers: {
      'x-remove': ['1', '2'],
      'x-old': ['1', '2'],
      'x-over': 'moved',
      'x-target': 'overwritten',
      'x-case': '1',
      'x-replace': ['1', '2'],
      'x-there': '1',
      'x-append': ['a', 'b']
    }
  })
  const received = test.received[0] as Received
  for (const [name, values] of Object.entries({
    'x-remove': [],
    'x-old': [],
    'x-new': ['1', '2'],
    'x-new-none': [],
    'x-over': [],
    'x-target': ['moved'],
    'x-replace': ['new value'],
    'x-replace-none': [],
    'x-add': ['1'],
    'x-there': ['1'],
    'x-append': ['a', 'b', 'c'],
    'x-append-none': ['1', '2']
  })) t.same(lines(received, name), values, name)
  t.ok(received.rawHeaders.includes('X-CASE'), 'a change of case alone is honoured')
  t.notOk(received.rawHeaders.includes('x-case'))
})

t.test('headers: operations run in the order remove, rename, replace, add, append', async t => {
  const received = await transform(t, {
    append: { headers: ['x-b:4'] },
    add: { headers: ['x-a:3'] },
    replace: { headers: ['x-b:2'] },
    rename: { headers: ['x-a:x-b'] },
    remove: { headers: ['x-b'] }
  }, { headers: { 'x-a': '1', 'x-b': 'gone' } })
  t.same([lines(received, 'x-a'), lines(received, 'x-b')], [['3'], ['2', '4']])
})

t.test('headers: a value is split at the first colon and may be empty', async t => {
  const received = await transform(t, { add: { headers: ['x-url:http://a:1/b', 'x-empty:'] } })
  t.same([lines(received, 'x-url'), lines(received, 'x-empty')], [['http://a:1/b'], ['']])
})

t.test('Host is replaced, and nothing else happens to it', async t => {
  const other = { remove: { headers: ['Host'] }, rename: { headers: ['host:x-host', 'x-a:host'] }, add: { headers: ['host:added'] }, append: { headers: ['host:appended'] } }
  const kept = await transform(t, other, { headers: { 'x-a': 'renamed' } })
  t.match(lines(kept, 'host'), [/^127\.0\.0\.1:\d+$/])
  t.same(lines(kept, 'x-a'), ['renamed'])
  t.same(lines(kept, 'x-host'), [])
  t.same(lines(await transform(t, { ...other, replace: { headers: ['Host:internal.example.com:8080'] } }), 'host'), ['internal.example.com:8080'])
})

t.test('a host that a template makes of nonsense is refused', async t => {
  const test = await testPlugin(t, { plugin, config: { replace: { headers: ['host:$(headers.x_tenant).example.com'] } } })
  t.equal((await test.request({ headers: { 'x-tenant': 'a b/' } })).status, 400)
  t.equal(test.received.length, 0)
  t.equal((await test.request({ headers: { 'x-tenant': 'blue' } })).status, 200)
  t.equal(test.received[0]?.headers.host, 'blue.example.com')
})

t.test('query: each operation does what the table of Kong says, and the rest keeps its place and spelling', async t => {
  const received = await transform(t, {
    remove: { querystring: ['remove', 'none'] },
    rename: { querystring: ['old:new', 'none:nothing', 'over:target'] },
    replace: { querystring: ['replace:a b', 'none:1'] },
    add: { querystring: ['add:é', 'there:2', 'flag:1'] },
    append: { querystring: ['append:2', 'late:1:2'] }
  }, '/?z=%7e+&remove=1&old=%20&remove=2&over=m&target=o&replace=1&replace=2&there=1&flag&append=1&a')
  t.equal(received.query, 'z=%7e+&new=%20&target=m&replace=a%20b&there=1&flag&append=1&a&add=%C3%A9&append=2&late=1%3A2')
})

t.test('query: one that becomes empty goes, and one is made where there was none', async t => {
  t.equal((await transform(t, { remove: { querystring: ['a'] } }, '/?a=1')).target, '/')
  t.equal((await transform(t, { add: { querystring: ['a:1'] } }, '/')).target, '/?a=1')
  t.equal((await transform(t, { remove: { querystring: ['a'] } }, '/?')).target, '/?', 'nothing changed')
})

t.test('templates give what the request had before any change', async t => {
  const test = await testPlugin(t, {
    plugin,
    route: { paths: ['~/users/(?<id>\\d+)'] },
    config: {
      remove: { headers: ['x-a'], querystring: ['q'] },
      replace: { headers: ['x-b:changed'], uri: '/v2/$(uri_captures.id)/$(uri_captures[1])' },
      add: {
        headers: [
          'x-from-header:$(headers.x_a)|$(headers[\'x-b\'])', 'x-from-query:$(query_params.q)', 'x-default:$(headers.none or query_params.none or \'d\')',
          'x-missing:<$(headers.none)>', 'x-uuid:$(uuid)', 'x-id:$(request_id)', 'x-host:$(headers.host)'
        ],
        querystring: ['from:$(headers.x_a)-$(query_params.q)']
      }
    }
  })
  await test.request({ path: '/users/42?q=a%26b', headers: { 'x-a': 'one', 'x-b': 'two' } })
  const received = test.received[0] as Received
  t.match(received.headers, {
    'x-b': 'changed',
    'x-from-header': 'one|two',
    'x-from-query': 'a&b',
    'x-default': 'd',
    'x-missing': '<>',
    'x-uuid': /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-/,
    'x-id': received.headers['x-sallyport-request-id'] as string,
    'x-host': `127.0.0.1:${test.port}`
  })
  t.equal(received.target, '/v2/42/42?from=one-a%26b')
})

t.test('a template sees all lines of a field', async t => {
  const received = await transform(t, { add: { headers: ['x-all:$(headers.x_a)', 'x-cookies:$(headers.cookie)'] } }, { headers: { 'x-a': ['1', '2'], cookie: ['a=1', 'b=2'] } })
  t.equal(received.headers['x-all'], '1, 2')
  t.equal(received.headers['x-cookies'], 'a=1; b=2')
})

t.test('a template sees the caller that was authenticated, and not one that a client pretends', async t => {
  const config = { add: { headers: ['x-who:$(headers[\'x-consumer-username\'] or \'nobody\')'] } }
  t.equal((await transform(t, config, { headers: { 'x-consumer-username': 'admin' } })).headers['x-who'], 'nobody')
})

t.test('no value can break out of a header field', async t => {
  const config = { add: { headers: ['x-a:$(query_params.a)'] } }
  const received = await transform(t, config, '/?a=1%0d%0aX-Evil:%201%00%7f%09.')
  t.same(lines(received, 'x-a'), ['1  X-Evil: 1  \t.'])
  t.same(lines(received, 'x-evil'), [])
})

t.test('bytes beyond ASCII reach every place as UTF-8', async t => {
  const received = await transform(t, {
    add: { headers: ['x-a:é $(query_params.a)'], querystring: ['b:$(headers.x_b)'], body: ['c:$(query_params.a)$(headers.x_b)'] }
  }, { method: 'POST', path: '/?a=%C3%A9', headers: { 'x-b': '\xc3\xa9', 'content-type': 'application/json' }, body: '' })
  t.equal(Buffer.from(received.headers['x-a'] as string, 'latin1').toString(), 'é é')
  t.equal(received.query, 'a=%C3%A9&b=%C3%A9')
  t.same(received.json(), { c: 'éé' })
})

t.test('uri is the path that the upstream gets, and the query stays', async t => {
  const options = { service: { path: '/service' }, route: { paths: ['/route'], strip_path: true } }
  t.equal((await transform(t, {}, '/route/x', { ...options })).path, '/service/x')
  t.equal((await transform(t, { replace: { uri: '/a b/é%2F' } }, '/route/x?y=1', options)).target, '/a%20b/%C3%A9%2F?y=1')
  t.equal((await transform(t, { replace: { uri: '$(headers.x_path)' } }, { path: '/', headers: { 'x-path': 'no/slash' } })).path, '/no/slash')
})

t.test('what a client puts into a path can not climb, and can not become a query', async t => {
  const test = await testPlugin(t, { plugin, config: { replace: { uri: '/files/$(query_params.name)' } } })
  for (const name of ['..', '../secret', 'a/../../b', '.']) {
    t.equal((await test.request(`/?name=${encodeURIComponent(name)}`)).status, 400, name)
  }
  t.equal(test.received.length, 0)
  await test.request(`/?name=${encodeURIComponent('a?b#c%2e%2e/d\r\n\\')}`)
  t.equal(test.received[0]?.path, '/files/a%3Fb%23c%252e%252e/d%0D%0A%5C')
})

t.test('http_method changes the method', async t => {
  t.equal((await transform(t, { http_method: 'PATCH' }, { method: 'POST', body: 'x' })).method, 'PATCH')
})

t.test('towards GET and HEAD the fields of a form join the query', async t => {
  const form = { method: 'POST', path: '/?a=1', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body: 'b=2&c=x+y z\r\n' }
  t.equal((await transform(t, { http_method: 'GET' }, form)).target, '/?a=1&b=2&c=x+y%20z')
  t.equal((await transform(t, { http_method: 'HEAD' }, { ...form, path: '/' })).target, '/?b=2&c=x+y%20z')
  t.equal((await transform(t, { http_method: 'PUT' }, form)).query, 'a=1')
  t.equal((await transform(t, { http_method: 'GET' }, { ...form, headers: { 'content-type': 'application/json' } })).query, 'a=1')
  t.equal((await transform(t, { http_method: 'GET' }, { ...form, body: '' })).query, 'a=1')
  t.equal((await transform(t, { http_method: 'GET', remove: { querystring: ['b'] } }, form)).query, 'a=1&c=x+y%20z', 'query rules see them')
})

t.test('JSON body: each operation does what the table of Kong says', async t => {
  t.equal(await json(t, {
    remove: { body: ['remove', 'none'] },
    rename: { body: ['old:new', 'none:nothing', 'over:target', 'off:on'] },
    replace: { body: ['replace:v', 'none:1', 'no:1'] },
    add: { body: ['add:1', 'there:2', 'null:x', 'false:y'] },
    append: { body: ['list:c', 'text:b', 'number:6', 'late:1'] }
  }, '{"remove":1,"old":{"x":[1]},"over":"m","target":"o","off":false,"replace":{"a":1},"no":null,"there":0,"null":null,"false":false,"list":["a"],"text":"a","number":5}'),
  '{"target":"m","off":false,"replace":"v","no":null,"there":0,"null":"x","false":"y","list":["a","c"],"text":["a","b"],"number":[5,"6"],"new":{"x":[1]},"add":"1","late":["1"]}')
})

t.test('JSON body: what no rule names keeps its bytes', async t => {
  t.equal(await json(t, { add: { body: ['a:1'] } }, '{ "id": 9007199254740993, "price": 1.00 }'), '{"id":9007199254740993,"price":1.00,"a":"1"}')
})

t.test('JSON body: values are text, escaped, whatever a template gives', async t => {
  const received = await transform(t, { add: { body: ['a:$(query_params.a)'] } }, {
    method: 'POST', path: '/?a=%22%7D%0A', headers: { 'content-type': 'application/json' }, body: '{}'
  })
  t.same(received.json(), { a: '"}\n' })
})

t.test('JSON body: an empty one becomes an object for add and append alone', async t => {
  t.equal(await json(t, { add: { body: ['a:1'] }, append: { body: ['b:2'] } }, ''), '{"a":"1","b":["2"]}')
  t.equal(await json(t, { remove: { body: ['a'] }, rename: { body: ['a:b'] }, replace: { body: ['a:1'] } }, ''), '')
})

t.test('a body that can not be read, or has no fields, goes up as it came', async t => {
  const config = { add: { body: ['a:1'] } }
  for (const body of ['{', '[1]', '"x"', 'null', '{"a":1}}']) t.equal(await json(t, config, body), body)
  for (const [type, body] of [
    ['text/plain', '{}'], ['application/xml', '<a/>'], ['application/octet-stream', ''], ['multipart/form-data', 'x'], ['multipart/form-data; boundary=x', 'y']
  ] as const) {
    t.equal((await transform(t, config, { method: 'POST', headers: { 'content-type': type }, body })).text, body, type)
  }
  t.equal((await transform(t, config, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: '{}' })).text, '{}')
  t.equal((await transform(t, config, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'identity' }, body: '{}' })).text, '{"a":"1"}')
})

t.test('the type that counts is the one after the header rules', async t => {
  const received = await transform(t, { replace: { headers: ['content-type:application/json'] }, add: { body: ['a:1'] } }, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })
  t.equal(received.text, '{"a":"1"}')
})

t.test('the length is that of the new body', async t => {
  const received = await transform(t, { add: { body: ['a:é'] } }, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  t.equal(received.headers['content-length'], String(Buffer.byteLength('{"a":"é"}')))
  t.notOk(received.headers['transfer-encoding'])
})

t.test('form body: each operation does what the table of Kong says', async t => {
  const received = await transform(t, {
    remove: { body: ['remove'] },
    rename: { body: ['old:new'] },
    replace: { body: ['replace:a&b'] },
    add: { body: ['add:é', 'there:2'] },
    append: { body: ['there:3'] }
  }, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'z=+%7e&remove=1&old=2&replace=3&there=1'
  })
  t.equal(received.text, 'z=+%7e&new=2&replace=a%26b&there=1&add=%C3%A9&there=3')
  t.equal((await transform(t, { add: { body: ['a:1'] } }, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' })).text, 'a=1')
})

t.test('multipart body: renamed first, then removed, replaced and added; append does nothing', async t => {
  function field (name: string, value: string): string {
    return `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  }
  const file = '--XX\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\n\x00\xff\r\n\xfe\r\n'
  const request = {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=XX' },
    body: Buffer.from(`${file}${field('old', '1')}${field('remove', '2')}${field('replace', '3')}${field('there', '4')}--XX--\r\n`, 'latin1')
  }
  const received = await transform(t, {
    remove: { body: ['remove', 'new'] },
    rename: { body: ['old:new', 'file:upload'] },
    replace: { body: ['replace:é'] },
    add: { body: ['add:1', 'there:5'] },
    append: { body: ['there:6'] }
  }, request)
  const e = '\xc3\xa9'
  t.equal(received.body.toString('latin1'), `${file.replace('"file"', '"upload"')}${field('replace', e)}${field('there', '4')}${field('add', '1')}--XX--\r\n`)
  t.same((await transform(t, { remove: { body: ['none'] } }, request)).body, request.body)
})

t.test('a value that would cut a multipart body differently leaves it as it came', async t => {
  const body = '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--\r\n'
  const received = await transform(t, { replace: { body: ['a:$(query_params.a)'] } }, {
    method: 'POST',
    path: `/?a=${encodeURIComponent('x\r\n--XX\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1')}`,
    headers: { 'content-type': 'multipart/form-data; boundary=XX' },
    body
  })
  t.equal(received.text, body)
})

t.test('a body beyond the limit is refused when rules need it, and streams when none does', async t => {
  const gateway = { limits: { request_buffer: 10 } }
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":"long enough"}' }
  const buffered = await testPlugin(t, { plugin, config: { add: { body: ['a:1'] } }, gateway })
  t.equal((await buffered.request(request)).status, 413)
  t.equal((await transform(t, { add: { headers: ['x-a:1'] } }, request, { gateway })).text, request.body)
})

t.test('a route without service is none of its business', async t => {
  const test = await testPlugin(t, { plugin, config: { add: { headers: ['x-a:1'] } }, service: null })
  t.equal((await test.request()).status, 503)
})

t.test('it can stand on every level', async t => {
  for (const level of ['global', 'service', 'route', 'consumer'] as const) {
    const received = await transform(t, { add: { headers: ['x-a:1'] } }, {}, { level, consumer: { username: 'ann' } })
    t.equal(received.headers['x-a'], '1', level)
  }
})

t.test('what can not work is refused at its place', async t => {
  t.same(findings(plugin, {}), [])
  t.same(findings(plugin, { add: { headers: ['a:$(headers.b or \'c\')'] } }), [])
  t.same(findings(plugin, { http_method: 'TRACE' }), ['error /http_method'])
  t.same(findings(plugin, { replace: { uri: '/a/../b' } }), ['error /replace/uri'])
  t.same(findings(plugin, { replace: { uri: '/$(shared.a)' } }), ['error /replace/uri'])
  for (const operation of ['replace', 'add', 'append']) {
    for (const area of ['headers', 'querystring', 'body']) {
      t.same(findings(plugin, { [operation]: { [area]: ['a:1', 'b:$(shared.a)'] } }), [`error /${operation}/${area}/1`])
    }
  }
  for (const name of ['Content-Length', 'transfer-encoding', 'Connection', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'Expect', 'Proxy-Connection', 'X-Forwarded-For', 'Via', 'X-Real-IP']) {
    t.same(findings(plugin, {
      remove: { headers: [name] }, rename: { headers: [`${name}:a`, `a:${name}`] }, replace: { headers: [`${name}:1`] }, add: { headers: [`${name}:1`] }, append: { headers: [`${name}:1`] }
    }), ['error /remove/headers/0', 'error /rename/headers/0', 'error /rename/headers/1', 'error /replace/headers/0', 'error /add/headers/0', 'error /append/headers/0'], name)
  }
  t.same(findings(plugin, { replace: { headers: ['host:a b'] } }), ['error /replace/headers/0'])
  t.same(findings(plugin, { replace: { headers: ['host:$(headers.x_host)'] } }), [])
  t.same(findings(plugin, { remove: { headers: ['host'] }, add: { headers: ['Host:a'] } }), ['warning /remove/headers/0', 'warning /add/headers/0'])
  t.same(findings(plugin, { rename: { body: ['a:$(uuid)'] }, remove: { querystring: ['$(uuid)'] } }), ['error /remove/querystring/0', 'error /rename/body/0'])
})

t.test('a template that is not understood stops the load with its place', async t => {
  await t.rejects(testPlugin({ plugin, config: { add: { headers: ['x-a:$(headers.x-b)'] } } }), { message: /add\.headers\[0\].*dash/s })
})

t.test('an item that is none is said in words, with one that is right', async t => {
  await t.rejects(testPlugin({ plugin, config: { add: { headers: ['x y:1'] } } }), { message: /add\.headers\[0\]: invalid header name and value: 'x y:1'\. Write it like `x-team:payments`\./ })
})

t.test('items that have no name, no value or no valid name are refused by the schema', async t => {
  for (const config of [
    { http_method: 'get' }, { replace: { uri: 'a' } }, { replace: { uri: '/a?b' } }, { replace: { uri: '/a\nb' } }, { remove: { headers: ['a b'] } }, { remove: { headers: [''] } },
    { add: { headers: ['a'] } }, { add: { headers: [':1'] } }, { add: { headers: ['a\n:1'] } }, { add: { headers: ['a:1\r\nb:2'] } }, { rename: { headers: ['a:b c'] } },
    { add: { querystring: ['a'] } }, { add: { querystring: ['a:'] } }, { add: { body: [':b'] } }, { rename: { body: ['a'] } }, { remove: { uri: 'x' } }, { add: { json: [] } }, { other: 1 }
  ]) t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
})
