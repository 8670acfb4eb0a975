import { EventEmitter } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { digestApiKey } from '../../src/auth/api-key.ts'
import { init } from '../../src/cli/init.ts'
import { createPainter } from '../../src/cli/paint.ts'
import { ask, type Prompts } from '../../src/init/ask.ts'
import { DEFAULTS } from '../../src/init/answers.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'

type Tree = Record<string, any>

const read = (directory: string, name = 'gateway.yaml'): Tree => parse(readFileSync(join(directory, name), 'utf8')) as Tree

/** Answers by the words of the question; what a question refuses is asked again. */
function answering (answers: ReadonlyArray<readonly [RegExp, ...string[]]>): Prompts & { asked: string[], refused: string[] } {
  const asked: string[] = []
  const refused: string[] = []
  const left = answers.map(([question, ...texts]) => ({ question, texts }))
  const next = (message: string): string => left.find(({ question }) => question.test(message))?.texts.shift() ?? ''
  return {
    asked,
    refused,
    async input ({ message, default: otherwise = '', validate = () => true }) {
      asked.push(message)
      for (;;) {
        const text = next(message) || otherwise
        const verdict = validate(text)
        if (verdict === true) return text
        refused.push(verdict)
      }
    },
    async select ({ message, choices, default: otherwise }) {
      asked.push(message)
      const text = next(message)
      return (choices.find(({ value }) => String(value) === text)?.value ?? otherwise) as never
    }
  }
}

t.test('without questions the file is closed, limited, and clean', async t => {
  const cwd = t.testdir({})
  const { code, stdout, stderr } = await runCli(['init', '--yes', '--upstream', 'http://127.0.0.1:3001'], { cwd })
  t.same([code, stderr], [0, ''])
  const key = /sp_[0-9A-Za-z]{36}/.exec(stdout)?.[0] ?? ''
  const file = read(cwd)
  t.match(file, { services: [{ url: 'http://127.0.0.1:3001', routes: [{ paths: ['/'] }], plugins: [{ name: 'key-auth' }, { name: 'rate-limiting', config: { minute: 60 } }] }], consumers: [{ keyauth_credentials: [{ hash: digestApiKey(key) }] }] })
  t.notMatch(readFileSync(join(cwd, 'gateway.yaml'), 'utf8'), key)
  t.match(stdout, `curl -i -H 'apikey: ${key}' http://127.0.0.1:8000/`)
  t.match(stdout, 'sallyport schema > gateway.schema.json')
  t.match(await runCli(['check', '--strict'], { cwd }), { code: 0 })
  t.match(await runCli(['init', '--yes'], { cwd }), { code: 3, stderr: /is there already/ })
  t.match(await runCli(['init', '--yes', '--force', '--auth', 'none'], { cwd }), { code: 0, stdout: /curl -i http/ })
  t.match(read(cwd)['services'][0].plugins[0], { name: 'auth-policy', config: { public: true } })
  t.match(await runCli(['check', '--strict'], { cwd }), { code: 0 })
})

