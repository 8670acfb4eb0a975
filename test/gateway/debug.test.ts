/** Debugging of single requests, on demand: who gets it, what it says, and that nobody else notices. */
import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { createGateway, type Gateway } from '../../src/index.ts'
import { mintDebugToken, readDebugToken } from '../../src/debug/token.ts'
import { runCli } from '../helpers/cli.ts'
import { ask, gatewayYaml, until, upstream, type Answer } from '../helpers/running.ts'

const SECRET = 'a-secret-for-debugging-0123456789abcdef'
const env = { DEBUG_SECRET: SECRET }
const debug = { secret: '{vault://env/debug-secret}' }
const MODULE = `
import { definePlugin, Type } from 'sallyport/plugin'
const wait = () => new Promise(resolve => setImmediate(resolve))
export default definePlugin({
  name: 'many-ways', priority: 5, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global', 'service', 'route', 'consumer'],
  register (scope) {
    scope.addHook('onRequest', function plain (request) { if (request.headers['x-way'] === 'throw') throw Object.assign(new Error('no'), { statusCode: 418, code: 'TEAPOT' }) })
    scope.addHook('onRequest', function callback (request, reply, done) { setImmediate(() => { request.headers['x-way'] === 'done' ? done(Object.assign(new Error('no'), { statusCode: 419, code: 'DONE' })) : done() }) })
    scope.addHook('onRequest', async function waits (request, reply) { await wait(); if (request.headers['x-way'] === 'send') { reply.code(299).send('mine'); return reply } if (request.headers['x-way'] === 'reject') throw Object.assign(new Error('no'), { statusCode: 417 }) })
    scope.addHook('onRequest', function sends (request, reply, done) { if (request.headers['x-way'] === 'callback') reply.code(298).send('mine'); else done() })
    scope.addHook('onSend', async function changes (request, reply, payload) { await wait(); reply.header('x-seen', 'yes') })
    scope.addHook('onSend', function callbackToo (request, reply, payload, done) { done(null, payload) })
  }
})
`

interface Run {
  readonly get: (target: string, headers?: Record<string, string>) => Promise<Answer>
  readonly details: (answer: Answer) => Promise<any>
  readonly lines: string[]
  readonly seen: Array<NodeJS.Dict<string | string[]>>
  readonly file: string
  readonly gateway: Gateway
}

async function start (t: Test, rest = '', settings: Record<string, unknown> = { debug }): Promise<Run> {
  const seen: Run['seen'] = []
  const port = await upstream(t, (request, response) => {
    seen.push(request.headers)
    response.setHeader('server-timing', 'db;dur=1')
    if (request.url === '/cached') response.setHeader('cache-control', 'max-age=60').setHeader('content-type', 'text/plain')
    response.end('ok')
  })
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml(port, { ...settings, modules: ['./many-ways.js'] }, rest), 'many-ways.js': MODULE })
  const lines: string[] = []
  const file = path.join(folder, 'gateway.yaml')
  const gateway = await createGateway({ file, env, accessLog: '/dev/null', log: { write: (line: string) => { lines.push(line) } } })
  await gateway.listen()
  t.teardown(() => gateway.close())
  return {
    lines,
    seen,
    file,
    gateway,
    get: async (target, headers = {}) => await ask(gateway.addresses[0]?.port as number, target, { headers }),
    async details ({ headers }) {
      let answer: Answer | undefined
      await until('the request is remembered', async () => {
        answer = await ask(gateway.adminAddress?.port as number, `/requests/${String(headers['x-sallyport-request-id'])}`)
        return answer.status === 200
      })
      return JSON.parse(answer?.text ?? '')
    }
  }
}

function token (claims: { route?: string, path?: string, ip?: string, exp?: number } = {}, secret = SECRET): string {
  const now = Date.now()
  return mintDebugToken(secret, { exp: Math.floor(now / 1000) + 60, ...claims }, now)
}

