import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { packageRoot } from '../helpers/package-root.ts'

t.test('the example passes its own tests, with what the package exports', async t => {
  const run = spawn(process.execPath, ['--test', '--test-reporter=tap', 'examples/custom-plugin/sunset.test.js'], { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(run.stdout), once(run, 'close') as Promise<[number]>])
  t.equal(code, 0, output)
  t.match(output, /^# pass [1-9]/m)
  t.match(output, /^# fail 0/m)
})
