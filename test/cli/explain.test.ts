import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'
import { codeBlocks, type CodeBlock } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

const FILE = `_format_version: "3.0"
services:
  - name: orders
    url: http://orders.internal:8080/api
    routes:
      - { name: list, paths: [/orders], methods: [GET], strip_path: false }
      - { name: one, paths: ['~/orders/(?<id>\\d+)$'], strip_path: false }
      - { name: secure, paths: [/pay], protocols: [https], https_redirect_status_code: 308 }
    plugins:
      - { name: rate-limiting, config: { minute: 60 } }
      - { name: key-auth }
plugins:
  - { name: rate-limiting, config: { minute: 600 } }
  - { name: cors, enabled: false }
consumers:
  - username: acme
    plugins: [{ name: rate-limiting, config: { minute: 6000 } }]
`

t.test('a request that goes to a service', async t => {
  const cwd = t.testdir({ 'gateway.yaml': FILE })
  const { stdout, code } = await runCli(['explain', 'get', 'http://api.example.com/orders/7%2Fx/..?page=1', '-H', 'X-User-Id: 9', '-H', 'Authorization: Bearer abc', '--near', '1'], { cwd })
  t.equal(code, 0)
  t.equal(stdout, `
GET http://api.example.com/orders/7%2Fx/..?page=1
goes to route list, service orders

REQUEST
  listener  0.0.0.0:8000, http
  client    127.0.0.1

PATH
  /orders/7%2Fx/.. is read as /orders/
    encoded_slash: keep_if_safe, by the path_policy of the gateway

ROUTE
  list, number 1 in matching order, gateway.yaml:6
  its path /orders accepts the request

NEAR ROUTES
  one, gateway.yaml:7
    path: wants ~/orders/(?<id>\\d+)$, got /orders/

CHAIN
  1 key-auth (1250), service, gateway.yaml:11
  2 rate-limiting (910), service, gateway.yaml:10
      not consumer acme, gateway.yaml:17
      not global, gateway.yaml:13: less specific
  - cors, global, gateway.yaml:14: switched off

UPSTREAM, if the plugins let it pass (--run tries them), before they change it
  GET http://orders.internal:8080/api/orders/?page=1
    Authorization: ***
  + Host: orders.internal:8080
  + X-Forwarded-For: 127.0.0.1
  + X-Real-IP: 127.0.0.1
  + X-Forwarded-Proto: http
  + X-Forwarded-Host: api.example.com
  + X-Forwarded-Port: 8000
  + X-Forwarded-Path: /orders/7%2Fx/..
  + X-Sallyport-Request-Id: (an id of its own)
  + Via: 1.1 sallyport
  - X-User-Id  (only the gateway says this about a caller)
`.trimStart())
})

t.test('the first lines of what the gateway answers by itself', async t => {
  const cwd = t.testdir({ 'gateway.yaml': FILE })
  const first = async (...args: string[]): Promise<string | undefined> => (await runCli(['explain', ...args], { cwd })).stdout.split('\n')[1]
  t.equal(await first('GET', '/pay/7'), '308 route secure wants https: https://localhost/pay/7')
  t.equal(await first('GET', '/order'), '404 no route takes it')
  t.equal(await first('GET', '/orders/%00'), '400 refused before any plugin: Bad request (SP_PATH)')
  const { stdout } = await runCli(['explain', 'GET', '/pay/7'], { cwd })
  t.match(stdout, /answers by itself: only response and log hooks/)
  t.notMatch(stdout, /UPSTREAM/)
})

