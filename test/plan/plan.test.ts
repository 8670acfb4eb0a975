import t, { type Test } from 'tap'
import { runCli } from '../helpers/cli.ts'
import type { JsonPlan } from '../../src/plan/report/json.ts'

const HEAD = '_format_version: "3.0"\n'
const ENV = { JWT_SECRET: 'a-secret-of-thirty-two-characters', OTHER: 'other-secret-of-thirty-two-chars-', HOST: 'hidden.internal', ANN: 'key-of-ann-that-nobody-sees', NEW_ANN: 'new-key-that-nobody-sees' }

interface Told {
  readonly code: number
  readonly plan: JsonPlan
  /** `high authentication-lost: route 'a' loses jwt`, sorted by harm. */
  readonly lines: readonly string[]
}

async function compare (t: Test, old: string, next: string, args: readonly string[] = []): Promise<Told> {
  const cwd = t.testdir({ 'old.yaml': HEAD + old, 'new.yaml': HEAD + next })
  const { code, stdout, stderr } = await runCli(['plan', 'old.yaml', 'new.yaml', '--format', 'json', ...args], { cwd, env: ENV })
  t.equal(stderr, '')
  for (const secret of Object.values(ENV)) t.notMatch(stdout, secret)
  const plan = JSON.parse(stdout) as JsonPlan
  return { code, plan, lines: plan.changes.map(({ risk, rule, title }) => `${risk} ${rule}: ${title}`) }
}

const service = (name: string, routes: string, more = ''): string => `  - { name: ${name}, url: http://${name}.internal, ${more}routes: [${routes}] }\n`

t.test('a global entry that goes is told once, with all routes that lose it', async t => {
  const routes = Array.from({ length: 41 }, (_, index) => `{ name: r${index}, paths: [/r${index}] }`).join(', ')
  const { code, lines, plan } = await compare(t, `plugins: [{ name: jwt, config: { secret: "{vault://env/JWT_SECRET}" } }]\nservices:\n${service('a', routes)}`, `services:\n${service('a', routes)}`)
  t.equal(code, 2)
  t.same(lines, ['high authentication-lost: all 41 routes lose jwt: open to anybody now'])
  t.equal(plan.changes[0]?.subjects.length, 41)
  t.match(plan.changes[0]?.places, [{ side: 'old', file: 'old.yaml', line: 2, column: 19, path: 'plugins[jwt].name' }])
})

t.test('an entry that only moves changes nothing', async t => {
  const { code, lines } = await compare(t,
    `plugins: [{ name: key-auth }, { name: rate-limiting, config: { minute: 5 } }]\nservices:\n${service('a', '{ name: one, paths: [/one] }, { name: two, paths: [/two] }')}`,
    `# a comment\nservices:\n${service('a', '{ name: two, paths: [/two], plugins: [{ name: rate-limiting, config: { minute: 5 } }] }, { name: one, paths: [/one], plugins: [{ name: rate-limiting, config: { minute: 5 } }] }', 'plugins: [{ name: key-auth }], ')}`)
  t.same(lines, [])
  t.equal(code, 0)
})

t.test('authentication is judged as a whole', async t => {
  const file = (plugins: string, more = ''): string => `services:\n${service('a', `{ name: r, paths: [/r], plugins: [${plugins}] }`)}consumers: [{ username: nobody }]\n${more}`
  const jwt = '{ name: jwt, config: { secret: "{vault://env/JWT_SECRET}" } }'
  const cases: ReadonlyArray<readonly [string, string, readonly string[]]> = [
    [jwt, '{ name: key-auth }', ["medium authentication-changed: route 'r' authenticates by key-auth instead of jwt"]],
    [`${jwt}, { name: key-auth }`, '{ name: key-auth }', ["high authentication-lost: route 'r' loses jwt"]],
    ['', '{ name: key-auth }', ["medium authentication-gained: route 'r' asks for key-auth now"]],
    ['{ name: key-auth }', '{ name: key-auth, enabled: false }', ["high authentication-lost: route 'r' loses key-auth: open to anybody now"]],
    ['{ name: key-auth }', '{ name: key-auth, config: { anonymous: nobody } }', ["high authentication-optional: route 'r' lets callers without credentials pass now", "high option-changed: route 'r': key-auth anonymous nothing → nobody"]],
    ['{ name: key-auth, config: { anonymous: nobody } }', '{ name: key-auth }', ["medium authentication-gained: route 'r' asks everybody for credentials now", "medium option-changed: route 'r': key-auth anonymous nobody → nothing"]],
    ['{ name: key-auth }, { name: auth-policy, config: { any_of: [{ plugin: key-auth }] } }', '{ name: key-auth }, { name: auth-policy, config: { public: true } }', ["high authentication-lost: route 'r' is open to anybody now"]]
  ]
  for (const [old, next, wanted] of cases) {
    const { lines, plan } = await compare(t, file(old), file(next))
    t.same(lines.slice(0, wanted.length), wanted, `${old} to ${next}`)
    if (next.includes('enabled: false')) t.match(plan.changes[0]?.details, ['an entry of key-auth is still there, with `enabled: false`'])
  }
})

