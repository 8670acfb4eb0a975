/** `sallyport plan --running`: a file beside what a gateway runs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { secretHash, tokenKey } from '../../src/admin/secret-hash.ts'
import { comparableView } from '../../src/admin/views/comparable.ts'
import { finish } from '../../src/steps.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { RunnableFile } from '../../src/gateway/control/reload.ts'
import { createGateway } from '../../src/index.ts'
import { makePlan } from '../../src/plan/plan.ts'
import type { JsonPlan } from '../../src/plan/report/json.ts'
import { runningSide } from '../../src/plan/running/side.ts'
import { version } from '../../src/version.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { ask } from '../helpers/running.ts'

const TOKEN = 'admin-token-0123456789'
const ENV = {
  ADMIN_TOKEN: TOKEN,
  ORDERS_URL: 'http://orders.hidden.internal:8123/v1',
  TIMEOUT: '4321',
  HIDDEN_PATH: '/path-that-is-hidden',
  SIGNING: 'a-secret-of-thirty-two-characters',
  ANN: 'key-of-ann-that-nobody-sees',
  PASSWORD: 'password-that-nobody-sees',
  CHECK: 'Bearer check-that-nobody-sees'
}
const quiet = { accessLog: '/dev/null', log: { write () {} } }

const identity = makeCertificate('a', { names: ['a.example.com'] })
const indented = (text: string): string => text.trim().replaceAll('\n', '\n      ')

/** With `token`, one that has each kind of secret. */
const yaml = (admin: string): string => `_format_version: "3.0"
gateway:
  listen: [{ host: 127.0.0.1, port: 0 }]
  admin: { host: 127.0.0.1, port: 0, write: true${admin} }
  modules: [./own.js]
services:
  - name: orders
    url: "{vault://env/ORDERS_URL}"
    connect_timeout: \${{ env "DECK_TIMEOUT" | toInt }}
    plugins:
      - { name: key-auth }
      - { name: rate-limiting, config: { minute: 100 } }
      - { name: own-guard }
    routes:
      - { name: list, paths: [/orders] }
      - { paths: ["{vault://env/HIDDEN_PATH}"] }
  - host: pool
    routes: [{ name: signed, paths: [/signed], plugins: [{ name: jwt, config: { secret: "{vault://env/SIGNING}" } }] }]
upstreams:
  - name: pool
    healthchecks: { active: { healthy: { interval: 0 }, headers: { Authorization: ["{vault://env/CHECK}"] } } }
    targets: [{ target: "127.0.0.1:1" }]
consumers:
  - username: ann
    keyauth_credentials: [{ key: "{vault://env/ANN}" }, { key: literal-key-of-ann, ttl: 86400 }]
    basicauth_credentials: [{ username: ann, password: "{vault://env/PASSWORD}" }]
    hmacauth_credentials: [{ username: ann, secret: literal-secret-of-ann }]
    jwt_secrets: [{ key: ann, secret: "{vault://env/SIGNING}" }]
certificates:
  - cert: |
      ${indented(identity.cert)}
    key: |
      ${indented(identity.key)}
    snis: [{ name: a.example.com }]
`

const SECRETS = [...Object.values(ENV), 'orders.hidden.internal', 'literal-key-of-ann', 'literal-secret-of-ann', identity.key.split('\n')[1] as string]

interface Told {
  readonly code: number
  readonly plan: JsonPlan
  readonly lines: readonly string[]
}

interface Running {
  readonly url: string
  readonly admin: number
  readonly file: string
  readonly reload: () => Promise<unknown>
  /** Compares a file of the folder, and looks for secrets in what is said. */
  readonly compare: (name: string, options?: { env?: Readonly<Record<string, string>>, args?: readonly string[] }) => Promise<Told>
}

const AS_RUNNING = { ...ENV, DECK_TIMEOUT: ENV.TIMEOUT }

