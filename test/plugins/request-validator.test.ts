import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import plugin from '../../plugins/request-validator/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type ClientRequest, type PluginTest, testPlugin } from '../../src/testing/index.ts'
import { holds } from '../helpers/holds.ts'
import { completeConfig } from '../helpers/plugin-config.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

const LOGIN = {
  type: 'object',
  required: ['email', 'password'],
  properties: { email: { type: 'string', format: 'email', maxLength: 255 }, password: { type: 'string', minLength: 8, maxLength: 128 } }
}

function post (body: unknown, headers: ClientRequest['headers'] = JSON_TYPE): ClientRequest {
  return { method: 'POST', headers, body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }
}

interface Problem { readonly message: string, readonly status: number, readonly errors: ReadonlyArray<{ readonly in: string, readonly name?: string, readonly pointer?: string, readonly keyword: string }> }

/** Status and what was said: `in pointer-or-name keyword` each. */
async function refusal (test: PluginTest, request: ClientRequest | string): Promise<string[]> {
  const answer = await test.request(request)
  if (answer.status === 200) return ['200']
  const { errors = [] } = answer.json() as Problem
  return [String(answer.status), ...errors.map(error => [error.in, error.name, error.pointer, error.keyword].filter(part => part !== undefined).join(' '))]
}

t.test('the example that teams write: body and query of a login', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: LOGIN, parameter_schema: [{ in: 'query', name: 'page', schema: { type: 'integer', minimum: 1 } }] } })
  const body = '{ "password":"12345678" ,"email":"a@example.com", "id": 12345678901234567890 }'
  t.equal((await test.request({ ...post(body), path: '/x?page=2' })).status, 200)
  t.equal(test.received[0]?.text, body, 'the bytes that were validated go up')
  t.same(await refusal(test, post({ email: 'nobody', password: 'short' })), ['400', 'body #/email format', 'body #/password minLength'])
  t.same(await refusal(test, post([])), ['400', 'body # type'])
  t.same(await refusal(test, '/x?page=0'), ['400', 'query page minimum'])
  t.same(await refusal(test, '/x?page=1'), ['200'], 'a GET needs no body')
  t.same(await refusal(test, { ...post({ email: 1 }), method: 'DELETE' }), ['400', 'body # required', 'body #/email type'], 'but one that it has is validated')
  t.same(await refusal(test, { method: 'POST' }), ['400', 'body required'])
  t.equal(test.received.length, 2)
})

t.test('the answer is Problem Details beside the gateway\'s own members', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: LOGIN } })
  const answer = await test.request(post({ email: 'a@example.com', password: 'topsecret'.repeat(20) }))
  t.match(answer.headers['content-type'], /^application\/problem\+json/)
  t.match(answer.json(), { message: 'request body doesn\'t conform to schema', type: 'about:blank', title: 'Bad Request', status: 400, detail: /conform/, request_id: /^[\da-f]{32}$/ })
  t.notMatch(answer.text, 'topsecret')
})

t.test('verbose_response off says that something is wrong, and nothing else', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: LOGIN, verbose_response: false, parameter_schema: [{ in: 'header', name: 'x-a', required: true }] } })
  const answer = await test.request(post({}))
  t.equal((answer.json() as Problem).message, 'request param doesn\'t conform to schema')
  t.notOk('errors' in (answer.json() as object))
})

