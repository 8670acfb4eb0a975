import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'

const GOOD = `_format_version: "3.0"
services:
  - { name: users, host: users.internal, routes: [{ name: list, paths: [/users] }] }
`
const WARNS = `_format_version: "3.0"
consumers: [{ username: bob }]
`
const BAD = `_format_version: "3.0"
services:
  - name: users
    hosst: users.internal
    port: "80"
consumers: [{ username: bob }]
`

t.test('exit codes', async t => {
  const cwd = t.testdir({ 'good.yaml': GOOD, 'warns.yaml': WARNS, 'bad.yaml': BAD, folder: {} })
  const cases: ReadonlyArray<readonly [number, readonly string[]]> = [
    [0, ['check', 'good.yaml']],
    [0, ['check', '--strict', 'good.yaml']],
    [0, ['check', 'warns.yaml']],
    [2, ['check', '--strict', 'warns.yaml']],
    [1, ['check', 'bad.yaml']],
    [1, ['check', '--strict', 'bad.yaml']],
    [3, ['check', 'missing.yaml']],
    [3, ['check', 'folder']],
    [3, ['check', '/dev/zero']],
    [3, ['check', '--format', 'xml', 'good.yaml']],
    [3, ['check', '--no-such-option']],
    [3, ['check', 'good.yaml', 'bad.yaml']],
    [3, ['chek']],
    [3, []],
    [3, ['schema', 'no-such-plugin']],
    [3, ['start', '-']],
    [3, ['start', 'missing.yaml']],
    [3, ['start', '--port', '70000', 'good.yaml']],
    [1, ['routes', 'bad.yaml']],
    [1, ['print', 'bad.yaml']],
    [1, ['start', 'bad.yaml']],
    [0, ['--version']],
    [0, ['--help']],
    [0, ['help', 'check']],
    [0, ['check', '--help']]
  ]
  for (const [code, args] of cases) t.equal((await runCli(args, { cwd })).code, code, `${code}: sallyport ${args.join(' ')}`)
})

t.test('without FILE it takes gateway.yaml of the working directory', async t => {
  t.match(await runCli(['check'], { cwd: t.testdir({ 'gateway.yaml': GOOD }) }), { code: 0, stdout: 'ok: gateway.yaml can run: 1 service, 1 route, 0 plugin entries, 0 consumers\n' })
  t.match(await runCli(['check'], { cwd: t.testdir({}) }), { code: 3, stdout: '', stderr: /^error: There is no gateway\.yaml and no \/etc\/sallyport\/gateway\.yaml: name the file/ })
})

t.test('of many warnings with one mend the first are told in full, and --all tells the others, too', async t => {
  const stdin = `_format_version: "3.0"\nconsumers:\n${Array.from({ length: 40 }, (_, index) => `  - { username: c${index} }`).join('\n')}\n`
  const { stdout } = await runCli(['check', '-'], { stdin })
  t.match(stdout, '\n<stdin>: warning: 37 more of this kind [unused-consumer]\n  at lines 6, 7, 8, ')
  t.match(stdout, / 41, 42\n\n40 warnings\nok: /)
  t.equal(stdout.match(/= mend/g)?.length, 3)
  t.equal((await runCli(['check', '-', '--all'], { stdin })).stdout.match(/= mend/g)?.length, 40)
  // four are told as they are: a line in the place of one says less
  t.equal((await runCli(['check', '-'], { stdin: stdin.split('\n').slice(0, 6).join('\n') })).stdout.match(/= mend/g)?.length, 4)
})

t.test('errors are told in full, however many', async t => {
  const stdin = `_format_version: "3.0"\nservices:\n${Array.from({ length: 9 }, (_, index) => `  - { name: s${index}, url: "http://a", retires: 1 }`).join('\n')}\n`
  t.equal((await runCli(['check', '-'], { stdin })).stdout.match(/= mend/g)?.length, 9)
})

