import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PluginModules } from '../src/plugin-modules.ts'
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

t.test('TypeScript runs, whatever Node can do by itself', async t => {
  const directory = folder(t, {
    'geo.ts': "import { definePlugin, Type } from 'sallyport/plugin'\nimport { name } from './name.js'\nenum Level { Low, High }\nconst priority: number = Level.High\nexport default definePlugin({ name, priority, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'], register () {} })",
    'name.ts': "export const name: string = 'geo'",
    'broken.ts': 'const a: = 3'
  })
  const { registry, problems } = await loadPlugins(['./geo.ts', './broken.ts'], directory)
  t.equal(registry.get('geo')?.priority, 1)
  t.equal(problems.length, 1)
  t.match(problems[0]?.message, /'\.\/broken\.ts' fails to load: \S*broken\.ts:1:9: Unexpected token$/)
})

t.test('a loader keeps what it has; a fresh one looks whether a file or what it imports has changed', async t => {
  const directory = folder(t, { 'geo.mjs': `import './deep/part.mjs'\n${source('geo')}`, 'deep/part.mjs': "import * as all from '../geo.mjs'\nexport { all }" })
  const load = async (loader: PluginModules) => (await loadPlugins(['./geo.mjs'], directory, loader)).registry.get('geo')
  const [kept, fresh] = [new PluginModules(), new PluginModules({ fresh: true })]
  const first = [await load(kept), await load(fresh)]
  t.same(fresh.files.map(({ path }) => path), [join(directory, 'deep/part.mjs'), join(directory, 'geo.mjs')])
  t.same(kept.files, [])
  t.equal(await load(fresh), first[1], 'nothing has changed')
  writeFileSync(join(directory, 'deep/part.mjs'), '// other')
  t.equal(await load(kept), first[0])
  t.not(await load(fresh), first[1])
  writeFileSync(join(directory, 'geo.mjs'), 'const { = 1')
  t.equal(await load(fresh), undefined)
  writeFileSync(join(directory, 'geo.mjs'), source('geo', ', body: "buffer"'))
  t.equal((await load(fresh))?.body, 'buffer')
})

const refused: Record<string, [Record<string, string>, string, RegExp]> = {
  'a file that is not there': [{}, './nowhere.mjs', /'\.\/nowhere\.mjs' does not exist/],
  'a package that is not installed': [{}, '@acme/none', /'@acme\/none' is not installed/],
  'a module that throws': [{ 'm.mjs': "throw new Error('broken')" }, './m.mjs', /'\.\/m\.mjs' fails to load: broken/],
  'a default export that is no plugin': [{ 'm.mjs': 'export default { name: "x" }' }, './m.mjs', /has no plugin as its default export/],
  'no default export': [{ 'm.mjs': 'export const a = 1' }, './m.mjs', /has no plugin as its default export/],
  'a name that is there already': [{ 'm.mjs': source('correlation-id') }, './m.mjs', /'correlation-id', which is already there/],
  'a name that is not kebab-case': [{ 'm.mjs': source('GeoBlock') }, './m.mjs', /not kebab-case/],
  'no scopes': [{ 'm.mjs': source('geo').replace(/scopes: \[.*?\],?/, '') }, './m.mjs', /plugin 'geo' doesn't say where it may stand/],
  'an unknown scope': [{ 'm.mjs': source('geo').replace(/scopes: \[.*?\]/, "scopes: ['rout']") }, './m.mjs', /plugin 'geo' doesn't say where it may stand/],
  'a part that is no function': [{ 'm.mjs': source('geo').replace(/scopes: /, 'check: true, scopes: ') }, './m.mjs', /'check' of plugin 'geo' is not a function/],
  'an open schema': [{ 'm.mjs': source('geo').replace(', { additionalProperties: false }', '') }, './m.mjs', /schema of plugin 'geo' is not a closed object/],
  'another version of the contract': [{ 'm.mjs': source('geo').replace('export default definePlugin(', 'const p = definePlugin(') + "\nconst brand = Symbol.for('sallyport.plugin')\nexport default { ...p, api: 99, [brand]: true }" }, './m.mjs', /version 99 of the plugin contract/]
}
for (const [name, [files, module, message]] of Object.entries(refused)) {
  t.test(`${name} is a problem that names the module`, async t => {
    const { problems } = await loadPlugins(['./missing-too.mjs', module], folder(t, files))
    t.equal(problems.length, 2)
    t.match(problems[1], { index: 1, message, mend: /./ })
  })
}
