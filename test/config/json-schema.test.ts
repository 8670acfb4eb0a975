import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { staleSchemas } from '../../scripts/generate-schemas.ts'
import { hasErrors } from '../../src/config/diagnostics.ts'
import { fileJsonSchema, pluginJsonSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseYaml } from '../../src/config/yaml/parse.ts'
import { toValue } from '../../src/config/yaml/values.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { packageRoot } from '../helpers/package-root.ts'

/** Bad files that are good for a schema, and why it can't tell. */
const BEYOND: Readonly<Record<string, string>> = {
  'dangling-service.yaml': 'a schema does not look things up',
  'duplicate-name.yaml': 'a schema does not compare entities',
  'duplicate-key.yaml': 'YAML itself: editors say it without the schema',
  'path-form.yaml': 'normal form is no pattern',
  'regex.yaml': 'whether a regex compiles is no pattern',
  'backtracking.yaml': 'whether a regex always ends soon is no pattern',
  'host-form.yaml': 'the text of a host is checked by code, for its messages',
  'url.yaml': 'the text of a URL is checked by code, for its messages',
  'unset-variable.yaml': 'a schema does not know the environment',
  'plugin-level.yaml': 'where a plugin may stand is said by the plugin, not by the format'
}

const ENV = {
  PROTOCOL: 'http', HOST: 'users.internal', PATH: '/a', GENERATOR: 'uuid', DECK_ECHO: 'true', DECK_TAG: 'a', DECK_PORT: '8080', DECK_RETRIES: '3', DECK_ENABLED: 'true', DECK_STATUS: '301'
}

const folder = join(packageRoot, 'test/fixtures/config')
const { registry } = await loadPlugins([], folder)
const ajv = new Ajv({ strict: false, allErrors: true })
// CommonJS: a module object for TypeScript, the function at run time.
;(addFormats as unknown as typeof addFormats.default)(ajv)
const validate = ajv.compile(fileJsonSchema(registry))

/** What an editor sees: references unresolved. */
function read (text: string): unknown {
  const { root } = parseYaml(text)
  return root === null ? null : toValue(root)
}

async function acceptedByLoader (text: string): Promise<boolean> {
  return !hasErrors((await loadConfig({ file: join(folder, 'gateway.yaml'), text, env: ENV })).diagnostics)
}

for (const name of readdirSync(join(folder, 'good'))) {
  t.test(`loader and schema accept ${name}`, async t => {
    const text = readFileSync(join(folder, 'good', name), 'utf8')
    t.ok(await acceptedByLoader(text), 'loader')
    t.ok(validate(read(text)), `schema: ${JSON.stringify(validate.errors)}`)
  })
}

for (const name of readdirSync(join(folder, 'bad'))) {
  t.test(`${name in BEYOND ? 'the loader refuses' : 'loader and schema refuse'} ${name}`, async t => {
    const text = readFileSync(join(folder, 'bad', name), 'utf8')
    t.notOk(await acceptedByLoader(text), 'loader')
    t.equal(validate(read(text)), name in BEYOND, `schema: ${BEYOND[name] ?? ''}`)
  })
}

t.test('every exception is a file', async t => {
  t.strictSame(Object.keys(BEYOND).filter(name => !readdirSync(join(folder, 'bad')).includes(name)), [])
})

t.test('with modules, names of plugins are open', async t => {
  const file = (modules: string): unknown => read(`_format_version: "3.0"\ngateway: { modules: ${modules} }\nplugins: [{ name: geo, config: { any: 1 } }]`)
  t.ok(validate(file('[./geo.js]')))
  t.notOk(validate(file('[]')))
})

t.test('the examples of plugins\' options are valid for their own schema', async t => {
  for (const plugin of registry.values()) {
    const check = ajv.compile(pluginJsonSchema(plugin))
    t.ok(check({}) || (check.errors ?? []).every(error => /^(?:required|minProperties|anyOf)$/.test(error.keyword)), plugin.name)
    t.notOk(check({ no_such_option: 1 }), `${plugin.name} is closed`)
  }
})

t.test('the files under schemas/ are those that npm run generate writes', async t => {
  t.same(await staleSchemas(), [])
})

t.test('editors say defaults, and what each plugin does; they don\'t offer what only other tools write', async t => {
  const { definitions, properties } = fileJsonSchema(registry) as unknown as { definitions: Record<string, Shown>, properties: Record<string, Shown> }
  t.match(definitions['service']?.properties?.['retries'], { description: /Default: `5`\.$/ })
  t.match(definitions['route']?.properties?.['path_handling'], { description: /Default: `v0`\.$/ })
  for (const name of ['_comment', '_ignore', 'created_at', 'updated_at']) t.equal(definitions['route']?.properties?.[name]?.doNotSuggest, true, name)
  const [names] = definitions['builtin']?.anyOf ?? []
  t.equal(names?.enumDescriptions?.length, registry.size)
  t.equal(names?.enumDescriptions?.every(text => text.length > 10), true)
  // a wrong value shows the description of its field, not that of references
  t.equal(definitions['reference']?.description, undefined)
  // a list without an example is one schema, behind whose key editors insert the first dash
  t.same(properties['services']?.type, ['array', 'null'])
})

/** What editors look at. */
interface Shown {
  readonly type?: unknown
  readonly description?: string
  readonly doNotSuggest?: boolean
  readonly enumDescriptions?: readonly string[]
  readonly anyOf?: readonly Shown[]
  readonly properties?: Readonly<Record<string, Shown>>
}
