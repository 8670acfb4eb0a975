/** What lints say about who may reach what: policies, open writes, and routes around protected ones. */
import t from 'tap'
import { findings, findingsOf, rulesOf } from './findings.ts'

const AUTH = '{ name: forward-auth, config: { url: "https://auth.internal" } }'
const OPEN = '{ name: auth-policy, config: { public: true } }'

/** Routes of one service, as YAML flow maps without braces, and global plugins. */
function file (routes: readonly string[], plugins: readonly string[] = []): string {
  return `services:\n  - name: s\n    host: s.internal\n    routes:\n${routes.map(route => `      - { ${route} }\n`).join('')}plugins:${plugins.length === 0 ? ' []' : ''}\n${plugins.map(plugin => `  - ${plugin}\n`).join('')}`
}

const policy = (config: string): string => `{ name: auth-policy, config: { ${config} } }`

t.test('a policy that asks for a plugin which doesn\'t run on its route', async t => {
  t.match(await findings(file([`name: a, paths: [/a], plugins: [${policy('any_of: [forward-auth]')}]`])), [{
    rule: 'policy-plugin',
    severity: 'error',
    path: 'services[s].routes[a].plugins[auth-policy].config.any_of[0]',
    cause: "'forward-auth' doesn't run on route 'a', so nobody can pass by it there",
    mend: "Add an entry of 'forward-auth' to this route, its service or all, or give it a policy of its own.",
    related: [{ range: { line: 6 } }]
  }])
})

t.test('a global policy, on the routes without the plugin', async t => {
  const found = await findings(file([
    `name: a, paths: [/a], plugins: [${AUTH}]`, 'name: b, paths: [/b]', 'name: c, paths: [/c]', `name: d, paths: [/d], plugins: [${OPEN}]`
  ], [policy('all_of: [{ plugin: forward-auth, roles: [x] }]')]))
  t.match(found, [{
    rule: 'policy-plugin',
    path: 'plugins[auth-policy].config.all_of[0].plugin',
    cause: "'forward-auth' doesn't run on route 'b' and route 'c', so nobody can pass by it there"
  }])
  t.equal(found.length, 1)
})

t.test('a switched-off entry doesn\'t run, and asks for nothing', async t => {
  const off = '{ name: forward-auth, enabled: false, config: { url: "https://auth.internal" } }'
  t.same(await rulesOf(file(['name: a, paths: [/a]'], [off, policy('any_of: [forward-auth]')])), ['policy-plugin'])
  t.same(await findingsOf('policy-plugin', file(['name: a, paths: [/a]'], ['{ name: auth-policy, enabled: false, config: { any_of: [forward-auth] } }'])), [])
})

t.test('a name that is no plugin, or none that authenticates', async t => {
  t.match(await findings(file(['name: a, paths: [/a]'], [AUTH, policy('any_of: [foward-auth]')])), [{
    rule: 'policy-plugin', cause: "there is no plugin 'foward-auth', so nobody can pass by it", mend: "Did you mean 'forward-auth'?"
  }])
  t.match(await findings(file(['name: a, paths: [/a]'], [AUTH, policy('any_of: [correlation-id]')])), [{
    rule: 'policy-plugin', cause: "'correlation-id' doesn't authenticate anybody, so nobody can pass by it", mend: /^Name a plugin that authenticates: .*forward-auth/
  }])
})

t.test('a policy whose plugins all run', async t => {
  t.same(await findings(file([`name: a, paths: [/a], plugins: [${policy('any_of: [forward-auth]')}]`], [AUTH])), [])
})

t.test('a route that lets anybody write, where others don\'t', async t => {
  t.match(await findings(file([`name: a, paths: [/a], plugins: [${AUTH}]`, 'name: b, paths: [/b]'])), [{
    rule: 'write-without-auth',
    severity: 'warning',
    path: 'services[s].routes[b].name',
    cause: "route 'b' takes all methods from anybody: no authentication plugin runs on it",
    mend: 'Limit `methods` to those that only read, add an authentication plugin, or say that it is meant, with `auth-policy`.'
  }])
  t.match(await findings(file([`name: a, paths: [/a], plugins: [${AUTH}]`, 'name: b, paths: [/b], methods: [GET, POST, DELETE]'])), [{
    cause: "route 'b' takes POST, DELETE from anybody: no authentication plugin runs on it",
    mend: /^Remove these methods, /
  }])
})

const guarded: ReadonlyArray<readonly [string, string]> = [
  ['it only reads', file([`name: a, paths: [/a], plugins: [${AUTH}]`, 'name: b, paths: [/b], methods: [GET, HEAD, OPTIONS]'])],
  ['it says that it is public', file([`name: a, paths: [/a], plugins: [${AUTH}]`, `name: b, paths: [/b], plugins: [${OPEN}]`])],
  ['it is closed', file([`name: a, paths: [/a], plugins: [${AUTH}]`, 'name: b, paths: [/b]'], [policy('default: deny')])],
  ['all are', file(['name: a, paths: [/a]'], [AUTH])],
  ['nothing in the file authenticates', file(['name: a, paths: [/a]'], ['{ name: correlation-id }'])],
  ['what would authenticate is switched off', file(['name: a, paths: [/a]'], ['{ name: forward-auth, enabled: false, config: { url: "https://a.internal" } }'])],
  ['it has no service', `routes: [{ name: a, paths: [/a] }]\nplugins: []\nservices: [{ name: s, host: s.internal, routes: [{ name: b, paths: [/b], plugins: [${AUTH}] }] }]`]
]
for (const [why, yaml] of guarded) {
  t.test(`a route may be as it is where ${why}`, async t => { t.same(await findings(yaml), []) })
}

