import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPlugins } from '../src/plugins.ts'

const CONTRACT = new URL('../src/plugin.js', import.meta.url).href

function source (name: string, rest = ''): string {
  return `import { definePlugin, Type } from '${CONTRACT}'
export default definePlugin({ name: '${name}', priority: 1, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'], register () {} ${rest}})`
}

function folder (t: Test, files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-modules-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  return directory
}

t.test('a local file is found from the folder of the configuration', async t => {
  const directory = folder(t, { 'plugins/geo.mjs': source('geo') })
  const { registry, problems, modules } = await loadPlugins(['./plugins/geo.mjs'], directory)
  t.strictSame(problems, [])
  t.equal(registry.get('geo')?.name, 'geo')
  t.strictSame(modules, [['geo']])
})

t.test('a package is found from the folder of the configuration, scoped or not', async t => {
  const directory = folder(t, {
    'node_modules/@acme/geo/package.json': '{"name":"@acme/geo","type":"module","exports":"./index.js"}',
    'node_modules/@acme/geo/index.js': source('geo')
  })
  const { registry, problems } = await loadPlugins(['@acme/geo'], directory)
  t.strictSame(problems, [])
  t.ok(registry.has('geo'))
})

t.test('a module may bring several plugins', async t => {
  const directory = folder(t, {
    'a.mjs': source('one'),
    'b.mjs': source('two'),
    'all.mjs': "import one from './a.mjs'\nimport two from './b.mjs'\nexport default [one, two]"
  })
  t.strictSame((await loadPlugins(['./all.mjs'], directory)).modules, [['one', 'two']])
})

const refused: Record<string, [Record<string, string>, string, RegExp]> = {
  'a file that is not there': [{}, './nowhere.mjs', /'\.\/nowhere\.mjs' does not exist/],
  'a package that is not installed': [{}, '@acme/none', /'@acme\/none' is not installed/],
  'a module that throws': [{ 'm.mjs': "throw new Error('broken')" }, './m.mjs', /'\.\/m\.mjs' fails to load: broken/],
  'a default export that is no plugin': [{ 'm.mjs': 'export default { name: "x" }' }, './m.mjs', /has no plugin as its default export/],
  'no default export': [{ 'm.mjs': 'export const a = 1' }, './m.mjs', /has no plugin as its default export/],
  'a name that is there already': [{ 'm.mjs': source('correlation-id') }, './m.mjs', /'correlation-id', which is already there/],
  'a name that is not kebab-case': [{ 'm.mjs': source('GeoBlock') }, './m.mjs', /not kebab-case/],
  'an open schema': [{ 'm.mjs': source('geo').replace(', { additionalProperties: false }', '') }, './m.mjs', /schema of plugin 'geo' is not a closed object/],
  'another version of the contract': [{ 'm.mjs': source('geo').replace('export default definePlugin(', 'const p = definePlugin(') + "\nconst brand = Symbol.for('sallyport.plugin')\nexport default { ...p, api: 99, [brand]: true }" }, './m.mjs', /version 99 of the plugin contract/]
}
if (process.features && !('typescript' in process.features && process.features.typescript)) {
  refused['TypeScript that this Node does not run'] = [{ 'm.ts': 'export default 1' }, './m.ts', /is TypeScript, which this Node does not run/]
}
for (const [name, [files, module, message]] of Object.entries(refused)) {
  t.test(`${name} is a problem that names the module`, async t => {
    const { problems } = await loadPlugins(['./missing-too.mjs', module], folder(t, files))
    t.equal(problems.length, 2)
    t.match(problems[1], { index: 1, message, mend: /./ })
  })
}