t.test('flags say everything that questions would', async t => {
  const { cert, key } = makeCertificate('gateway', { names: ['gateway'], bits: 2048 })
  const cwd = t.testdir({ 'cert.pem': cert, 'key.pem': key, node_modules: { sallyport: { schemas: { 'gateway.schema.json': '{}' } } } })
  const { code, stdout } = await runCli(['init', '-u', 'http://users.internal:3000', '--path', '/users', '--auth', 'jwt', '--issuer', 'https://auth.example.com/', '--audience', 'users', '--limit', '0', '--origin', 'https://a.example.com, https://b.example.com', '--cert', 'cert.pem', '--key', 'key.pem', '-o', 'other.yaml'], { cwd })
  t.equal(code, 0)
  t.match(stdout, /Next:\n {2}sallyport check other\.yaml\n {2}sallyport test other\.test\.yaml\n {2}sallyport start other\.yaml\n {2}sallyport dev other\.yaml +# .*\n {2}curl -i -H 'Authorization: Bearer TOKEN' https:\/\/127\.0\.0\.1:8443\/users\n$/)
  t.match(read(cwd, 'other.yaml'), {
    gateway: { listen: [{ port: 8443, tls: true }] },
    certificates: [{ cert_file: 'cert.pem', key_file: 'key.pem' }],
    services: [{ name: 'users', routes: [{ name: 'users' }], plugins: [{ name: 'jwt', config: { issuer: 'https://auth.example.com/', audience: ['users'] } }, { name: 'cors', config: { origins: ['https://a.example.com', 'https://b.example.com'] } }] }]
  })
  t.match(readFileSync(join(cwd, 'other.yaml'), 'utf8'), /^# yaml-language-server: \$schema=node_modules\/sallyport\/schemas\/gateway\.schema\.json\n/)
  t.match(await runCli(['init', '-u', 'http://a.internal', '--auth', 'basic-auth', '-o', 'basic.yaml'], { cwd }), { code: 0, stdout: /curl -i -u NAME/ })
  t.equal(read(cwd, 'basic.yaml')['services'][0].name, 'a', 'by the host')
})

t.test('host and port are address enough, and it is said what they are taken as', async t => {
  const cwd = t.testdir({ 'openapi.json': JSON.stringify({ openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths: { '/orders': { get: { responses: { 200: { description: 'All.' } } } } } }) })
  for (const [written, url] of [['users:3000', 'http://users:3000'], ['localhost:3000/v1', 'http://localhost:3000/v1'], ['[::1]:3000', 'http://[::1]:3000'], ['api.example.com:443', 'https://api.example.com:443']] as const) {
    const { code, stdout } = await runCli(['init', '--yes', '--force', '--upstream', written], { cwd })
    t.same([code, stdout.split('\n')[0], read(cwd)['services'][0].url], [0, `${written} is taken as ${url}`, url])
  }
  t.match(await runCli(['init', '--from', 'openapi.json', '--upstream', 'orders:3001', '-o', 'orders.yaml'], { cwd }), { code: 0, stdout: /^orders:3001 is taken as http:\/\/orders:3001\n/ })
  t.equal(read(cwd, 'orders.yaml')['services'][0].url, 'http://orders:3001')
  t.match(await runCli(['import', 'openapi', 'openapi.json', '--upstream', 'orders:3001'], { cwd }), { code: 0, stdout: /url: "?http:\/\/orders:3001/ })
  t.match(await runCli(['import', 'openapi', 'openapi.json', '--upstream', 'orders'], { cwd }), { code: 3, stderr: /Write an address such as/ })
  for (const written of ['users', 'users:http', 'users:99999', ':3000', 'ftp://users:3000']) {
    t.match(await runCli(['init', '--yes', '--force', '--upstream', written], { cwd }), { code: 3, stderr: /Write an address such as/ }, written)
  }
})

t.test('an OpenAPI document is imported', async t => {
  const cwd = t.testdir({ 'openapi.json': JSON.stringify({ openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths: { '/orders': { get: { responses: { 200: { description: 'All.' } } } } } }) })
  t.match(await runCli(['init', '--from', 'openapi.json', '--upstream', 'http://127.0.0.1:3000'], { cwd }), { code: 0, stdout: /^imported: .*\n[^]*Next:\n {2}sallyport check\n/ })
  t.match(read(cwd), { services: [{ name: 'orders', url: 'http://127.0.0.1:3000' }] })
})

t.test('nothing is asked, and nothing written, where nobody can answer', async t => {
  const cwd = t.testdir({})
  for (const [args, message] of [
    [[], /no terminal.*--yes/],
    [['--yes', '--auth', 'jwt'], /needs --issuer/],
    [['--yes', '--cert', 'a.pem'], /go together/],
    [['--yes', '--cert', 'a.pem', '--key', 'b.pem'], /certificates/],
    [['--yes', '--upstream', 'localhost'], /Write an address/],
    [['--yes', '--path', 'x'], /Write a path/],
    [['--yes', '--path', '/a b'], /Write a path/],
    [['--yes', '--limit', 'many'], /Write a number/],
    [['--yes', '--origin', '*'], /Write origins/],
    [['--yes', '--output', 'no/such/gateway.yaml'], /can't be written: there is no folder/],
    [['--from', 'none.yaml'], /no such file/]
  ] as const) t.match(await runCli(['init', ...args], { cwd }), { code: 3, stderr: message }, args.join(' '))
  t.notOk(existsSync(join(cwd, 'gateway.yaml')))
})

t.test('on a terminal it asks for what no flag has said', async t => {
  const { cert, key } = makeCertificate('gateway', { names: ['gateway'], bits: 2048 })
  const files = t.testdir({ 'c.pem': cert, 'k.pem': key, folder: {} })
  const prompts = answering([[/Where/, 'localhost', 'a.internal:80', 'http://a.internal'], [/paths/, 'a', '/a?b', '/a'], [/Who may/, 'jwt'], [/issues/, 'http://id.example.com/', 'https://id.example.com/'], [/audience/, 'a'], [/many/, '10'], [/pages/, '*', 'a.example.com', 'https://a.example.com/', 'https://a.example.com'], [/certificate/, 'none.pem', 'k.pem', 'folder', 'c.pem'], [/key\?/, 'c.pem', 'k.pem']])
  t.same(await ask(prompts, {}, files), { upstream: 'http://a.internal', path: '/a', auth: 'jwt', issuer: 'https://id.example.com/', audience: 'a', limit: 10, origins: ['https://a.example.com'], tls: { cert: 'c.pem', key: 'k.pem' } })
  t.match(prompts.refused, [
    'Write an address such as http://127.0.0.1:3000.',
    'http or https? Write http://a.internal:80, or https://a.internal:80 where the service speaks TLS.',
    /^A path begins with a slash/, /^Arguments are no part/, /^Over plain http/, /any page could call/, /^An origin begins with/, /no slash at its end/,
    /^There is no file none\.pem in /, /^k\.pem holds no certificate in PEM/, /^folder can't be read \(EISDIR\)/, /^c\.pem holds no private key/
  ])
  t.equal(prompts.refused.length, 12)
  t.same(await ask(answering([]), {}, files), DEFAULTS)
  const few = answering([])
  await ask(few, { upstream: 'http://a.internal', path: '/', auth: 'none', limit: 0, origins: [], tls: null }, files)
  t.same(few.asked, [])

  const cwd = join(files, 'folder')
  let stdout = ''
  const output = { write: (text: string) => { stdout += text }, isTerminal: true, paint: createPainter(false, {}) }
  const io = { stdin: (async function * () {})(), stdout: output, stderr: output, env: {}, cwd, signals: new EventEmitter() }
  const args = { output: 'gateway.yaml', force: false, yes: false }
  t.equal(await init(args, io, answering([[/Who may/, 'none']])), 0)
  t.match(stdout, /^written: gateway\.yaml\n/)
  const leaving = { ...answering([]), input: async () => { throw Object.assign(new Error('closed'), { name: 'ExitPromptError' }) } }
  await t.rejects(init({ ...args, force: true }, io, leaving), /Nothing was written/)
  await t.rejects(init({ ...args, force: true }, io, { ...leaving, input: async () => { throw new Error('broken') } }), /broken/)
})

t.test('a config test stands beside the file, and passes', async t => {
  const openapi = JSON.stringify({ openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths: { '/orders': { get: { responses: {} } }, '/orders/{id}': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }], responses: {} } } } })
  const cases: ReadonlyArray<readonly [readonly string[], RegExp]> = [
    [['--yes'], /2 passed/],
    [['--yes', '--auth', 'none', '--path', '/größe'], /1 passed/],
    [['--yes', '--auth', 'jwt', '--issuer', 'https://auth.example.com/', '--audience', 'a: b', '--path', '/users'], /2 passed/],
    [['--yes', '--auth', 'basic-auth'], /1 passed/],
    [['--from', 'openapi.json', '--upstream', 'http://127.0.0.1:3000'], /2 passed/]
  ]
  for (const [args, passed] of cases) {
    const cwd = t.testdir({ 'openapi.json': openapi })
    const { code, stdout } = await runCli(['init', ...args], { cwd })
    t.match({ code, stdout }, { code: 0, stdout: /written: gateway\.test\.yaml\n[^]*\n {2}sallyport test\n/ }, args.join(' '))
    t.match(await runCli(['test'], { cwd }), { code: 0, stdout: passed }, `${args.join(' ')}: ${readFileSync(join(cwd, 'gateway.test.yaml'), 'utf8')}`)
  }
  const cwd = t.testdir({ 'gateway.test.yaml': 'mine' })
  t.match(await runCli(['init', '--yes'], { cwd }), { code: 0 })
  t.equal(readFileSync(join(cwd, 'gateway.test.yaml'), 'utf8'), 'mine', 'one that is there stays')
})