t.test('an open route that takes the methods which a protected one leaves', async t => {
  t.match(await findings(file([`name: admin, paths: [/admin], methods: [GET], plugins: [${AUTH}]`, `name: web, paths: [/], plugins: [${OPEN}]`])), [{
    rule: 'public-route-swallows',
    severity: 'warning',
    path: 'services[s].routes[web].name',
    cause: "route 'web' is open to everybody and takes 'HEAD /admin', which route 'admin' doesn't take and would protect",
    mend: "Give this route the `methods` that it needs, or remove `methods` from route 'admin'.",
    related: [{ range: { line: 6 }, message: 'the protected route, to the same upstream' }]
  }])
})

t.test('the same path, a regex, and another service at the same address', async t => {
  const rule = 'public-route-swallows'
  t.equal((await findingsOf(rule, file([`name: admin, paths: [/admin], methods: [GET], plugins: [${AUTH}]`, `name: web, paths: [/admin], plugins: [${OPEN}]`]))).length, 1)
  t.equal((await findingsOf(rule, file([`name: admin, paths: ["~/admin/[0-9]+$"], methods: [GET], plugins: [${AUTH}]`, `name: web, paths: ["~/admin"], plugins: [${OPEN}]`]))).length, 1)
  t.equal((await findingsOf(rule, `services:
  - { name: s, host: S.internal, port: 80, routes: [{ name: admin, paths: [/admin], methods: [GET], plugins: [${AUTH}] }] }
  - { name: z, url: "http://s.internal/", routes: [{ name: web, paths: [/], plugins: [${OPEN}] }] }
`)).length, 1)
})

t.test('an open route that takes the hosts which a protected one leaves', async t => {
  t.match(await findings(file([`name: admin, paths: [/admin], hosts: ["*.example.com"], plugins: [${AUTH}]`, `name: web, paths: [/], plugins: [${OPEN}]`])), [{
    rule: 'public-route-swallows',
    cause: "route 'web' is open to everybody and takes '/admin' for hosts such as 'other.invalid', which route 'admin' doesn't take and would protect",
    mend: "Give this route the `hosts` that it is for, or remove `hosts` from route 'admin'."
  }])
})

t.test('an open route for one host, beside a protected one for all', async t => {
  t.equal((await findingsOf('public-route-swallows', file([`name: admin, paths: [/admin], methods: [GET], plugins: [${AUTH}]`, `name: web, paths: [/], hosts: [www.example.com], plugins: [${OPEN}]`]))).length, 1)
})

const harmless: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['the open route names what it is open for', [`name: a, paths: [/a], methods: [POST], plugins: [${AUTH}]`, 'name: b, paths: [/a], methods: [GET]']],
  ['its path is narrower', [`name: a, paths: [/a], methods: [GET], plugins: [${AUTH}]`, `name: b, paths: [/a/b], plugins: [${OPEN}]`]],
  ['its path is another one', [`name: a, paths: [/a], methods: [GET], plugins: [${AUTH}]`, `name: b, paths: [/b], plugins: [${OPEN}]`]],
  ['the protected one takes all', [`name: a, paths: [/a], plugins: [${AUTH}]`, `name: b, paths: [/], plugins: [${OPEN}]`]],
  ['another protected route takes the rest', [`name: a, paths: [/a], methods: [GET], plugins: [${AUTH}]`, `name: c, paths: [/a], plugins: [${AUTH}]`, `name: b, paths: [/], plugins: [${OPEN}]`]],
  ['the open one has hosts of its own', [`name: a, paths: [/a], hosts: [a.example.com], plugins: [${AUTH}]`, `name: b, paths: [/], hosts: [b.example.com], plugins: [${OPEN}]`]]
]
for (const [why, list] of harmless) {
  t.test(`a protected route is not passed by where ${why}`, async t => { t.same(await findingsOf('public-route-swallows', file(list)), []) })
}

t.test('nor where the open route leads elsewhere', async t => {
  t.same(await findingsOf('public-route-swallows', `services:
  - { name: s, host: s.internal, routes: [{ name: admin, paths: [/admin], methods: [GET], plugins: [${AUTH}] }] }
  - { name: z, host: z.internal, routes: [{ name: web, paths: [/], plugins: [${OPEN}] }] }
`), [])
})

t.test('a secret path is not shown', async t => {
  const found = await findings(file([`name: admin, paths: ["{vault://env/ADMIN_PATH}"], methods: [GET], plugins: [${AUTH}]`, `name: web, paths: [/], plugins: [${OPEN}]`]), { ADMIN_PATH: '/hidden' })
  t.match(found, [{ rule: 'public-route-swallows', cause: /takes requests, which/ }])
  t.notMatch(JSON.stringify(found), 'hidden')
})