t.test('a route that loses, a consumer, many targets, and a note fit into 80 columns', async t => {
  const cwd = t.testdir({
    'gateway.yaml': `${FILE}  - username: somebody-with-a-rather-long-name-who-calls
upstreams:
  - name: orders.internal
    targets: [${Array.from({ length: 9 }, (_, index) => `{ target: "orders-${index}.internal:8080"${index === 8 ? ', failover: true' : ''} }`).join(', ')}]
`.replace('name: one, paths', 'name: every-one-of-the-orders-with-a-number, methods: [GET, POST, PUT, PATCH, DELETE], paths')
  })
  const { stdout } = await runCli(['explain', 'GET', '/orders/7', '--consumer', 'acme', '--ip', '2001:db8::1', '-H', 'X-Forwarded-For: 198.51.100.7'], { cwd })
  t.match(stdout, /takes it too, and loses: the winner's path is a regex/)
  t.match(stdout, / {2}id: 7\n/)
  t.match(stdout, /2 rate-limiting \(910\), consumer acme, gateway\.yaml:17\n {6}not service, gateway\.yaml:10\n/)
  t.match(stdout, /to one of 9 targets of orders\.internal by round-robin/)
  t.match(stdout, /orders-7\.internal:8080\s\(100\),\s+orders-8\.internal:8080\s+\(100,\s+failover\)/, 'a spare is told from those that share')
  t.same(stdout.split('\n').filter(line => line.length > 80), [])
})

t.test('colours are for terminals', async t => {
  const cwd = t.testdir({ 'gateway.yaml': FILE })
  const { stdout } = await runCli(['explain', 'GET', '/orders'], { cwd, terminal: true })
  t.match(stdout, /\x1b\[1mCHAIN\x1b\[0m/) // eslint-disable-line no-control-regex
  const plain = await runCli(['explain', 'GET', '/orders'], { cwd })
  t.equal(stdout.replace(/\x1b\[[\d;]*m/g, ''), plain.stdout) // eslint-disable-line no-control-regex
})

t.test('--json prints what docs/cli.md describes', async t => {
  const { stdout, code } = await runCli(['explain', 'POST', '/orders', '-', '--json', '-d', '{}'], { stdin: FILE })
  t.equal(code, 0)
  const result = JSON.parse(stdout)
  t.equal(result.version, 1)
  t.match(result.near, [{ name: 'list', line: 6, failed: [{ criterion: 'method', wants: ['GET'], got: 'POST' }] }])
  const page = readFileSync(join(packageRoot, 'docs/cli.md'), 'utf8')
  const [, section = ''] = /\n## sallyport explain\n([^]*?)\n## /.exec(page) ?? []
  for (const name of Object.keys(result)) t.ok(section.includes(`\`${name}\``), name)
})

t.test('--run shows what each plugin did, and what came of it', async t => {
  const cwd = t.testdir({
    'gateway.yaml': FILE.replace('- { name: key-auth }', `- { name: key-auth }
      - { name: request-transformer, config: { remove: { headers: [X-Old] }, replace: { headers: ["X-Kept:new"] } } }
      - { name: response-transformer, config: { add: { headers: ["X-More:1"] } } }`)
  })
  const { stdout, code } = await runCli(['explain', 'GET', '/orders', '--run', '--consumer', 'acme', '-H', 'X-Old: 1', '-H', 'X-Kept: old', '--answer', 'plain\ntext'], { cwd })
  t.equal(code, 0)
  const [, steps = ''] = /\nRUN, with stubs in the place of all other servers\n([^]*?)\n\n/.exec(stdout) ?? []
  t.match(steps, /^ {2}key-auth, access: taken for granted, gateway\.yaml:11\n {4}\+ consumer: acme\n/)
  t.match(steps, /\n {2}request-transformer, access: changed, gateway\.yaml:12\n {4}- X-Old: 1\n {4}~ X-Kept: old → new\n/)
  t.match(steps, /\n {2}response-transformer, response: changed, gateway\.yaml:13\n {4}\+ answer x-more: 1$/)
  t.match(stdout, /\nSERVICE orders\.internal:8080 GOT\n {2}GET \/api\/orders\n/)
  t.match(stdout, /\nANSWER\n {2}200 by the service, for acme\n[^]*\n\n {4}plain\n {4}text\n$/)

  const refused = await runCli(['explain', 'GET', '/orders', '--run'], { cwd })
  t.match(refused.stdout, /key-auth, access: refused with 401 \(SP_UNAUTHORIZED\), gateway\.yaml:11\n[^]*\n {2}not reached: rate-limiting, request-transformer\n/)
  t.match(refused.stdout, /401 by key-auth \(UA\)/)
  t.notMatch(refused.stdout, /GOT/)
  t.notMatch((await runCli(['explain', 'CONNECT', '/orders', '--run'], { cwd })).stdout, /RUN|ANSWER/)
})

const FORWARDED = `_format_version: "3.0"
gateway: { modules: [./asks.js] }
services:
  - name: s
    url: http://s.internal
    http2: true
    routes:
      - name: r
        paths: [/]
        plugins:
          - { name: forward-auth, config: { url: "http://auth.internal/check", upstream_headers: [X-User] } }
          - { name: asks }
`

t.test('--run reaches nobody: a server that decides is stubbed, and --stub says what it answers', async t => {
  const cwd = t.testdir({
    'gateway.yaml': FORWARDED,
    'asks.js': `import { connect } from 'node:net'
import { definePlugin, Type } from 'sallyport/plugin'
export default definePlugin({
  name: 'asks', priority: 5, schema: Type.Object({}, { additionalProperties: false }), scopes: ['route'],
  register (scope) {
    scope.addHook('onRequest', async function asks (request, reply) {
      const error = await new Promise(resolve => connect(9, '127.0.0.1').on('error', resolve))
      reply.header('x-asked', error.code)
    })
  }
})
`
  })
  const run = async (...args: string[]): Promise<{ stdout: string, stderr: string, code: number }> => await runCli(['explain', 'GET', '/', '--run', ...args], { cwd })
  const { stdout } = await run()
  t.match(stdout, /forward-auth, access: let it pass/)
  t.match(stdout, /SERVER OF A PLUGIN auth\.internal:80 GOT\n[^]*A stub has answered: --stub auth\.internal:80=403, say/)
  t.match(stdout, /SERVICE s\.internal:80 GOT\n/)
  t.match(stdout, /x-asked: SP_NOT_STUBBED/)
  t.match((await run('--stub', 'auth.internal:80=403')).stdout, /forward-auth, access: refused with 403 \(SP_FORWARD_AUTH\)[^]*\nANSWER\n {2}403 by forward-auth/)
  const named = await run('--stub', 'auth.internal:80={"headers":{"X-User":"ann"}}', '--stub', 's={"status":503}')
  t.match(named.stdout, /X-User: ann/i)
  t.match(named.stdout, /\nANSWER\n {2}503 by the service/)
  for (const [text, message] of [
    ['auth.internal:80=no', /write a status \(403\), or an object of JSON/], ['auth.internal:80={"stat":1}', /an answer has no 'stat'/], ['auth.internal:80={"status":7}', /status must be >= 200/],
    ['auth.internal:80={"body":"a","json":1}', /`body` or `json`/], ['nobody=403', /no service or upstream 'nobody'/], ['403', /Write server=answer/]
  ] as const) t.match(await run('--stub', text), { code: 3, stderr: message }, text)
  t.match(await runCli(['explain', 'GET', '/', '--stub', 's=200'], { cwd }), { code: 3, stderr: /add --run/ })
})

t.test('--json --run has what docs/cli.md describes', async t => {
  const { stdout } = await runCli(['explain', 'GET', '/orders', '-', '--json', '--run'], { stdin: FILE })
  const { run } = JSON.parse(stdout)
  t.match(run, { answered_by: 'key-auth', steps: [{ plugin: 'key-auth', outcome: 'refused' }] })
  const [, row = ''] = /\n\| `run` \|(.*)/.exec(readFileSync(join(packageRoot, 'docs/cli.md'), 'utf8')) ?? []
  for (const name of [...Object.keys(run), ...Object.keys(run.steps[0])]) t.ok(row.includes(`\`${name}\``), name)
})

t.test('a bad file, and a bad request', async t => {
  t.match(await runCli(['explain', 'GET', '/', '-'], { stdin: 'routes: []' }), { code: 1, stdout: '', stderr: /\[required\]/ })
  for (const [args, message] of [
    [['explain', 'GET', 'x.com'], /is no URL: write http:\/\/host\/path/],
    [['explain', 'GET', '/', '-H', 'nothing'], /Write 'Name: value'/],
    [['explain', 'GET', '/', '--near', 'x'], /Write a number/],
    [['explain', 'GET', '/', '--run', '--claims', '[1]'], /Write an object of JSON/],
    [['explain', 'GET', '/', '--claims', '{}'], /add --run/],
    [['explain', 'GET', '/', '--consumer', 'acne'], /did you mean 'acme'/]
  ] as const) t.match(await runCli([...args, '-'], { stdin: FILE }), { code: 3, stdout: '', stderr: message })
})

t.test('the outputs in the README and in docs/cli.md are what explain prints for the file above them', async t => {
  for (const page of ['README.md', 'docs/cli.md']) {
    const blocks = codeBlocks(page)
    const shown = blocks.filter(({ text }) => /^\$ sallyport explain (?!--help)/.test(text))
    const file = page === 'README.md' ? blocks.find(({ info }) => info === 'yaml') : blocks[blocks.indexOf(shown[0] as CodeBlock) - 1]
    const cwd = t.testdir({ 'gateway.yaml': file?.text ?? '' })
    for (const { text } of shown) {
      const [, command = ''] = /^\$ sallyport (.*)\n/.exec(text) ?? []
      const { stdout } = await runCli(command.split(' '), { cwd })
      t.equal(steady(text), steady(`$ sallyport ${command}\n${stdout}`), page)
    }
  }
})

/** Without what differs from run to run. */
function steady (text: string): string {
  return text.replaceAll(/\b[\da-f]{32}\b/g, 'ID').replaceAll(/(latency: )\d+/gi, '$10')
}
