import t from 'tap'
import { runCli } from '../helpers/cli.ts'

const FILE = `_format_version: "3.0"
services:
  - name: users
    host: users.internal
    routes:
      - { name: rest, paths: [/users] }
      - { name: one, paths: ['~/users/\\d+$', /people], methods: [GET] }
      - { name: host, hosts: [a.example.com], headers: { x-v: ["1", "2"] }, paths: [/users] }
  - { name: off, host: off.internal, enabled: false, routes: [{ name: gone, paths: [/gone] }] }
routes:
  - { name: alone, paths: [/u] }
`

t.test('lists routes in matching order, each with why it stands before the next', async t => {
  const { stdout, code } = await runCli(['routes'], { cwd: t.testdir({ 'gateway.yaml': FILE }) })
  t.equal(code, 0)
  t.equal(stdout, `
#  ROUTE  SERVICE  METHODS  HOSTS          PATHS         HEADERS  BEFORE THE NEXT BECAUSE
1  host   users    *        a.example.com  /users        x-v=1|2  3 criteria, the next 2
2  one    users    GET      *              ~/users/\\d+$  *        regex before prefix
3  one    users    GET      *              /people       *        2 criteria, the next 1
4  rest   users    *        *              /users        *        longer path: 6, the next 2
5  alone  -        *        *              /u            *
`.trimStart())
})

t.test('json has the priorities', async t => {
  const { stdout } = await runCli(['routes', '--format', 'json'], { cwd: t.testdir({ 'gateway.yaml': FILE }) })
  const { version, routes } = JSON.parse(stdout)
  t.equal(version, 1)
  t.equal(routes.length, 5)
  t.match(routes[0], { position: 1, route: 'host', service: 'users', methods: null, paths: ['/users'], priority: { criteria: 3, plainHosts: true, headers: 1 } })
})

t.test('each field of the priority has its words', async t => {
  const text = (list: readonly string[]): string => `_format_version: "3.0"\nroutes:\n${list.map(route => `  - { ${route} }\n`).join('')}`
  const reasons: ReadonlyArray<readonly [string, readonly string[]]> = [
    ['hosts without wildcard', ['hosts: ["*.a.com"]', 'hosts: [a.com]']],
    ['2 headers, the next 1', ['headers: {a: ["1"]}', 'headers: {a: ["1"], b: ["1"]}']],
    ['regex_priority 2, the next 1', ['paths: ["~/a$"], regex_priority: 1', 'paths: ["~/b$"], regex_priority: 2']],
    ['earlier in the file', ['paths: [/a]', 'paths: [/b]']]
  ]
  for (const [reason, list] of reasons) {
    const { stdout } = await runCli(['routes', '--format', 'json', '-'], { stdin: text(list) })
    t.equal(JSON.parse(stdout).routes[0].reason, reason)
  }
})

t.test('a file without routes says so', async t => {
  t.match(await runCli(['routes', '-'], { stdin: '_format_version: "3.0"' }), { stdout: 'The file has no routes.\n' })
})

t.test('a bad file is reported on standard error', async t => {
  t.match(await runCli(['routes', '-'], { stdin: 'routes: []' }), { code: 1, stdout: '', stderr: /\[required\]/ })
})