t.test('a token has the answer, the log and the admin listener tell where the time went', async t => {
  const { get, details, lines, seen } = await start(t, 'plugins: [{ name: many-ways }, { name: correlation-id }]\n')
  const answer = await get('/a?token=geheim', { 'X-Sallyport-Debug': token() })
  t.equal(answer.status, 200)
  t.equal(answer.headers['x-sallyport-debug-id'], answer.headers['x-sallyport-request-id'])
  t.match(answer.headers['server-timing'], /^db;dur=1, correlation-id\.access;dur=\d+\.\d\d, many-ways\.access;dur=.*upstream;dur=\d+\.\d\d, total;dur=\d+\.\d\d$/)
  t.equal(answer.headers['x-seen'], 'yes')
  t.notOk(seen[0]?.['x-sallyport-debug'], 'the service does not see it')
  const { timeline, has_timeline: has } = await details(answer)
  t.ok(has)
  t.match(timeline, {
    plugins: [{ plugin: 'correlation-id', phase: 'access', outcome: 'passed', error: null }, ...Array.from({ length: 4 }, () => ({ plugin: 'many-ways', phase: 'access', outcome: 'passed' })), { phase: 'response' }],
    tries: [{ host: '127.0.0.1', status: 200, error: null }],
    cache: null,
    explanation: { route: { name: 'all' }, outcome: { kind: String } }
  })
  for (const { from, to } of [...timeline.plugins, ...timeline.tries]) t.ok(from >= 0 && to >= from && to <= timeline.total)
  t.notMatch(JSON.stringify(timeline), 'geheim')
  const line = lines.map(text => JSON.parse(text)).find(({ msg }) => msg === 'debugged a request')
  t.match(line, { level: 'info', route: 'all', status: 200, end: '-', request: answer.headers['x-sallyport-request-id'], timeline: { total: Number } })
  t.notMatch(lines.join(''), SECRET)
})

t.test('whichever way a hook ends a request, it does so as without a token, and is named', async t => {
  const { get, details } = await start(t, 'plugins: [{ name: many-ways }]\n')
  for (const [way, status, outcome, error, at] of [
    ['throw', 418, 'failed', 'TEAPOT', 0], ['done', 419, 'failed', 'DONE', 1], ['reject', 417, 'failed', null, 2], ['send', 299, 'answered', null, 2], ['callback', 298, 'answered', null, 3]
  ] as const) {
    const plain = await get('/a', { 'x-way': way })
    const answer = await get('/a', { 'x-way': way, 'x-sallyport-debug': token() })
    t.same([answer.status, answer.text.replace(/[0-9a-f]{32}/, '')], [plain.status, plain.text.replace(/[0-9a-f]{32}/, '')], way)
    t.equal(answer.status, status)
    const { timeline } = await details(answer)
    t.match(timeline.plugins[at], { plugin: 'many-ways', phase: 'access', outcome, error }, way)
    t.notOk(timeline.plugins[at + 1]?.phase === 'access', 'nothing ran after it')
    t.same(timeline.tries, [])
  }
})

t.test('an answer from the cache says so', async t => {
  const { get, details } = await start(t, 'plugins: [{ name: proxy-cache }]\n')
  const headers = { 'x-sallyport-debug': token() }
  t.match((await details(await get('/cached', headers))).timeline, { cache: 'Miss' })
  const hit = await get('/cached', headers)
  t.match((await details(hit)).timeline, { cache: 'Hit', tries: [] })
  t.ok(hit.headers['x-sallyport-debug-id'])
  const { headers: plain } = await get('/cached')
  t.match([plain['x-cache-status'], plain['server-timing'], plain['x-sallyport-debug-id']], ['Hit', /^db;dur=1$/, undefined], 'nothing of it is kept for others')
})

t.test('routes that nearly won are named', async t => {
  const { get, details } = await start(t, '  - { name: other, url: "http://127.0.0.1:1", routes: [{ name: other, paths: [/other], methods: [POST] }] }\n')
  const answer = await get('/other', { 'x-sallyport-debug': token({ path: '/other' }) })
  t.equal(answer.status, 200, 'all takes it')
  t.match((await details(answer)).timeline.explanation.near, [{ name: 'other' }])
})