async function start (t: Test, text: string, overrides = {}): Promise<Running> {
  const cwd = t.testdir({ 'gateway.yaml': text, 'own.js': OWN_PLUGIN })
  const file = join(cwd, 'gateway.yaml')
  const gateway = await createGateway({ file, env: AS_RUNNING, overrides, ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const admin = gateway.adminAddress?.port as number
  const url = `http://127.0.0.1:${admin}`
  return {
    url,
    admin,
    file,
    reload: () => gateway.reload(),
    async compare (name, { env = {}, args = [] } = {}) {
      const { code, stdout, stderr } = await runCli(['plan', name, '--running', url, '--format', 'json', ...args], { cwd, env: { ...AS_RUNNING, SALLYPORT_ADMIN_TOKEN: TOKEN, ...env } })
      t.equal(stderr, '')
      for (const secret of [...SECRETS, ...Object.values(env)]) t.notMatch(stdout, secret)
      const plan = JSON.parse(stdout) as JsonPlan
      return { code, plan, lines: plan.changes.map(({ risk, rule, title }) => `${risk} ${rule}: ${title}`) }
    }
  }
}

/** Imports the contract by its place: a test folder has no packages. */
const OWN_PLUGIN = `import { definePlugin, Type } from ${JSON.stringify(new URL('../../src/plugin.js', import.meta.url).href)}
export default definePlugin({ name: 'own-guard', priority: 3, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global', 'service', 'route'], register () {} })\n`

const WITH_TOKEN = yaml(', token: "{vault://env/ADMIN_TOKEN}"')

t.test('a gateway and its own file mean the same, and what goes between holds no secret', async t => {
  const running = await start(t, WITH_TOKEN)
  t.match(await running.compare('gateway.yaml'), { code: 0, lines: [], plan: { old: running.url, new: 'gateway.yaml', notes: [`'running' is snapshot 1 of ${running.url}; its lines are those of ${running.file}`] } })
  const { status, text } = await ask(running.admin, '/config/comparable', { headers: { authorization: `Bearer ${TOKEN}` } })
  t.equal(status, 200)
  for (const secret of SECRETS) t.notMatch(text, secret)
  const view = JSON.parse(text)
  t.ok(view.secrets.length >= 14, 'each was cut')
  t.ok(view.secrets.every(({ hash }: { hash: string }) => /^[0-9a-f]{64}$/.test(hash)))
  t.same(view.config.credentials.keyauth_credentials.map(({ id }: { id: string }) => id), ['', ''], 'an id would be a hash without a key')
})

t.test('what a file changes is told with the lines that run; secrets that are others are told, the rest is not', async t => {
  const running = await start(t, WITH_TOKEN)
  const { file } = running
  writeFileSync(join(file, '../new.yaml'), WITH_TOKEN.replace('minute: 100', 'minute: 1000').replace('{ name: key-auth }', '{ name: cors }').replace('      - { name: own-guard }\n', '').replace('  modules: [./own.js]\n', ''))
  const { code, plan, lines } = await running.compare('new.yaml')
  t.equal(code, 2)
  t.same(lines, [
    "high authentication-lost: routes 'list' and services[orders].routes[1] lose key-auth: open to anybody now",
    "high plugin-lost: routes 'list' and services[orders].routes[1] lose own-guard",
    "medium plugin-gained: routes 'list' and services[orders].routes[1] gain cors",
    "medium limit-changed: routes 'list' and services[orders].routes[1]: rate-limiting minute 100 → 1000",
    'medium gateway-modules: gateway.modules − ./own.js'
  ])
  t.match(plan.changes[0]?.places, [{ side: 'old', file: 'running', line: 11, column: 9, path: 'services[orders].plugins[key-auth].name' }])
  const changed: ReadonlyArray<readonly [Record<string, string>, readonly (string | RegExp)[]]> = [
    [{ SIGNING: 'another-secret-of-32-characters-!' }, [/option-changed: route 'signed': jwt secret is another one \(not shown\)/, /credential-changed: consumer 'ann': secret of one JWT key is another one/]],
    [{ ORDERS_URL: 'http://other.hidden.internal:8123/v1' }, [/high upstream-changed: service 'orders': upstream host is another one \(not shown\)/]],
    [{ DECK_TIMEOUT: '1234' }, [/medium service-connect-timeout: service 'orders': connect_timeout is another one \(not shown\)/]],
    [{ ANN: 'another-key-of-ann' }, [/credential-added: consumer 'ann' gets 1 API key/, /credential-removed: consumer 'ann' loses 1 API key/]],
    [{ CHECK: 'Bearer another-check' }, [/medium upstream-healthchecks: upstream 'pool': .*Authorization \+ \*\*\*, − \*\*\*/]],
    [{ ADMIN_TOKEN: 'another-token-of-the-file' }, [/gateway-admin: gateway\.admin\.token is another one \(not shown\)/]],
    [{ HIDDEN_PATH: '/another-path-hidden' }, ['medium route-added: route services[orders].routes[1] is new', 'medium route-removed: route services[orders].routes[1] is gone']]
  ]
  for (const [env, wanted] of changed) t.match((await running.compare('gateway.yaml', { env })).lines, wanted, Object.keys(env).join())
})

t.test('without a token no hash of a secret leaves the listener, and that secrets were not compared is said', async t => {
  const running = await start(t, yaml(''))
  const { text } = await ask(running.admin, '/config/comparable')
  for (const secret of SECRETS) t.notMatch(text, secret)
  t.ok((JSON.parse(text).secrets as Array<{ hash: string | null }>).every(({ hash }) => hash === null))
  const { lines, plan } = await running.compare('gateway.yaml', { env: { SIGNING: 'another-secret-of-32-characters-!', ANN: 'another-key-of-ann' } })
  t.same(lines, [])
  t.match(plan.notes[1], /^secrets were not compared, \d+ of them: the gateway has no gateway\.admin\.token/)
  writeFileSync(join(running.file, '../new.yaml'), yaml('').replace(', { key: literal-key-of-ann, ttl: 86400 }', ''))
  t.same((await running.compare('new.yaml')).lines, ["medium credential-removed: consumer 'ann' loses 1 API key"])
})

t.test('flags of start win over the file that is compared as well; what a reload can not change is said', async t => {
  const running = await start(t, WITH_TOKEN, { host: '127.0.0.2' })
  t.same((await running.compare('gateway.yaml')).lines, [])
  writeFileSync(join(running.file, '../new.yaml'), WITH_TOKEN.replace('  modules', '  workers: 2\n  modules'))
  const { lines, plan } = await running.compare('new.yaml')
  t.match(lines, ['low gateway-workers: gateway.workers 1 → 2'])
  t.match(plan.notes[1], "a reload would refuse the file, since gateway.workers can't change while the gateway runs")
})

t.test('while the gateway reloads, the answer is of one snapshot', async t => {
  const running = await start(t, WITH_TOKEN)
  const original = readFileSync(running.file, 'utf8')
  writeFileSync(join(running.file, '../first.yaml'), original)
  for (let round = 0; round < 4; round++) {
    writeFileSync(running.file, round % 2 === 0 ? original.replaceAll('100', '200').replace('/orders]', '/others]') : original)
    const [{ lines, plan }] = await Promise.all([running.compare('first.yaml'), running.reload()])
    const snapshot = Number(/snapshot (\d+)/.exec(plan.notes[0] as string)?.[1])
    t.equal(lines.length, snapshot % 2 === 0 ? 3 : 0, `snapshot ${snapshot}: ${lines.join('; ')}`)
  }
})

t.test('who can not be asked is told why', async t => {
  const running = await start(t, WITH_TOKEN)
  const cwd = join(running.file, '..')
  const run = async (args: readonly string[], env: Record<string, string> = {}) => await runCli(['plan', ...args], { cwd, env: { ...AS_RUNNING, ...env } })
  const pretend = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const file = ['gateway.yaml', '--running']
  const refused = async (args: readonly string[], message: RegExp, env: Record<string, string> = {}): Promise<void> => {
    const { code, stdout, stderr } = await run(args, env)
    t.match({ code, stdout, stderr }, { code: 3, stdout: '', stderr: message })
    t.notMatch(stderr, TOKEN)
  }
  await refused([...file, 'http://127.0.0.1:1'], /can't be asked \(ECONNREFUSED\)|bad port/)
  await refused([...file, running.url], /refuses the token/, { SALLYPORT_ADMIN_TOKEN: 'wrong' })
  writeFileSync(join(cwd, 'open.yaml'), yaml(''))
  await refused(['open.yaml', '--running', running.url], /wants its token: set SALLYPORT_ADMIN_TOKEN/)
  const mirrored: Array<string | undefined> = []
  await refused([...file, await pretend((request, response) => {
    mirrored.push(request.headers.authorization)
    response.writeHead(302, { location: `${running.url}/config/comparable` }).end('{}')
  })], /answers 302/)
  t.same(mirrored, [`Bearer ${TOKEN}`], 'the file has the token, and it goes nowhere else')
  await refused([...file, await pretend((_request, response) => { response.end(JSON.stringify({ version: '99.0.0', config: {} })) })], /runs Sallyport 99\.0\.0, and this is/)
  await refused([...file, await pretend((_request, response) => { response.end(JSON.stringify({ version })) })], /is no admin listener/)
  await refused([...file, await pretend((_request, response) => { response.writeHead(404).end('{"message":"Not found"}') })], /runs another version of Sallyport/)
  await refused([...file, await pretend((_request, response) => { response.writeHead(503).end('{"message":"later\\u001b[2J"}') })], /answers 503: later \[2J\./)
  await refused([...file, await pretend((_request, response) => { response.end('<html>') })], /answers 200 without JSON/)
  await refused([...file, await pretend((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{')
    setImmediate(() => response.destroy())
  })], /can't be asked/)
  for (const [args, message] of [
    [['gateway.yaml'], /Name two files, or one and --running/],
    [['gateway.yaml', 'open.yaml', '--running'], /one file is compared/],
    [['gateway.yaml', 'open.yaml', '--token-file', 'x'], /--token-file is for --running/],
    [[...file, 'http://u:p@127.0.0.1:1'], /a token is no part of it/],
    [[...file, running.url, '--token-file', 'none'], /none: no such file/],
    [[...file, running.url, '--token-file', 'empty'], /empty is empty/],
    [[...file, running.url, '--token-file', 'two'], /holds no token/]
  ] as const) {
    writeFileSync(join(cwd, 'empty'), '\n')
    writeFileSync(join(cwd, 'two'), 'one\ntwo\n')
    await refused(args, message)
  }
  writeFileSync(join(cwd, 'off.yaml'), yaml('').replace(/admin: \{.*\}/, 'admin: off'))
  await refused(['off.yaml', '--running'], /off\.yaml has `gateway\.admin: off`/)
  writeFileSync(join(cwd, 'token'), `${TOKEN}\n`)
  writeFileSync(join(cwd, 'near.yaml'), WITH_TOKEN.replace('port: 0, write', `port: ${running.admin}, write`))
  t.match(await run(['--running', 'near.yaml', '--token-file', 'token']), { code: 2, stdout: /gateway\.admin\.port 0 → \d+/ }, 'the address is that of the file, and what is no URL is one')
})

t.test('each good file means the same as itself after it went through the listener', async t => {
  const folder = join(packageRoot, 'test/fixtures/config/good')
  const files = [...readdirSync(folder).filter(name => name !== 'references.yaml').map(name => join(folder, name)), ...['gateway.yaml', 'examples/auth-policies.yaml', 'examples/load-balancing.yaml', 'examples/custom-plugin/gateway.yaml'].map(name => join(packageRoot, name))]
  // whatever is asked for is set
  const env = new Proxy({}, { get: (_, name) => `12345678901234567890123456789012-${String(name)}`.slice(-40) })
  for (const file of files) {
    const [one, other] = [await loadConfig({ file, env }), await loadConfig({ file, env })]
    t.not(one.config, null, file)
    for (const token of [null, TOKEN]) {
      const view = JSON.parse(JSON.stringify(finish(comparableView(one as RunnableFile, 1, token === null ? null : tokenKey(token)))))
      const { old, next } = runningSide(view, new URL('http://127.0.0.1/'), { ...other as RunnableFile, shown: 'x' }, token)
      t.same(makePlan(old, next).changes.map(({ title }) => title), [], `${file} ${token === null ? 'without' : 'with'} a token`)
    }
  }
})

t.test('hashes are keyed with the token', t => {
  t.not(secretHash(tokenKey('one'), 'x'), secretHash(tokenKey('two'), 'x'))
  t.end()
})
