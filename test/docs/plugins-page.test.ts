import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { codeBlocks } from '../helpers/markdown.ts'

t.test('the plugin and the test that docs/plugins.md shows work together', async t => {
  const [plugin, test] = codeBlocks('docs/plugins.md').filter(block => block.info === 'js').map(block => block.text)
  t.match(plugin, /^\/\/ opening-hours\.js\n/)
  // made inside the project, so that `sallyport/plugin` is found
  const directory = t.testdir({ 'opening-hours.js': plugin as string, 'opening-hours.test.js': test as string })
  const run = spawn(process.execPath, ['--test', '--test-reporter=tap', join(directory, 'opening-hours.test.js')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(run.stdout), once(run, 'close') as Promise<[number]>])
  t.equal(code, 0, output)
  t.match(output, /^# pass 1$/m)
})