t.test('other plugins: lost, gained, for whom, and with other options', async t => {
  const file = (plugins: string, more = ''): string => `services:\n${service('a', `{ name: r, paths: [/r], plugins: [{ name: key-auth }, ${plugins}] }`)}consumers: [{ username: ann }]\n${more}`
  const cases: ReadonlyArray<readonly [string, string, readonly string[]]> = [
    ['{ name: acl, config: { allow: [staff] } }', '', ["high plugin-lost: route 'r' loses acl"]],
    ['{ name: rate-limiting, config: { minute: 5 } }', '', ["high limit-lost: route 'r' loses rate-limiting"]],
    ['{ name: correlation-id }', '', ["medium plugin-lost: route 'r' loses correlation-id"]],
    ['', '{ name: correlation-id }', ["medium plugin-gained: route 'r' gains correlation-id"]],
    ['{ name: rate-limiting, config: { minute: 100 } }', '{ name: rate-limiting, config: { minute: 1000 } }', ["medium limit-changed: route 'r': rate-limiting minute 100 → 1000"]],
    ['{ name: acl, config: { allow: [staff] } }', '{ name: acl, config: { allow: [staff, guests] } }', ["high option-changed: route 'r': acl allow + guests"]],
    ['{ name: acl, config: { allow: [staff, guests] } }', '{ name: acl, config: { allow: [staff] } }', ["medium option-changed: route 'r': acl allow − guests"]],
    ['{ name: request-size-limiting, config: { allowed_payload_size: 1 } }', '{ name: request-size-limiting, config: { allowed_payload_size: 9 } }', ["high option-changed: route 'r': request-size-limiting allowed_payload_size 1 → 9"]]
  ]
  for (const [old, next, wanted] of cases) t.same((await compare(t, file(old), file(next))).lines, wanted, `${old} to ${next}`)
  const limit = (more: string): string => `  - { name: rate-limiting, route: r, ${more} }\n`
  const own = await compare(t, file('', `plugins:\n${limit('config: { minute: 5 }')}`), file('', `plugins:\n${limit('config: { minute: 5 }')}${limit('consumer: ann, config: { minute: 50 }')}`))
  t.same(own.lines, ["medium limit-changed: route 'r': rate-limiting minute for consumer 'ann' 5 → 50"])
  const only = await compare(t, file('', `plugins:\n${limit('consumer: ann, config: { minute: 5 }')}`), file(''))
  t.same(only.lines.filter(line => line.includes('limit')), ["high limit-lost: route 'r' loses rate-limiting for consumer 'ann'"])
  const everybody = await compare(t, file('', `plugins:\n${limit('config: { minute: 5 }')}${limit('consumer: ann, config: { minute: 5 }')}`), file('', `plugins:\n${limit('consumer: ann, config: { minute: 5 }')}`))
  t.same(everybody.lines, ["high plugin-lost: route 'r' loses rate-limiting for everybody else"])
})

t.test('secrets are compared, and not shown', async t => {
  const file = (secret: string, key: string): string => `plugins: [{ name: jwt, config: { secret: "{vault://env/${secret}}" } }]\nservices:\n${service('a', '{ name: r, paths: [/r] }')}consumers: [{ username: ann, keyauth_credentials: [{ key: "{vault://env/${key}}" }], hmacauth_credentials: [{ username: ann, secret: "{vault://env/${secret}}" }] }]\n`
  const { lines, plan } = await compare(t, file('JWT_SECRET', 'ANN'), file('OTHER', 'NEW_ANN'))
  t.same(lines, [
    "medium option-changed: route 'r': jwt secret is another one (not shown)",
    "medium credential-added: consumer 'ann' gets 1 API key",
    "medium credential-removed: consumer 'ann' loses 1 API key",
    "medium credential-changed: consumer 'ann': secret of one HMAC secret is another one (not shown)"
  ])
  t.match(plan.changes[0], { from: '***', to: '***' })
  const host = (name: string): string => `services: [{ name: a, host: "{vault://env/${name}}", routes: [{ name: r, paths: [/r] }] }]`
  t.same((await compare(t, host('HOST'), 'services: [{ name: a, host: b.internal, routes: [{ name: r, paths: [/r] }] }]')).lines, ["high upstream-changed: service 'a': upstream host is another one (not shown)"])
})