t.test('no Content-Type is a way around the schema', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: LOGIN, allowed_content_types: ['application/json', 'application/*', 'text/csv'] } })
  const bad = '{"email":1}'
  const types: Array<[ClientRequest['headers'], string]> = [
    [{}, '415 content-type'],
    [{ 'content-type': '' }, '400 content-type'],
    [{ 'content-type': 'application' }, '400 content-type'],
    [{ 'content-type': 'application/json;' }, '400 required'],
    [{ 'content-type': 'application/json, text/csv' }, '400 content-type'],
    [{ 'content-type': 'APPLICATION/JSON' }, '400 required'],
    [{ 'content-type': 'application/problem+json' }, '400 required'],
    [{ 'content-type': 'application/json; charset="UTF-8"' }, '400 required'],
    [{ 'content-type': 'application/json; charset=utf-16' }, '415 content-type'],
    [{ 'content-type': 'application/json; charset=utf-8; charset=utf-8' }, '400 content-type'],
    [{ 'content-type': 'application/xml' }, '415 content-type'],
    [{ 'content-type': 'text/json' }, '415 content-type'],
    [{ 'content-type': 'text/plain' }, '415 content-type'],
    [{ 'content-type': `application/json; x=${'y'.repeat(600)}` }, '400 content-type'],
    [{ ...JSON_TYPE, 'content-encoding': 'gzip' }, '415 content-encoding'],
    [{ ...JSON_TYPE, 'content-encoding': 'identity' }, '400 required'],
    [{ 'content-type': 'text/csv' }, '200']
  ]
  for (const [headers, expected] of types) {
    const [status, first = ''] = await refusal(test, post(bad, headers))
    t.equal(`${status} ${first.split(' ').at(-1)}`.trim(), expected, JSON.stringify(headers).slice(0, 80))
  }
  t.equal(test.received.length, 1, 'text/csv is named in full')
})

t.test('parameters of a Content-Type have to be those of the list, or none that matter', async t => {
  const exact = await testPlugin(t, { plugin, config: { body_schema: true, allowed_content_types: ['application/json; profile=a'] } })
  t.same(await refusal(exact, post('1', { 'content-type': 'application/json;profile=A;charset=utf-8' })), ['200'])
  t.match(await refusal(exact, post('1', { 'content-type': 'application/json;profile=b' })), ['415'])
  t.match(await refusal(exact, post('1')), ['415'])
  const strict = await testPlugin(t, { plugin, config: { body_schema: true } })
  t.match(await refusal(strict, post('1', { 'content-type': 'application/json; v=2' })), ['415'])
  const loose = await testPlugin(t, { plugin, config: { body_schema: true, content_type_parameter_validation: false } })
  t.same(await refusal(loose, post('1', { 'content-type': 'application/json; v=2' })), ['200'])
})

t.test('what two parsers could read in two ways is refused before the schema is asked', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: true, max_depth: 3, max_members: 5 } })
  const bodies: Array<[string | Buffer, string]> = [
    ['{"a":1,"a":2}', 'duplicate'], ['{"a":1', 'syntax'], ['\ufeff{}', 'syntax'], [Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'encoding'], ["{'a':1}", 'syntax'], ['NaN', 'syntax'],
    ['[[[[]]]]', 'depth'], ['{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', 'totalMembers'], [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'depth']
  ]
  for (const [body, keyword] of bodies) t.same(await refusal(test, post(body)), ['400', `body ${keyword}`], keyword)
  t.same(await refusal(test, post('[[[]]]')), ['200'])
  const twice = await testPlugin(t, { plugin, config: { body_schema: true, allow_duplicate_members: true } })
  t.same(await refusal(twice, post('{"a":1,"a":2}')), ['200'])
})

t.test('a body beyond what the gateway holds is 413; a large one within is validated whole', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: { type: 'array', items: { type: 'integer' } } }, gateway: { limits: { request_buffer: 300_000 } } })
  t.equal((await test.request(post(`[${'1,'.repeat(200_000)}1]`))).status, 413)
  t.same(await refusal(test, post(`[${'1,'.repeat(100_000)}"x"]`)), ['400', 'body #/100000 type'])
})

t.test('errors are bounded in number and size, also where a body has thousands', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: { type: 'array', items: { type: 'object', additionalProperties: false } }, max_errors: 3 } })
  t.equal((await refusal(test, post(Array.from({ length: 100 }, () => ({ x: 1 }))))).length, 4)
  t.equal((await refusal(test, post(Array.from({ length: 20_000 }, () => 1)))).length, 2, 'the first alone where there could be very many')
  const answer = await test.request(post([{ ['k'.repeat(100_000)]: 1 }]))
  t.ok(answer.text.length < 1000)
  t.equal((await test.request(post('[{"\\ud800":1}]'))).status, 400, 'half a surrogate pair can be spoken of')
})

