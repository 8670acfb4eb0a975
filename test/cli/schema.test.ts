import { readFileSync } from 'node:fs'
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

t.test('an unknown plugin is answered with the nearest one, or with all', async t => {
  t.match(await runCli(['schema', 'corelation-id']), { code: 3, stdout: '', stderr: "error: There is no built-in plugin 'corelation-id': did you mean 'correlation-id'?\n" })
  t.match(await runCli(['schema', 'zzz']), { code: 3, stderr: /There are: .*\bcorrelation-id, / })
})