t.test('services: where requests go, and how', async t => {
  const file = (fields: string): string => `services: [{ name: a, ${fields}, routes: [{ name: r, paths: [/r] }] }]`
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ['url: http://one', 'url: http://two', "high upstream-changed: service 'a': upstream host one → two"],
    ['url: "http://one:80"', 'url: "http://one:81"', "high upstream-changed: service 'a': upstream port 80 → 81"],
    ['url: https://one', 'url: https://one, tls_verify: false', "high service-tls-verify: service 'a': tls_verify true → false"],
    ['url: http://one', 'url: http://one/v2', "medium upstream-changed: service 'a': upstream path nothing → /v2"],
    ['url: http://one', 'url: http://one, read_timeout: 5', "medium service-read-timeout: service 'a': read_timeout 60000 → 5"],
    ['url: http://one', 'url: http://one, retries: 9', "medium service-retries: service 'a': retries 5 → 9"],
    ['url: http://one', 'url: http://one, tags: [b]', "low service-tags: service 'a': tags + b"]
  ]
  for (const [old, next, wanted] of cases) t.same((await compare(t, file(old), file(next))).lines, [wanted])
  const renamed = await compare(t, file('url: http://one'), file('url: http://one').replace('name: a', 'name: b'))
  t.same(renamed.lines, ["low service-name: service 'b': name a → b"])
  const gone = await compare(t, `services:\n${service('a', '{ name: r, paths: [/r] }')}${service('b', '{ name: s, paths: [/s] }')}`, `services:\n${service('a', '{ name: s, paths: [/s] }, { name: r, paths: [/r] }')}${service('c', '')}`.replace('routes: []', 'enabled: false'))
  t.same(gone.lines, ["high upstream-changed: route 's' sends its requests to service 'a', before to service 'b'", "low service-added: service 'c' is new", "low service-removed: service 'b' is gone"])
})

t.test('upstreams and their targets', async t => {
  const file = (targets: string, more = ''): string => `upstreams: [{ name: pool, ${more}targets: [${targets}] }]\nservices:\n${service('a', '{ name: r, paths: [/r] }').replace('a.internal', 'pool')}`
  const of = (...addresses: string[]): string => addresses.map(address => `{ target: "${address}" }`).join(', ')
  t.same((await compare(t, file(of('a:1')), file(of('a:1', 'b:1')))).lines, ["medium target-added: upstream 'pool' has new targets: b:1"])
  t.same((await compare(t, file(of('a:1', 'b:1')), file(of('a:1')))).lines, ["medium target-removed: upstream 'pool' loses targets: b:1"])
  t.same((await compare(t, file(of('a:1', 'b:1')), file(of('c:1')))).lines, ["high upstream-changed: upstream 'pool' has other targets, all of them: a:1, b:1 → c:1"])
  t.same((await compare(t, file('{ target: "a:1", weight: 1 }'), file('{ target: "a:1", weight: 9 }', 'algorithm: least-connections, '))).lines, ["medium upstream-algorithm: upstream 'pool': algorithm round-robin → least-connections", "medium target-weight: upstream 'pool': weight of target a:1 1 → 9"])
  const other = await compare(t, file(of('a:1')), file(of('a:1')).replaceAll('pool', 'pond'))
  t.same(other.lines.filter(line => line.includes('upstream ') && !line.includes('host')), ["medium upstream-removed: upstream 'pool' is gone", "low upstream-added: upstream 'pond' is new"])
})