t.test('log lets requests pass and notes what is wrong, off looks at nothing', async t => {
  const parameters = ['query', 'header', 'cookie'].map(place => ({ in: place, name: 'x', required: true }))
  const logs = await testPlugin(t, { plugin, config: { body_schema: LOGIN, parameter_schema: parameters, actions: { body: 'log', query: 'log', header: 'off', cookie: 'off' } } })
  t.same(await refusal(logs, post({ email: 'secret' }, {})), ['200'])
  t.same(logs.log[0]?.['violations'], [{ in: 'query', name: 'x', keyword: 'required', message: 'is required' }, { in: 'body', keyword: 'content-type', message: 'has no Content-Type' }])
  const off = await testPlugin(t, { plugin, config: { body_schema: LOGIN, actions: { body: 'off' } } })
  t.same(await refusal(off, post('{')), ['200'])
  t.same(off.log, [{}])
})

t.test('parameters: each style of OpenAPI, and what isn\'t written in it', async t => {
  const list = { type: 'array', items: { type: 'integer' }, maxItems: 2 }
  const object = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'boolean' } }, additionalProperties: false }
  const test = await testPlugin(t, {
    plugin,
    route: { paths: ['~/p/(?<s>[^/]*)/(?<l>[^/]*)/(?<m>[^/]*)$', '/'] },
    config: {
      parameter_schema: [
        { in: 'query', name: 'n', schema: { type: 'number' } },
        { in: 'query', name: 'list', schema: list },
        { in: 'query', name: 'commas', explode: false, schema: list },
        { in: 'query', name: 'pipes', style: 'pipeDelimited', explode: false, schema: list },
        { in: 'query', name: 'spaces', style: 'spaceDelimited', explode: false, schema: list },
        { in: 'query', name: 'deep', style: 'deepObject', explode: true, schema: object },
        { in: 'query', name: 'flat', explode: false, schema: object },
        { in: 'query', name: 'all', schema: { oneOf: [{ type: 'integer', minimum: 1 }, { type: 'string', enum: ['all'] }] } },
        { in: 'query', name: 'code', schema: { type: 'string', pattern: '^\\d{3}$' } },
        { in: 'header', name: 'X-List', schema: list },
        { in: 'header', name: 'X-N', schema: { type: 'integer' } },
        { in: 'header', name: 'X-Text', schema: { type: 'string', maxLength: 1 } },
        { in: 'cookie', name: 'c', schema: { type: 'boolean' } },
        { in: 'path', name: 's', schema: list },
        { in: 'path', name: 'l', style: 'label', explode: true, schema: list },
        { in: 'path', name: 'm', style: 'matrix', schema: { type: 'string', maxLength: 2 } }
      ]
    }
  })
  const cases: Array<[string | ClientRequest, string]> = [
    ['/?n=1.5e3', ''], ['/?n=', 'type'], ['/?n=0x10', 'type'], ['/?n=+1', 'type'], ['/?n=1&n=2', 'duplicate'], ['/?n=1&%6e=2', 'duplicate'], ['/?n=%zz', 'encoding'], ['/?n=%ff', 'encoding'], ['/?n=1e999', 'type'],
    ['/?list=1&list=2', ''], ['/?list=1&list=x', '#/1 type'], ['/?list=1&list=2&list=3', 'maxItems'], ['/?list=%ff', 'encoding'],
    ['/?commas=1,2', ''], ['/?commas=1%2C2', '#/0 type'], ['/?commas=1&commas=2', 'duplicate'],
    ['/?pipes=1|2', ''], ['/?pipes=1%7c2', ''], ['/?pipes=1|2|3', 'maxItems'], ['/?spaces=1%202', ''], ['/?spaces=1+x', '#/1 type'],
    ['/?deep[a]=1&deep%5Bb%5D=true', ''], ['/?deep[a]=x', '#/a type'], ['/?deep[c]=1', 'additionalProperties'], ['/?deep[a]=1&deep[a]=2', 'duplicate'], ['/?deep[__proto__]=1', 'additionalProperties'], ['/?deep[a]=%ff', 'encoding'],
    ['/?flat=a,1,b,false', ''], ['/?flat=a,1,b', 'style'],
    ['/?all=all', ''], ['/?all=7', ''], ['/?all=0', 'minimum'], ['/?code=123', ''], ['/?code=1234', 'pattern'],
    [{ headers: { 'x-list': ['1', '2'] } }, ''], [{ headers: { 'x-list': '1, x' } }, '#/1 type'], [{ headers: { 'x-n': ['1', '2'] } }, 'duplicate'], [{ headers: { 'x-text': Buffer.from('é').toString('latin1') } }, ''], [{ headers: { 'x-text': '\xff' } }, 'encoding'],
    [{ headers: { cookie: 'a=1; c="true"' } }, ''], [{ headers: { cookie: 'c=%74rue' } }, ''], [{ headers: { cookie: 'c=yes' } }, 'type'], [{ headers: { cookie: 'c=true; c=false' } }, 'duplicate'], [{ headers: { cookie: 'c' } }, 'type'],
    ['/p/1,2/.1.2/;m=ab', ''], ['/p/1,x/.1/;m=a', '#/1 type'], ['/p/1/1/;m=a', 'style'], ['/p/1/.1/;m=abc', 'maxLength'], ['/p/1/.1/;n=a', 'style'], ['/p/1/.1/m', 'style'], ['/p/1/.1/;m=%C3%A9%2C', ''], ['/p/1/.1/;m', 'style']
  ]
  for (const [request, expected] of cases) {
    const [status, first = ''] = await refusal(test, request)
    t.equal(status, expected === '' ? '200' : '400', JSON.stringify(request))
    t.ok(first.endsWith(expected), `${JSON.stringify(request)}: ${first}`)
  }
})