t.test('--env-file has variables for references; those of the environment go first', async t => {
  const cwd = t.testdir({ 'gateway.yaml': GOOD.replace('host: users.internal', 'host: "{vault://env/USERS_HOST}"'), '.env': '# local\nUSERS_HOST="file.internal"\n' })
  t.match(await runCli(['check'], { cwd }), { code: 1, stdout: /Set it before the gateway starts, or write it into a file that `--env-file` names/ })
  t.match(await runCli(['explain', 'GET', '/users', '--env-file', '.env'], { cwd }), { code: 0, stdout: /goes to route list/ })
  t.match(await runCli(['check', '--env-file', '.env'], { cwd }), { code: 0 })
  t.match(await runCli(['check', '--env-file', '.env'], { cwd, env: { USERS_HOST: 'no host' } }), { code: 1 })
  t.match(await runCli(['check', '--env-file', 'missing'], { cwd }), { code: 3, stderr: "error: missing can't be read: ENOENT.\n" })
  t.match(await runCli(['keys', 'create', '--env-file', '.env'], { cwd }), { code: 3 })
})

t.test('- is standard input', async t => {
  t.match(await runCli(['check', '-'], { stdin: GOOD }), { code: 0, stdout: /^ok: <stdin> can run/ })
  t.match(await runCli(['check', '-'], { stdin: `\ufeff${BAD}` }), { code: 1, stdout: /^<stdin>:4:5: error: / })
})

t.test('what can\'t be read is one sentence', async t => {
  const cwd = t.testdir({ folder: {}, 'latin1.yaml': Buffer.from([0x61, 0x3a, 0xe9]) })
  t.match(await runCli(['check', 'missing.yaml'], { cwd }), { stdout: '', stderr: 'error: missing.yaml: no such file.\n' })
  t.match(await runCli(['check', 'folder'], { cwd }), { stderr: 'error: folder: is a directory.\n' })
  t.match(await runCli(['check', 'latin1.yaml'], { cwd }), { code: 3, stderr: 'error: latin1.yaml: is not UTF-8 text.\n' })
})

t.test('a file without permission to read', async t => {
  const cwd = t.testdir({ 'secret.yaml': GOOD })
  chmodSync(`${cwd}/secret.yaml`, 0)
  // root reads everything, so it is somebody else meanwhile
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65534)
  const outcome = await runCli(['check', 'secret.yaml'], { cwd }).finally(() => { if (root) process.seteuid?.(0) })
  t.match(outcome, { code: 3, stderr: 'error: secret.yaml: no permission to read it.\n' })
})

t.test('a mistyped command or option is answered with the nearest one', async t => {
  t.match(await runCli(['chek']), { stdout: '', stderr: /Did you mean check\?/ })
  t.match(await runCli(['check', '--strikt']), { stdout: '', stderr: /Did you mean --strict\?/ })
})

t.test('text: place, source line, caret, path, cause, mend, rule; errors first; a count', async t => {
  const { stdout } = await runCli(['check', 'gateway.yaml'], { cwd: t.testdir({ 'gateway.yaml': BAD }) })
  t.equal(stdout, `gateway.yaml:4:5: error: unknown field 'hosst' [unknown-key]
  in services[users].hosst
  |
4 |     hosst: users.internal
  |     ^^^^^
  = mend: Did you mean 'host'?

gateway.yaml:5:11: error: expected an integer [wrong-type]
  in services[users].port
  |
5 |     port: "80"
  |           ^^^^
  = mend: Remove the quotes: 80.

2 errors
`)
})

