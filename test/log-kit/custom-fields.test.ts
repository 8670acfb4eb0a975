import t from 'tap'
import { createLineEditor, fieldFindings } from '../../src/log-kit/custom-fields.ts'

const LINE = JSON.stringify({
  request: { id: 'abc', uri: '/users?page=2', url: 'http://api.example.com:8000/users?page=2', querystring: { page: '2' }, method: 'GET', headers: { 'x-user-id': '42', authorization: 'REDACTED', 'x.dotted': 'yes', host: 'api.example.com' }, size: 120 },
  upstream_uri: '/users?page=2',
  upstream_status: '200',
  response: { status: 200, headers: { 'x-served-by': ['a', 'b'] }, size: 340 },
  latencies: { kong: 0.4, proxy: 12.5, request: 14, receive: 1.1 },
  tries: [{ ip: '10.0.0.1', port: 80 }, { ip: '10.0.0.2', port: 81 }],
  client_ip: '192.0.2.1',
  started_at: 1700000000123,
  source: 'upstream',
  correlation_id: 'c-1'
}) + '\n'

function edited (fields: { custom_fields?: Record<string, string>, custom_fields_by_lua?: Record<string, string> }, line = LINE): Record<string, unknown> {
  const edit = createLineEditor({ custom_fields: {}, custom_fields_by_lua: {}, ...fields })
  const text = edit?.(line) as string
  if (!/^[\x20-\x7e]*\n$/.test(text)) throw new Error('not a line of ASCII')
  return JSON.parse(text) as Record<string, unknown>
}

const lua = (expression: string): unknown => edited({ custom_fields_by_lua: { value: expression } })['value']

t.test('templates look into the line, and names with dots go down', async t => {
  const record = edited({
    custom_fields: {
      tenant: '$(request.headers.x-user-id)',
      status: '$(response.status)',
      text: 'user $(request.headers.X-User-Id) of $(consumer.username)!',
      'took.ms': '$(latencies.request)',
      id: '$(log.correlation_id)',
      none: '$(request.headers.x-none)',
      cut: '$(request.headers.authorization)',
      dotted: '$(request.headers.x.dotted)',
      ä: 'ö',
      list: '$(tries) and',
      'source.inner': 'x',
      ['__proto__']: 'p'
    }
  })
  t.match(record, { tenant: '42', status: 200, text: 'user 42 of !', took: { ms: 14 }, id: 'c-1', cut: 'REDACTED', dotted: 'yes', ä: 'ö', source: { inner: 'x' } })
  t.notOk(Object.hasOwn(record, 'none'), 'what is not there makes no field')
  t.match(record['list'], /^\[\{"ip".*\] and$/)
  t.equal(createLineEditor({ custom_fields: {}, custom_fields_by_lua: {} }), null)
})

t.test('the fields that Kong users write, as the reference file has them', async t => {
  t.match(edited({
    custom_fields_by_lua: {
      client_ip: 'ngx.var.remote_addr',
      method: 'ngx.var.request_method',
      path: 'ngx.var.request_uri',
      status: 'ngx.var.status',
      latency: 'ngx.var.upstream_response_time',
      user_id: 'ngx.var.http_x_user_id'
    }
  }), { client_ip: '192.0.2.1', method: 'GET', path: '/users?page=2', status: '200', latency: '0.014', user_id: '42' })
})

t.test('simple Lua', async t => {
  const cases: Array<[string, unknown]> = [
    ['return "text"', 'text'],
    ["return 'it\\'s'", "it's"],
    ['return 1.5;', 1.5],
    ['return true', true],
    ['return ngx.var["uri"]', '/users'],
    ['return ngx.var.args', 'page=2'],
    ['return ngx.var.arg_page', '2'],
    ['return ngx.var.scheme .. "://" .. ngx.var.host .. ":" .. ngx.var.server_port', 'http://api.example.com:8000'],
    ['return ngx.var.http_x_none or "nobody"', 'nobody'],
    ['return (ngx.var.http_x_none or nil) or false or ngx.var.upstream_addr', '10.0.0.2:81'],
    ['return tonumber(ngx.var.request_time)', 0.014],
    ['return tonumber("x")', undefined],
    ['return tostring(nil)', 'nil'],
    ['return tostring(ngx.var.bytes_sent)', '340'],
    ['return "a" .. ngx.var.http_x_none', undefined],
    ['return ngx.var.sent_http_x_served_by', 'a, b'],
    ['return ngx.var.upstream_header_time', '0.013'],
    ['return ngx.var.msec', '1700000000.123'],
    ['return ngx.var.time_iso8601', '2023-11-14T22:13:20.123Z'],
    ['return kong.request.get_header("X-User-Id")', '42'],
    ['return kong.request.get_method()', 'GET'],
    ['return kong.request.get_path()', '/users'],
    ['return kong.request.get_query_arg("page")', '2'],
    ['return kong.client.get_forwarded_ip()', '192.0.2.1'],
    ['return kong.response.get_status()', 200],
    ['return kong.response.get_header("x-none")', undefined]
  ]
  for (const [expression, expected] of cases) t.same(lua(expression), expected, expression)
  t.notOk('headers' in (edited({ custom_fields_by_lua: { 'request.headers': 'return nil', 'none.at.all': 'return nil' } })['request'] as object), 'nil takes a field away')
  const empty = '{"request":{"url":"*"},"latencies":{"proxy":-1}}\n'
  t.notOk('value' in edited({ custom_fields_by_lua: { value: 'return ngx.var.upstream_response_time or ngx.var.upstream_addr or ngx.var.scheme' } }, empty))
})

t.test('what is not understood is refused, with its place', async t => {
  const bad = (option: 'custom_fields' | 'custom_fields_by_lua', text: string): readonly unknown[] => [...fieldFindings({ custom_fields: {}, custom_fields_by_lua: {}, [option]: { 'a/b': text } })]
  for (const text of ['', 'return', 'return os.execute("rm")', 'return ngx.var.no_such', 'local x = 1 return x', 'return ngx.var.uri:upper()', 'return "open', 'return (1', 'return 1 2', 'return kong.request.get_header()',
    'return kong.request.get_method("x")', 'return kong.request.get_header(name)', 'return tostring', 'return ngx.', 'return ngx.var[1]', 'return constructor', 'return ngx.var["uri"', 'return "a" ..', 'return tostring(1', 'return ngx.var.__proto__']) {
    t.match(bad('custom_fields_by_lua', text), [{ path: '/custom_fields_by_lua/a~1b', message: String, mend: /\S/ }], text)
  }
  for (const text of ['$(', '$(nothing)', '$(request.no)', '$(client_ip.x)', '$(log)', '$(constructor.name)']) t.match(bad('custom_fields', text), [{ path: '/custom_fields/a~1b', mend: /\S/ }], text)
  t.same(bad('custom_fields', 'plain $ text ()'), [])
})