t.test('objects in paths and forms of the query', async t => {
  const object = { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: { $ref: '#/$defs/flag' } }, $defs: { flag: { type: 'boolean' } } }
  const test = await testPlugin(t, {
    plugin,
    route: { paths: ['~/o/(?<x>[^/]*)/(?<y>[^/]*)/(?<z>[^/]*)$', '/'] },
    config: {
      parameter_schema: [
        { in: 'query', name: 'filter', schema: object },
        { in: 'path', name: 'x', explode: true, schema: object },
        { in: 'path', name: 'y', style: 'matrix', explode: true, schema: object },
        { in: 'path', name: 'z', style: 'matrix', explode: false, schema: object }
      ]
    }
  })
  const cases: Array<[string, string]> = [
    ['/?a=1&b=true', '200'], ['/?b=true', '400 query filter # required'], ['/?a=1&a=2', '400 query filter duplicate'], ['/?other=1', '200'],
    ['/o/a=1,b=true/;a=1;b=false/;z=a,1', '200'], ['/o/a=1,b=1/;a=1/;z=a,1', '400 path x #/b type'], ['/o/a/;a=1/;z=a,1', '400 path x style'], ['/o/a=1/;b=true/;z=a,1', '400 path y # required'], ['/o/a=1/;a=1/;z=a', '400 path z style']
  ]
  // a parameter of the query as a whole has no pointer of its own
  for (const [path, expected] of cases) t.equal((await refusal(test, path)).join(' ').replace('required', '# required').replace('# # ', '# '), expected, path)
})