t.test('an explanation says where in the file each part stands, until the file is another one', async t => {
  const { get, details, file, gateway } = await start(t, 'plugins:\n  - name: many-ways\n')
  const answer = await get('/a', { 'x-sallyport-debug': token() })
  const text = readFileSync(file, 'utf8')
  const lineOf = (words: string): number => text.slice(0, text.indexOf(words)).split('\n').length
  const { route, chain, request } = (await details(answer)).timeline.explanation
  t.match(route, { path: /\.routes\[all\]$/, line: lineOf('name: all'), service: { line: Number } })
  t.match(chain, [{ plugin: 'many-ways', entry: { pointer: '/plugins/0', path: 'plugins[many-ways]', line: lineOf('name: many-ways') } }])
  t.match(request.listener, { line: Number })
  writeFileSync(file, `# one line more\n${text}`)
  t.match(await gateway.reload(), { ok: true })
  t.match((await details(answer)).timeline.explanation.chain, [{ entry: { path: 'plugins[many-ways]', line: null } }], 'the line of the file before would be the wrong one')
})

t.test('tokens that are not valid change nothing and tell nothing', async t => {
  const { get, details, seen } = await start(t)
  const now = Date.now()
  const good = token()
  const signed = (payload: string): string => {
    const encoded = Buffer.from(payload).toString('base64url')
    return `${encoded}.${createHmac('sha256', SECRET).update('sallyport debug v1.').update(encoded).digest('base64url')}`
  }
  const exp = Math.floor(now / 1000) + 60
  const tokens = [
    // signed by somebody else who knows the secret
    ...['nonsense', 'null', '7', '{}', `{"exp":"${exp}"}`, `{"exp":${exp},"path":7}`, `{"exp":${exp},"route":null}`].map(signed),
    '', 'x', `${good}x`, good.slice(1), `${good.split('.')[0]}.`, `.${good.split('.')[1]}`, token({}, 'another-secret-0123456789-0123456789'), 'a'.repeat(4000),
    token({ route: 'other' }), token({ path: '/b' }), token({ path: '/aa' }), token({ ip: '10.0.0.1' }),
    mintDebugToken(SECRET, { exp: Math.floor(now / 1000) - 60 }, now - 120_000),
    mintDebugToken(SECRET, { exp: Math.floor(now / 1000) + 1500 }, now + 1_000_000)
  ]
  const plain = await get('/a')
  for (const one of tokens) {
    const answer = await get('/a', { 'x-sallyport-debug': one })
    t.same(Object.keys(answer.headers).sort(), Object.keys(plain.headers).sort(), one.slice(0, 80))
    t.equal(answer.headers['server-timing'], 'db;dur=1')
    t.equal((await details(answer)).timeline, null)
  }
  t.notOk(seen.some(headers => 'x-sallyport-debug' in headers))
  for (const one of [token({ route: 'all' }), token({ path: '/a' }), token({ path: '/' }), token({ ip: '127.0.0.1' })]) t.ok((await get('/a/b', { 'x-sallyport-debug': one })).headers['x-sallyport-debug-id'])
})

t.test('without gateway.debug the field is removed, and means nothing', async t => {
  const { get, seen } = await start(t, '', {})
  const answer = await get('/a', { 'x-sallyport-debug': token() })
  t.equal(answer.headers['x-sallyport-debug-id'], undefined)
  t.notOk(seen.some(headers => 'x-sallyport-debug' in headers))
})

t.test('sallyport debug-token makes tokens that the gateway takes', async t => {
  const { get, file } = await start(t)
  const run = async (...args: string[]) => await runCli(['debug-token', file, ...args], { env })
  const made = await run('--route', 'all', '--path', '/a', '--ip', '127.0.0.1', '--ttl', '15m')
  t.equal(made.code, 0)
  t.ok((await get('/a', { 'x-sallyport-debug': made.stdout.trim() })).headers['x-sallyport-debug-id'])
  t.match(readDebugToken(SECRET, made.stdout.trim(), Date.now()), { route: 'all', path: '/a', ip: '127.0.0.1' })
  for (const args of [['--ttl', '16m'], ['--ttl', '0s'], ['--ttl', '5'], ['--path', 'a'], ['--ip', 'here'], ['--route', 'none']]) t.equal((await run(...args)).code, 3, args.join(' '))
  t.match(await runCli(['debug-token', file], { env: {} }), { code: 1, stdout: '' })
  const plain = path.join(t.testdir({ 'gateway.yaml': '_format_version: "3.0"\n' }), 'gateway.yaml')
  t.match(await runCli(['debug-token', plain]), { code: 3, stderr: /has no gateway\.debug/ })
  t.throws(() => mintDebugToken(SECRET, { exp: Date.now() / 1000 + 1000 }, Date.now()), RangeError)
})