t.test('routes: which requests they take', async t => {
  const file = (route: string): string => `services: [{ name: a, url: http://one, routes: [{ name: r, ${route} }], plugins: [{ name: key-auth }] }]`
  const cases: ReadonlyArray<readonly [string, string, readonly string[]]> = [
    ['paths: [/a]', 'paths: [/a, /b]', ["high route-wider: route 'r' takes path /b as well now"]],
    ['paths: [/a, /b]', 'paths: [/a]', ["medium route-narrower: route 'r' no longer takes path /b"]],
    ['paths: [/a]', 'paths: [/]', ["high route-wider: route 'r' takes path / as well now"]],
    ['paths: [/a]', 'paths: [/a/b]', ["medium route-narrower: route 'r' no longer takes path /a"]],
    ['paths: [/a], hosts: [x.com]', 'paths: [/a]', ["high route-wider: route 'r' takes any host as well now"]],
    ['paths: [/a], hosts: ["*.x.com"]', 'paths: [/a], hosts: [a.x.com]', ["medium route-narrower: route 'r' no longer takes host *.x.com"]],
    ['paths: [/a]', 'paths: [/a], methods: [GET]', ["medium route-narrower: route 'r' takes method GET now, and took any"]],
    ['paths: [/a], methods: [GET]', 'paths: [/a], methods: [GET, POST]', ["medium route-wider: route 'r' takes method POST as well now"]],
    ['paths: [/a], headers: { x-v: ["1"] }', 'paths: [/a], headers: { x-v: ["1", "2"] }', ["medium route-wider: route 'r' takes x-v header 2 as well now"]],
    ['paths: [/a], protocols: [https]', 'paths: [/a], protocols: [http, https]', ["high route-wider: route 'r' takes protocol http as well now"]],
    ['paths: [/a]', 'paths: [/a], strip_path: false', ["medium route-strip-path: route 'r': strip_path true → false"]],
    ['paths: [/a]', 'paths: [/a], path_policy: { semicolon: keep }', ["high route-path-policy: route 'r': path_policy nothing → {\"semicolon\":\"keep\"}"]],
    ['paths: [/a]', 'paths: [/a], tags: [x]', ["low route-tags: route 'r': tags + x"]]
  ]
  for (const [old, next, wanted] of cases) t.same((await compare(t, file(old), file(next))).lines, wanted, `${old} to ${next}`)
  t.same((await compare(t, file('paths: [/a], methods: [GET]').replace('key-auth', 'cors'), file('paths: [/a]').replace('key-auth', 'cors'))).lines, ["high route-wider: route 'r' takes any method as well now"], 'open to anybody: more methods are more harm')
})

t.test('routes that come, go and take requests from others', async t => {
  const auth = 'plugins: [{ name: key-auth }]'
  const file = (routes: string): string => `services:\n${service('a', routes)}`
  const users = `{ name: users, paths: [/users], ${auth} }`
  const open = await compare(t, file(users), file(`${users}, { name: admin, paths: [/users/admin] }`))
  t.same(open.lines, [
    "high public-route-added: route 'admin' is new, and open to anybody",
    "high requests-moved: route 'users' loses requests to route 'admin', which is open to anybody"
  ])
  t.match(open.plan.changes[1]?.details, ['such as GET /users/admin', "'admin' comes first: its path is longer"])
  const closed = await compare(t, file(users), file(`${users}, { name: admin, paths: [/users/admin], methods: [GET], hosts: [a.com], ${auth} }`))
  t.same(closed.lines, ["medium route-added: route 'admin' is new", "medium requests-moved: route 'users' loses requests to route 'admin'"])
  t.match(closed.plan.changes[0]?.details, ["'admin' takes GET a.com /users/admin, for service 'a', and asks for key-auth"])
  const gone = await compare(t, file(`${users}, { name: all, paths: [/] }`), file('{ name: all, paths: [/] }'))
  t.same(gone.lines, ["high requests-moved: route 'users' loses requests to route 'all', which is open to anybody", "medium route-removed: route 'users' is gone"])
  t.match(gone.plan.changes[0]?.details, ['such as GET /users', "'users' is gone"])
  const renamed = await compare(t, file('{ name: one, paths: [/a] }'), file('{ name: two, paths: [/a] }'))
  t.same(renamed.lines, ["low route-name: route 'two': name one → two"])
  const header = await compare(t, file('{ name: one, paths: [/a] }'), file('{ name: one, paths: [/a] }, { name: two, paths: [/a], headers: { x-v: ["2"] } }'))
  t.match(header.plan.changes.find(({ rule }) => rule === 'requests-moved')?.details, ['such as GET /a with x-v: 2'])
})