t.test('forms and multipart forms are objects', async t => {
  const schema = {
    type: 'object',
    required: ['n'],
    additionalProperties: false,
    properties: { n: { type: 'integer' }, tags: { type: 'array', items: { type: 'string', maxLength: 2 } }, meta: { type: 'object', required: ['a'] }, file: { type: 'string', maxLength: 3 }, none: { type: ['boolean', 'null'] } }
  }
  const test = await testPlugin(t, { plugin, config: { body_schema: schema, max_members: 4, allowed_content_types: ['application/x-www-form-urlencoded', 'multipart/form-data'] } })
  const form = async (body: string): Promise<string> => (await refusal(test, post(body, { 'content-type': 'application/x-www-form-urlencoded' }))).join(' ')
  for (const [body, expected] of [
    ['n=1&tags=a&tags=b%20', '200'], ['n=1&none=null', '200'], ['n=x', '400 body #/n type'], ['n=1&n=2', '400 body duplicate'], ['n=1&tags=abc', '400 body #/tags/0 maxLength'],
    ['n=1&meta={"a":1}', '200'], ['n=1&meta={}', '400 body #/meta required'], ['n=1&meta=x', '400 body #/meta type'], ['n=1&meta={"a":1,"a":2}', '400 body duplicate'], [`n=1&meta={"a":${'['.repeat(50)}${']'.repeat(50)}}`, '400 body depth'], ['n=%', '400 body encoding'], ['n=1&x=1', '400 body # additionalProperties'], ['n=1&__proto__=1', '400 body # additionalProperties'],
    ['n=1&tags=a&tags=a&tags=a&tags=a', '400 body totalMembers'], ['{"n":1}', '400 body # required body # additionalProperties']
  ] as const) t.equal(await form(body), expected, body)

  const multipart = async (...parts: string[]): Promise<string> => (await refusal(test, post(Buffer.from([...parts.map(part => `--b\r\n${part}\r\n`), '--b--\r\n'].join(''), 'latin1'), { 'content-type': 'multipart/form-data; boundary=b' }))).join(' ')
  const field = (name: string, value: string, rest = ''): string => `Content-Disposition: form-data; name="${name}"${rest}\r\n\r\n${value}`
  t.equal(await multipart(field('n', '1'), field('file', '\xff\xfe\x00', '; filename="a.bin"')), '200')
  t.equal(await multipart(field('n', '1'), field('file', '1234', '; filename="a.bin"')), '400 body #/file maxLength')
  t.equal(await multipart(field('n', '1'), field('file', '\xff')), '400 body encoding', 'a text is UTF-8')
  t.equal(await multipart(field('n', '1'), field('n', '2')), '400 body duplicate')
  t.equal(await multipart(field('n', '1'), `Content-Transfer-Encoding: base64\r\n${field('tags', 'YQ==')}`), '400 body syntax')
  t.equal(await multipart(field('n', '1'), field('tags', 'a', '; filename*=x')), '400 body syntax')
  t.equal(await multipart('Content-Disposition: form-data\r\n\r\nx'), '400 body syntax')
  t.equal(await multipart(...Array.from({ length: 5 }, () => field('tags', 'a'))), '400 body totalMembers')
  t.equal((await refusal(test, post('nothing', { 'content-type': 'multipart/form-data; boundary=b' }))).join(' '), '400 body syntax')
  t.equal((await refusal(test, post('n=1', { 'content-type': 'multipart/form-data' }))).join(' '), '400 body syntax')
})

t.test('what services read in another way is refused', async t => {
  const form = await testPlugin(t, { plugin, config: { body_schema: { type: 'object', properties: { note: { type: 'string' } }, additionalProperties: false }, allowed_content_types: ['multipart/form-data', 'application/x-www-form-urlencoded'], content_type_parameter_validation: false } })
  const part = (name: string): string => `\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`
  const multipart = (body: string, type = 'multipart/form-data; boundary=b'): ClientRequest => post(body, { 'content-type': type })
  t.same(await refusal(form, multipart(`--b${part('note')}--b--\r\n`)), ['200'])
  for (const request of [
    multipart(`--b${part('role')}--b--\r\n--evil${part('note')}--evil--\r\n`, 'multipart/form-data; x="; boundary=evil; "; boundary=b'),
    multipart(`--b${part('note').slice(0, -2)}\n--b${part('role')}--b--\r\n`),
    multipart(`--b${part('note"; name="role')}--b--\r\n`),
    multipart(`--b${part('note').replace('\r\n\r\n', '\r\nContent-Disposition: attachment\r\n\r\n')}--b--\r\n`)
  ]) t.not((await refusal(form, request))[0], '200')
  t.same(await refusal(form, post('note=x&', { 'content-type': 'application/x-www-form-urlencoded' })), ['200'], 'nothing stands behind the last &')
  const page = await testPlugin(t, { plugin, config: { parameter_schema: [{ in: 'query', name: 'page', schema: { type: 'integer' } }] } })
  for (const query of ['page[]=x', 'page[$ne]=1']) t.equal((await refusal(page, `/x?${query}`))[0], '400', query)
  const byte = await testPlugin(t, { plugin, config: { body_schema: { type: 'string', format: 'byte' } } })
  t.equal((await refusal(byte, post(JSON.stringify('<b>\n'))))[0], '400')
})

