import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { createGateway } from '../../src/index.ts'
import { codeBlocks } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

const blocks = codeBlocks('README.md')

t.test('the first gateway.yaml of the README has 15 lines at most, but for the one for editors', async t => {
  const lines = blocks.find(block => block.info === 'yaml')?.text.trimEnd().split('\n').filter(line => !line.startsWith('#'))
  t.ok(lines !== undefined && lines.length > 5 && lines.length <= 15, String(lines?.length))
})

t.test('the plugin of the README runs, with the options of the file beside it', async t => {
  const plugin = blocks.find(block => block.text.startsWith('// maintenance.js\n'))
  const fragment = blocks.find(block => block.info === 'yaml fragment' && block.text.includes('maintenance.js'))
  const file = `_format_version: "3.0"\n${fragment?.text ?? ''}routes: [{ name: all, paths: [/] }]\n`
  const directory = t.testdir({ 'maintenance.js': plugin?.text ?? '', 'gateway.yaml': file })
  const gateway = await createGateway({
    file: `${directory}/gateway.yaml`,
    overrides: { host: '127.0.0.1', port: 0, adminPort: 'off' },
    accessLog: '/dev/null',
    log: { write () {} }
  })
  t.teardown(() => gateway.close())
  await gateway.listen()
  const url = `http://127.0.0.1:${gateway.addresses[0]?.port}/`

  const refused = await fetch(url, { method: 'POST', body: 'x' })
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '120')
  t.match(await refused.json(), { message: 'Read only for a moment' })

  // a route without a service has nobody to ask
  const passed = await fetch(url)
  t.match(await passed.json(), { message: 'no Service found with those values' })
})

t.test('the output of check in the README is what check prints for the first file with two slips', async t => {
  const text = blocks.find(block => block.info === 'yaml')?.text ?? ''
  const directory = t.testdir({ 'gateway.yaml': text.replace('methods:', 'method:').replace('correlation-id', 'corelation-id') })
  const { stdout, status } = spawnSync(process.execPath, [join(packageRoot, 'dist/src/cli/main.js'), 'check', 'gateway.yaml'], {
    cwd: directory,
    encoding: 'utf8'
  })
  t.equal(status, 1)
  t.equal(blocks.find(block => block.info === 'console')?.text, `$ sallyport check gateway.yaml\n${stdout}`)
})

t.test('the output of explain in the README is what explain prints for the first file', async t => {
  const directory = t.testdir({ 'gateway.yaml': blocks.find(block => block.info === 'yaml')?.text ?? '' })
  const block = blocks.find(block => block.info === 'console' && block.text.startsWith('$ sallyport explain '))?.text ?? ''
  const line = block.slice(2, block.indexOf('\n'))
  const { stdout, status } = spawnSync(process.execPath, [join(packageRoot, 'dist/src/cli/main.js'), ...line.split(' ').slice(1)], { cwd: directory, encoding: 'utf8' })
  t.equal(status, 0)
  t.equal(block.trimEnd(), `$ ${line}\n${stdout.trimEnd()}`)
})
