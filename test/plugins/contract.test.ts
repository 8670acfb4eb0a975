/** What every built-in plugin keeps to, whatever it does. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtins } from '../../plugins/index.ts'
import { stalePluginDocs } from '../../scripts/generate-plugin-docs.ts'
import { createAjv } from '../../src/config/validate/ajv.ts'
import { isPlugin } from '../../src/plugin.ts'
import { codeBlocks } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

/** Where Kong has the plugin, its number. */
const KONG: Readonly<Record<string, number>> = {
  'pre-function': 1000000,
  'correlation-id': 100001,
  zipkin: 100000,
  'bot-detection': 2500,
  cors: 2000,
  session: 1900,
  acme: 1705,
  jwt: 1450,
  'oauth2-introspection': 1700,
  oauth2: 1400,
  'key-auth': 1250,
  'ldap-auth': 1200,
  'basic-auth': 1100,
  'openid-connect': 1050,
  'hmac-auth': 1030,
  'grpc-gateway': 998,
  'ip-restriction': 990,
  'request-size-limiting': 951,
  acl: 950,
  'rate-limiting': 910,
  'graphql-rate-limiting-advanced': 902,
  'response-ratelimiting': 900,
  'request-transformer': 801,
  'response-transformer': 800,
  redirect: 779,
  'upstream-timeout': 400,
  'proxy-cache': 100,
  'graphql-proxy-cache-advanced': 99,
  opentelemetry: 14,
  prometheus: 13,
  'http-log': 12,
  statsd: 11,
  datadog: 10,
  'file-log': 9,
  'udp-log': 8,
  'tcp-log': 7,
  loggly: 6,
  syslog: 4,
  'grpc-web': 3,
  'request-termination': 2,
  'post-function': -1000
}

/** As much of a schema as this test looks at. */
interface Part {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly additionalProperties?: unknown
  readonly properties?: Readonly<Record<string, Part>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly items?: Part
  readonly allOf?: readonly unknown[]
  readonly anyOf?: readonly Part[]
  readonly secret?: boolean
}

/** A schema and all inside it, with the path of each. */
function * parts (schema: Part, path = ''): Generator<[path: string, part: Part]> {
  yield [path, schema]
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield * parts(property, `${path}/${name}`)
  if (schema.items !== undefined) yield * parts(schema.items, `${path}/-`)
}

/** Names of options that hold secrets, or lists of them. */
const SECRET = /(?:^|_|\/)(?:secrets?|password|private_key|hmac_key)(?:\/-)?$/

/** Whether a text there would be shown to nobody. */
function hidden ({ type, secret, items, anyOf }: Part): boolean {
  return type === 'string' ? secret === true : type === 'array' && items !== undefined ? hidden(items) : anyOf?.every(hidden) ?? true
}

const folders = readdirSync(join(packageRoot, 'plugins'), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)

t.test('every folder of plugins/ is a plugin of the list, by its name', async t => {
  t.same([...builtins.map(plugin => plugin.name)].sort(), folders.sort())
})

t.test('priorities are unique and Kong\'s', async t => {
  t.equal(new Set(builtins.map(plugin => plugin.priority)).size, builtins.length)
  for (const { name, priority } of builtins) t.equal(priority, KONG[name] ?? priority, name)
})

t.test('tables in the documentation are those of the schemas; `npm run generate` makes them so', async t => {
  t.same(await stalePluginDocs(), [])
})

for (const plugin of builtins) {
  t.test(plugin.name, async t => {
    const ajv = createAjv()
    const schema = plugin.schema as Part

    t.ok(isPlugin(plugin), 'is made by definePlugin')
    t.match(plugin.name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'has a name in kebab-case')
    t.ok(existsSync(join(packageRoot, 'test/plugins', `${plugin.name}.test.ts`)), 'has a test file')
    t.ok(plugin.scopes.length > 0, 'may stand somewhere')

    for (const [path, part] of parts(schema)) {
      const of = `${plugin.name}${path}`
      if (part.properties !== undefined) t.equal(part.additionalProperties, false, `${of} is closed`)
      t.match([part.title, part.description], [/\S/, /\S/], `${of} has title and description`)
      if (path === '') continue
      if (SECRET.test(path)) t.ok(hidden(part), `${of} is marked as a secret: views, dumps and logs leave it out`)
      t.ok(Array.isArray(part.examples) && part.examples.length > 0, `${of} has examples`)
      const validate = ajv.compile({ type: 'object', properties: { value: part } })
      for (const value of part.examples ?? []) t.ok(validate(structuredClone({ value })), `example of ${of} is valid: ${JSON.stringify(value)}`)
      if (part.default !== undefined) t.ok(validate(structuredClone({ value: part.default })), `default of ${of} is valid`)
    }

    const validate = ajv.compile(schema)
    const config = {}
    // `allOf` and `minProperties` say that one of some options has to be there
    if (schema.minProperties === undefined && schema.allOf === undefined && (schema.required ?? []).every(name => schema.properties?.[name]?.default !== undefined)) {
      t.ok(validate(config), 'takes no options at all')
      // but that something has to be chosen, which is about the options as a whole
      t.same([...plugin.check?.(config) ?? []].filter(({ path }) => path !== ''), [], 'finds nothing wrong with its own defaults')
    }
    t.notOk(validate({ 'no-such-option': 1 }), 'refuses what it does not know')

    const blocks = codeBlocks(`plugins/${plugin.name}/README.md`).filter(block => block.info.startsWith('yaml'))
    t.ok(blocks.some(block => block.text.includes(`name: ${plugin.name}\n`)), 'shows itself in its README')
  })
}