t.test('a schema that leads back to itself costs no more the deeper a body is', async t => {
  const rule = { oneOf: ['not', 'neither', 'never'].map(op => ({ type: 'object', required: ['op', 'arg'], properties: { arg: { $ref: '#' }, op: { const: op } } })) }
  const test = await testPlugin(t, { plugin, config: { body_schema: rule } })
  const nested = (depth: number): unknown => depth === 0 ? 1 : { op: 'not', arg: nested(depth - 1) }
  t.equal((await refusal(test, post(nested(30))))[0], '400')
})

t.test('random bytes are refused or valid, whatever they are said to be', async t => {
  const test = await testPlugin(t, { plugin, config: { body_schema: { type: 'object', required: ['never sent'] }, allowed_content_types: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'] } })
  const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'multipart/form-data; boundary="', ';', 'application/json;=')
  await holds(t, fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), type, async (bytes, contentType) => {
    const { status } = await test.request(post(Buffer.from(bytes), { 'content-type': contentType }))
    return status === 400 || status === 415
  }), { numRuns: 100 })
  t.equal(test.received.length, 0)
})

t.test('each draft means what it says', async t => {
  const cases: Array<[object, string, string]> = [
    [{ version: 'draft4', body_schema: '{"id":"https://x.test/a","type":"integer","minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false}' }, '2', '1'],
    [{ version: 'draft6', body_schema: { items: [{ const: 1 }], additionalItems: false } }, '[1]', '[1,2]'],
    [{ version: 'draft7', body_schema: { $schema: 'http://json-schema.org/draft-07/schema#', if: { const: 1 }, then: false, else: true } }, '2', '1'],
    [{ version: 'draft201909', body_schema: { properties: { a: true }, unevaluatedProperties: false } }, '{"a":1}', '{"b":1}'],
    [{ body_schema: { prefixItems: [{ type: 'integer' }], items: false } }, '[1]', '[1,2]'],
    [{ body_schema: { $schema: 'http://json-schema.org/draft-04/schema#', minimum: 1, exclusiveMinimum: true } }, '2', '1'],
    [{ body_schema: { multipleOf: 0.01 } }, '19.99', '19.995'],
    [{ body_schema: { uniqueItems: true } }, '[1,"1",{"a":1,"b":2}]', '[{"a":[1],"b":2},{"b":2,"a":[1]}]'],
    [{ body_schema: { uniqueItems: false } }, '[1,1]', '['],
    [{ body_schema: { properties: { kid: { $ref: '#' } }, additionalProperties: false } }, '{"kid":{"kid":{}}}', '{"kid":{"kid":{"x":1}}}'],
    [{ body_schema: { $dynamicAnchor: 'node', properties: { kid: { $dynamicRef: '#node' } }, unevaluatedProperties: false } }, '{"kid":{}}', '{"kid":{"x":1}}'],
    [{ body_schema: { required: ['toString'] } }, '{"toString":1}', '{}'],
    [{ body_schema: { $anchor: 'top', $defs: { t: { $anchor: 'tree', type: 'object', properties: { kids: { items: { $ref: '#tree' } } } } }, $ref: '#tree' } }, '{"kids":[{}]}', '{"kids":[1]}']
  ]
  for (const [config, good, bad] of cases) {
    const test = await testPlugin(t, { plugin, config })
    t.same(await refusal(test, post(good)), ['200'], JSON.stringify(config))
    t.match(await refusal(test, post(bad)), ['400'], JSON.stringify(config))
  }
})