t.test('settings of the gateway', async t => {
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ['admin: { host: 127.0.0.1, token: 0123456789abcdef }', 'admin: { host: 0.0.0.0, token: 0123456789abcdef }', 'high admin-exposed: gateway.admin.host 127.0.0.1 → 0.0.0.0'],
    ['trusted_ips: [10.0.0.0/8]', 'trusted_ips: [10.0.0.0/8, 192.168.0.0/16]', 'high gateway-trusted-ips: gateway.trusted_ips + 192.168.0.0/16'],
    ['trusted_ips: [10.0.0.0/8]', 'trusted_ips: [10.0.0.0/7]', 'high gateway-trusted-ips: gateway.trusted_ips + 10.0.0.0/7, − 10.0.0.0/8'],
    ['trusted_ips: [10.0.0.0/8]', 'trusted_ips: [10.1.0.0/16]', 'medium gateway-trusted-ips: gateway.trusted_ips + 10.1.0.0/16, − 10.0.0.0/8'],
    ['limits: { headers: 50 }', 'limits: { headers: 90 }', 'high gateway-limits: gateway.limits.headers 50 → 90'],
    ['limits: { headers: 90 }', 'limits: { headers: 50 }', 'medium gateway-limits: gateway.limits.headers 90 → 50'],
    ['path_policy: { semicolon: reject }', 'path_policy: { semicolon: keep }', 'high gateway-path-policy: gateway.path_policy.semicolon reject → keep'],
    ['exempt: { paths: [/a] }', 'exempt: { paths: [/a, /b] }', 'high gateway-exempt: gateway.exempt.paths + /b'],
    ['log: { redact: [x-a, x-b] }', 'log: { redact: [x-a] }', 'high gateway-log: gateway.log.redact − x-b'],
    ['log: { level: info }', 'log: { level: debug }', 'low gateway-log: gateway.log.level info → debug'],
    ['timeouts: { headers: 5000 }', 'timeouts: { headers: 6000 }', 'medium gateway-timeouts: gateway.timeouts.headers 5000 → 6000'],
    ['listen: [{ port: 8000, host: 127.0.0.1 }]', 'listen: [{ port: 8000, host: 0.0.0.0 }]', 'high listener-changed: host of the listener on port 8000 127.0.0.1 → 0.0.0.0'],
    ['listen: [{ port: 8000 }]', 'listen: [{ port: 8000 }, { port: 8005, host: 127.0.0.1 }]', 'medium listener-added: the gateway listens on http://127.0.0.1:8005 as well'],
    ['listen: [{ port: 8000 }, { port: 8005 }]', 'listen: [{ port: 8005 }]', 'medium listener-removed: nothing listens on http://0.0.0.0:8000 any more']
  ]
  for (const [old, next, wanted] of cases) t.same((await compare(t, `gateway: { ${old} }`, `gateway: { ${next} }`)).lines, [wanted])
})

t.test('consumers, their groups and credentials', async t => {
  const file = (consumer: string): string => `consumer_groups: [{ name: gold }]\nconsumers: [{ username: bob, custom_id: b }, ${consumer}]\nplugins: [{ name: key-auth }, { name: acl, config: { allow: [x] } }]`
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ['{ username: ann }', '{ username: ann, groups: [gold] }', "medium group-joined: consumer 'ann' joins group 'gold'"],
    ['{ username: ann, groups: [gold] }', '{ username: ann }', "medium group-left: consumer 'ann' leaves group 'gold'"],
    ['{ username: ann, acls: [{ group: x }] }', '{ username: ann }', "medium credential-removed: consumer 'ann' loses acl group x"],
    ['{ username: ann }', '{ username: ann, tags: [a] }', "low consumer-tags: consumer 'ann' has another tags"]
  ]
  for (const [old, next, wanted] of cases) t.same((await compare(t, file(old), file(next))).lines, [wanted])
  const other = await compare(t, file('{ username: ann }'), file('{ username: zoe, keyauth_credentials: [{ key: "{vault://env/ANN}" }, { key: "{vault://env/NEW_ANN}" }] }'))
  t.same(other.lines, ["medium consumer-added: consumer 'zoe' is new, with 2 API keys", "medium consumer-removed: consumer 'ann' is gone"])
})

t.test('many changes of one sort are told as one', async t => {
  const routes = (path: string): string => Array.from({ length: 12 }, (_, index) => `{ name: r${index}, paths: [/${path}${index}] }`).join(', ')
  const { plan } = await compare(t, `services:\n${service('a', routes('a'))}`, `services:\n${service('a', routes('b'))}`)
  t.match(plan.changes.map(({ title }) => title), ['all 12 routes take another path as well now', 'all 12 routes no longer take a path that they took'])
  t.equal(plan.changes[0]?.details.length, 8)
  t.equal(plan.changes[0]?.details.at(-1), 'and 5 more')
})

t.test('--fail-on decides about the exit code alone', async t => {
  const [old, next] = ['gateway: { log: { level: info } }', 'gateway: { log: { level: debug } }']
  for (const [risk, wanted] of [['low', 2], ['medium', 0], ['high', 0]] as const) {
    const { code, lines } = await compare(t, old, next, ['--fail-on', risk])
    t.equal(code, wanted)
    t.equal(lines.length, 1)
  }
})
