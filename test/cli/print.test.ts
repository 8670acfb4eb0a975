import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

const FILE = `_format_version: "3.0"
_info: { defaults: { service: { retries: 1 } } }
_ignore: [&slow { read_timeout: 5 }]
services:
  - name: users
    url: http://users.internal:8080/v1
    <<: *slow
    tags: &tags [a]
    routes:
      - name: list
        paths: [/users]
        tags: *tags
  - name: secret
    host: "{vault://env/SECRET_HOST}"
    port: \${{ env "DECK_PORT" | toInt }}
plugins:
  - name: request-transformer
    config: { add: { headers: ["Authorization: canary", "{vault://env/SECRET_HEADER}"] } }
`
const env = { SECRET_HOST: 'canary.internal', SECRET_HEADER: 'X-A: canary', DECK_PORT: '8443' }

t.test('prints every value, defaults filled in, secrets cut', async t => {
  const { stdout, code } = await runCli(['print', '-'], { stdin: FILE, env })
  t.equal(code, 0)
  t.notMatch(stdout, /canary|8443/)
  t.match(stdout, /^ {4}host: '\*\*\*'$/m)
  t.match(stdout, /^ {4}port: '\*\*\*'$/m)
  t.match(stdout, /^ {4}connect_timeout: 60000$/m)
  t.match(stdout, /^ {4}service: users$/m)
})

t.test('says where each value came from', async t => {
  const { stdout } = await runCli(['print', '--origin', '-'], { stdin: FILE, env })
  const origin = (start: string, from = ''): string | undefined => {
    const lines = stdout.slice(stdout.indexOf(from)).split('\n')
    return lines.find(line => line.trim().startsWith(start))?.split(' # ')[1]
  }
  t.equal(origin('level: info'), 'default')
  t.equal(origin('- id: '), 'derived')
  t.equal(origin('name: users'), 'line 5')
  t.equal(origin('host: users.internal'), 'url, line 6')
  t.equal(origin('retries: 1'), 'line 2, _info.defaults for line 5')
  t.equal(origin('read_timeout: 5'), 'line 3, merged in on line 7')
  t.equal(origin('host: \'***\''), 'environment, line 14')
  t.equal(origin('service: users', '\nroutes:'), 'nesting, line 10')
  t.equal(origin('- a', '\nroutes:'), 'line 8, *tags on line 12')
})

t.test('json, with and without origins', async t => {
  const { stdout } = await runCli(['print', '--format', 'json', '-'], { stdin: FILE, env })
  t.match(JSON.parse(stdout), { _format_version: '3.0', services: [{ name: 'users' }, { host: '***' }] })
  const full = JSON.parse((await runCli(['print', '--format', 'json', '--origin', '-'], { stdin: FILE, env })).stdout)
  t.match(full, { version: 1, config: { _format_version: '3.0' }, origins: { '/services/0/name': 'line 5', '/gateway/workers': 'default' } })
})

t.test('the output means the same as the file, where no secret was cut', async t => {
  const folder = join(packageRoot, 'test/fixtures/config/good')
  const files = [...readdirSync(folder).filter(name => !['references.yaml', 'credentials.yaml'].includes(name)).map(name => join(folder, name)), join(packageRoot, 'gateway.yaml')]
  for (const file of files) {
    for (const format of ['yaml', 'json']) {
      const { stdout } = await runCli(['print', '--format', format, file])
      const before = await loadConfig({ file, text: readFileSync(file, 'utf8'), env: {} })
      const after = await loadConfig({ file, text: stdout, env: {} })
      t.same(after.diagnostics.filter(({ severity }) => severity === 'error'), [], `${file} as ${format}`)
      const meaning = (config: unknown): string => JSON.stringify(config, (key, value) => key === 'pointer' ? undefined : value)
      t.equal(meaning(after.config), meaning(before.config), `${file} as ${format}`)
    }
  }
})

t.test('texts that look like something else stay texts', async t => {
  const stdin = '_format_version: "3.0"\nservices: [{ name: "yes", host: "on", tags: ["null", "1.5", "a: b", "# x", "~"] }]\n'
  const { stdout } = await runCli(['print', '-'], { stdin })
  const { config } = await loadConfig({ file: 'x', text: stdout, env: {} })
  t.match(config?.services, [{ name: 'yes', host: 'on', tags: ['null', '1.5', 'a: b', '# x', '~'] }])
})