t.test('Kong\'s own format', async t => {
  const fields = [
    { name: { type: 'string', required: true, len_min: 2, match: '^%a[%w_-]*$' } },
    { age: { type: 'integer', between: [18, 99] } },
    { kind: { type: 'string', one_of: ['a', 'b'], not_match: '^z' } },
    { tags: { type: 'set', elements: { type: 'string', starts_with: 't.' }, len_max: 2 } },
    { map: { type: 'map', keys: { type: 'string', match_none: [{ pattern: '%s', err: 'no blanks' }] }, values: { type: 'number', gt: 0 } } },
    { rec: { type: 'record', fields: [{ id: { type: 'string', uuid: true, required: true } }, { at: { type: 'number', timestamp: true } }, { flag: { type: 'boolean', eq: true } }] } },
    { any: { type: 'string', match_any: { patterns: ['^a', '^b'] }, match_all: [{ pattern: '%d$' }], len_eq: 2, ne: 'a0', not_one_of: ['b0'] } },
    { list: { type: 'array' } }
  ]
  for (const config of [{ body_schema: fields }, { version: 'kong', body_schema: JSON.stringify(fields) }]) {
    const test = await testPlugin(t, { plugin, config })
    for (const good of [{ name: 'ab' }, { name: 'a-1', age: 18, kind: null, tags: ['t.a'], map: { a: 1 }, rec: { id: '123e4567-e89b-12d3-a456-426614174000', at: 1, flag: true }, any: 'a1', list: [] }]) {
      t.same(await refusal(test, post(good)), ['200'], JSON.stringify(good))
    }
    for (const bad of [{}, { name: 'a' }, { name: '1a' }, { name: null }, { name: 'ab', more: 1 }, { name: 'ab', age: 17 }, { name: 'ab', kind: 'z' }, { name: 'ab', tags: ['t.a', 't.a'] }, { name: 'ab', tags: ['txa'] }, { name: 'ab', map: { 'a b': 1 } }, { name: 'ab', map: { a: 0 } }, { name: 'ab', rec: {} }, { name: 'ab', any: 'c1' }, { name: 'ab', any: 'ax' }, { name: 'ab', any: 'a0' }, { name: 'ab', list: {} }]) {
      t.match(await refusal(test, post(bad)), ['400'], JSON.stringify(bad))
    }
  }
})

/** What `check` says of an entry beside files: `path message` each. */
function problems (t: Test, config: object, files: Record<string, string | Buffer> = {}): string[] {
  const directory = t.testdir()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  return [...plugin.check?.(completeConfig(plugin, config), { directory }) ?? []].map(({ path, message }) => `${path} ${message}`)
}

t.test('a mistake in a schema has its place in the file', async t => {
  const { diagnostics } = await loadConfig({
    file: 'gateway.yaml',
    text: JSON.stringify({ _format_version: '3.0', routes: [{ name: 'r', paths: ['/'], plugins: [{ name: plugin.name, config: { body_schema: { properties: { a: { format: 'emial' } } } } }] }] }, null, 1),
    env: {}
  })
  t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ range: { line: 16, column: 20 }, mend: 'Did you mean \'email\'?' }])
  t.match((await loadConfig({ file: 'gateway.yaml', text: JSON.stringify({ _format_version: '3.0', plugins: [{ name: plugin.name, config: { array_length_compat: true } }] }), env: {} })).diagnostics[0]?.cause, /no `array_length_compat` here/)
})

t.test('schemas come from files beside the configuration, also in circles', async t => {
  const files = {
    'schemas/order.json': '{"$id":"https://x.test/order","type":"object","required":["lines"],"properties":{"lines":{"type":"array","items":{"$ref":"line.yaml"}}}}',
    'schemas/line.yaml': 'type: object\nrequired: [sku]\nproperties:\n  sku: { $ref: "common/sku.yaml#/$defs/sku" }\n  parent: { $ref: https://x.test/order }\n',
    'schemas/common/sku.yaml': '$defs:\n  sku: { type: string, pattern: "^[A-Z]{3}$" }\n'
  }
  t.same(problems(t, { body_schema: { $ref: 'schemas/order.json' } }, files), [])
  const broken = { ...files, 'schemas/common/sku.yaml': '$defs:\n  sku:\n    type: strng\n    patern: x\n' }
  t.same(problems(t, { body_schema: { $ref: 'schemas/order.json' } }, broken), [
    '/body_schema/$ref schemas/common/sku.yaml:4:13: the schema has a keyword that means nothing: \'patern\'',
    '/body_schema/$ref schemas/common/sku.yaml:3:11: this is no JSON Schema: it must be equal to one of the allowed values (array, boolean, integer, null, number, object, string)'
  ])
})