t.test('colours are for terminals, and for those who want them', async t => {
  const cwd = t.testdir({ 'gateway.yaml': BAD })
  t.match((await runCli(['check'], { cwd, terminal: true })).stdout, /\x1b\[1;31m/) // eslint-disable-line no-control-regex
  t.notMatch((await runCli(['check'], { cwd, terminal: true, env: { NO_COLOR: '1' } })).stdout, '\x1b')
  t.match((await runCli(['check'], { cwd, terminal: true, env: { NO_COLOR: '' } })).stdout, '\x1b')
  t.notMatch((await runCli(['check'], { cwd, terminal: true, env: { TERM: 'dumb' } })).stdout, '\x1b')
  t.notMatch((await runCli(['check'], { cwd })).stdout, '\x1b')
})

t.test('json', async t => {
  const { stdout, code } = await runCli(['check', '--format', 'json'], { cwd: t.testdir({ 'gateway.yaml': BAD }) })
  t.equal(code, 1)
  const report = JSON.parse(stdout)
  t.match(report, { version: 1, file: 'gateway.yaml', errors: 2, warnings: 0 })
  t.same(report.diagnostics[0], {
    rule: 'unknown-key',
    severity: 'error',
    file: 'gateway.yaml',
    range: { line: 4, column: 5, endLine: 4, endColumn: 10 },
    path: 'services[users].hosst',
    cause: "unknown field 'hosst'",
    mend: "Did you mean 'host'?"
  })
})

t.test('sarif', async t => {
  const text = '_format_version: "3.0"\nroutes:\n  - { name: a, paths: [/a] }\n  - { name: a, paths: [/b] }\n'
  const { stdout } = await runCli(['check', '--format', 'sarif'], { cwd: t.testdir({ 'gateway.yaml': text }) })
  const { version, runs: [run] } = JSON.parse(stdout)
  t.equal(version, '2.1.0')
  t.match(run.tool.driver, { name: 'sallyport', rules: [{ id: 'not-unique', shortDescription: { text: 'two things that share what only one may have' } }] })
  t.match(run.results, [{
    ruleId: 'not-unique',
    ruleIndex: 0,
    level: 'error',
    locations: [{ physicalLocation: { artifactLocation: { uri: 'gateway.yaml' }, region: { startLine: 4 } } }],
    relatedLocations: [{ physicalLocation: { region: { startLine: 3 } } }]
  }])
})

t.test('github: one command a finding, escaped', async t => {
  const cwd = t.testdir({ 'a,b.yaml': '_format_version: "3.0"\nroutes: [{ name: a, paths: [/a%zz] }]\n' })
  const { stdout } = await runCli(['check', '--format', 'github', 'a,b.yaml'], { cwd })
  t.match(stdout, /^::error file=a%2Cb\.yaml,line=2,endLine=2,title=bad-path,col=\d+,endColumn=\d+::routes\[a\]\.paths\[0\]: .+\n$/)
  t.match(stdout, /%2525/, 'a percent sign of the text')
})

t.test('no format shows a literal secret', async t => {
  const cwd = t.testdir({ 'gateway.yaml': '_format_version: "3.0"\nplugins: [{ name: request-transformer, config: { add: { headers: ["Authorization: canary"] } } }]\n' })
  for (const format of ['text', 'json', 'sarif', 'github']) {
    const { stdout } = await runCli(['check', '--format', format], { cwd })
    t.match(stdout, /literal-secret/, format)
    t.notMatch(stdout, /canary/, format)
  }
})

t.test('every file that an option names must be there, and be a file', async t => {
  const cwd = t.testdir({ folder: {}, text: '}' })
  execFileSync('mkfifo', [join(cwd, 'pipe')])
  const options = (name: string): string => `
ca_certificates: [{ cert_file: ${name} }]
certificates: [{ cert_file: ${name}, key_file: ${name}, ocsp_file: ${name} }]
plugins:
- { name: mtls-auth, config: { ca_certificates: [x], crl_file: ${name} } }
- { name: header-cert-auth, config: { ca_certificates: [x], crl_file: ${name}, certificate_header_name: X-Cert, certificate_header_format: url_encoded } }
- { name: ip-restriction, config: { allow_file: ${name}, deny_file: ${name} } }
- { name: jwt, config: { jwks_file: ${name}, revocation: { file: ${name} } } }
- { name: oas-validator, config: { spec_file: ${name} } }
- { name: request-validator, config: { body_schema: { $ref: ${name} } } }
- { name: graphql-guard, config: { documents: ${name} } }
- { name: graphql-rate-limiting-advanced, config: { schema: ${name}, limit: [5], window_size: [60] } }
`
  for (const [name, words] of [['none', /ENOENT|no such file|there is none/], ['folder', /EISDIR|folder/], ['pipe', /no regular file/], ['text', /./]] as const) {
    const { code, stdout } = await runCli(['check', '-', '--format', 'json'], { cwd, stdin: `_format_version: "3.0"${options(name)}` })
    t.equal(code, 1)
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: ReadonlyArray<{ rule: string, path: string, cause: string }> }
    const found = diagnostics.filter(({ rule, path }) => rule !== 'unresolved-reference' && /_file|file$|\$ref|documents|schema/.test(path))
    t.same(found.filter(({ cause }) => !words.test(cause)), [], name)
    // what stands beside a certificate that is none isn't looked at
    t.equal(found.length, name === 'text' ? 13 : 14, name)
  }
})
