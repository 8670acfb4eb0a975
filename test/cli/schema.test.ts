import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

t.test('prints the schema of the file as it stands under schemas/', async t => {
  const { code, stdout } = await runCli(['schema'])
  t.equal(code, 0)
  t.equal(stdout, readFileSync(join(packageRoot, 'schemas/gateway.schema.json'), 'utf8'))
})

t.test('prints the schema of one plugin', async t => {
  const { stdout } = await runCli(['schema', 'correlation-id'])
  t.equal(stdout, readFileSync(join(packageRoot, 'schemas/plugins/correlation-id.json'), 'utf8'))
})

t.test('plugins lists what there is, and tells the options of one in words', async t => {
  const all = await runCli(['plugins'])
  t.match(all, { code: 0, stderr: '' })
  const names = all.stdout.split('\n').flatMap(line => /^[a-z]\S*/.exec(line)?.[0] ?? [])
  t.same(names, readdirSync(join(packageRoot, 'schemas/plugins')).map(file => file.replace('.json', '')).sort())
  const one = (await runCli(['plugins', 'request-termination'])).stdout
  t.match(one, /^request-termination: Answers by itself/)
  t.match(one, /\nstatus_code {2}integer 200 to 599, default 503\n {4}\S/)
  for (const line of all.stdout.split('\n')) t.ok(line.length <= 100, line)
})

t.test('an unknown plugin is answered with the nearest one, or with all', async t => {
  t.match(await runCli(['schema', 'corelation-id']), { code: 3, stdout: '', stderr: "error: There is no built-in plugin 'corelation-id': did you mean 'correlation-id'?\n" })
  t.match(await runCli(['plugins', 'corelation-id']), { code: 3, stdout: '', stderr: /did you mean 'correlation-id'\?/ })
  t.match(await runCli(['schema', 'zzz']), { code: 3, stderr: /There are: .*\bcorrelation-id, / })
})