t.test('what is wrong with a schema is said at its place when the file is loaded', async t => {
  const schema = (body: unknown): object => ({ body_schema: body })
  const cases: Array<[object, RegExp]> = [
    [{}, /at least one of/],
    [schema(1), /^\/body_schema a schema is an object/],
    [schema({ type: 'object', requried: [] }), /^\/body_schema\/requried .*'requried'/],
    [schema({ properties: { a: { format: 'emial' } } }), /^\/body_schema\/properties\/a\/format .*'emial'/],
    [schema({ format: 'nothing-like-it' }), /would check nothing/],
    [schema({ pattern: '^(a+)+$' }), /^\/body_schema\/pattern a client can make/],
    [schema({ pattern: '(' }), /no regular expression/],
    [schema({ patternProperties: { '(x*)*y': true } }), /a client can make/],
    [schema({ $ref: 'https://x.test/a' }), /is not fetched/],
    [schema({ $ref: 'file:///etc/passwd' }), /is not fetched/],
    [schema({ $ref: '/etc/passwd' }), /is not fetched/],
    [schema({ $ref: '../a.json' }), /leads out of the folder/],
    [schema({ $ref: 'none.json' }), /'none.json' can't be read: there is none/],
    [schema({ $ref: '%.json' }), /can't be read/],
    [schema({ $ref: '#/$defs/none' }), /leads to nothing/],
    [schema({ $ref: '#none' }), /doesn't compile/],
    [schema({ $ref: '#/%' }), /leads to nothing/],
    [schema({ $dynamicRef: 'https://x.test/#a' }), /has to name a `\$dynamicAnchor`/],
    [{ version: 'draft201909', body_schema: { $recursiveRef: '#' } }, /has to name/],
    [schema({ properties: { a: { $id: 'https://x.test/a' } } }), /address of its own/],
    [schema({ type: 'strng' }), /^\/body_schema\/type this is no JSON Schema/],
    [schema({ $schema: 'https://x.test/' }), /dialect 'https:\/\/x.test\/' is not known/],
    [{ version: 'draft7', body_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema' } }, /schema of draft202012, and `version` says draft7/],
    [schema({ items: { if: true } }), /doesn't compile.*"if" without "then"/],
    [schema('{"type": "object",\n "foo": 1}'), /^\/body_schema schema:2:9: .*'foo'/],
    [schema('{"type": '), /^\/body_schema schema:/],
    [schema([{ a: {}, b: {} }]), /^\/body_schema\/0 .*one name/],
    [schema([{ a: { type: 'strng' } }]), /no such type/],
    [schema([{ a: 1 }]), /is an object/],
    [schema([{ a: { type: 'string', custom_validator: 1 } }]), /'custom_validator'/],
    [schema([{ a: { type: 'string', match: '%b()' } }]), /no equal/],
    [schema([{ a: { type: 'string', match: '[%D]' } }]), /no equal/],
    [schema([{ a: { type: 'string', match: '[a' } }]), /no equal/],
    [schema([{ a: { type: 'string', match: 'a%' } }]), /no equal/],
    [schema([{ a: { type: 'string', one_of: 'a' } }]), /has a list here/],
    [schema([{ a: { type: 'string', len_min: 'a' } }]), /has a number here/],
    [{ version: 'kong', body_schema: '{"a":1}' }, /has a list here/],
    [{ parameter_schema: [{ in: 'query', name: 'a', style: 'matrix' }] }, /never written in this style/],
    [{ parameter_schema: [{ in: 'header', name: 'a' }, { in: 'header', name: 'A' }] }, /^\/parameter_schema\/1\/name .*second time/],
    [{ body_schema: true, allowed_content_types: ['json'] }, /'json' is no media type/]
  ]
  for (const [config, expected] of cases) t.match(problems(t, config)[0] ?? 'nothing', expected, JSON.stringify(config))
  t.match(problems(t, { body_schema: { $ref: 'a.yaml' } }, { 'a.yaml': 'a: 1\na: 2\n' })[0], /a.yaml:2:1: the key 'a' stands here for the second time/)
  t.match(problems(t, { body_schema: { $ref: 'empty.yaml' } }, { 'empty.yaml': '' })[0], /empty.yaml is empty/)
  t.match(problems(t, { body_schema: { $ref: 'latin.yaml' } }, { 'latin.yaml': Buffer.from([0xff]) })[0], /is not UTF-8/)
  t.match(problems(t, { body_schema: { $ref: 'text.yaml' } }, { 'text.yaml': 'x' })[0], /a schema is an object/)
})
