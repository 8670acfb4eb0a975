/** Writes the tables of plugins and of their options into the documentation: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrandedPlugin } from '../src/plugin.ts'
import { loadPlugins } from '../src/plugins.ts'

const root = resolve(import.meta.dirname, '../..')

/** Pages with the table of all plugins. */
const OVERVIEWS = ['README.md', 'docs/plugins.md']

/** What the tables read of a schema. */
interface Described {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Described
  readonly anyOf?: readonly Described[]
  readonly properties?: Readonly<Record<string, Described>>
  readonly required?: readonly string[]
}

/** Pages by path, as they should be. */
export async function generatePluginDocs (): Promise<Map<string, string>> {
  const { registry } = await loadPlugins([], root)
  const plugins = [...registry.values()].sort((a, b) => b.priority - a.priority)
  return new Map([
    ...OVERVIEWS.map(file => [file, fill(read(file), 'plugins', pluginTable(plugins, file))] as const),
    ...plugins.map(plugin => {
      const file = `plugins/${plugin.name}/README.md`
      return [file, fill(read(file), 'options', optionTable(plugin))] as const
    })
  ])
}

/** Pages whose tables are not what they should be. */
export async function stalePluginDocs (): Promise<string[]> {
  return [...await generatePluginDocs()].filter(([file, text]) => read(file) !== text).map(([file]) => file)
}

/** All plugins, in the order in which they run. */
function pluginTable (plugins: readonly BrandedPlugin[], file: string): string {
  return table(['Plugin', 'What it does', 'Levels', 'Priority'], plugins.map(plugin => [
    `[${plugin.name}](${relative(dirname(file), `plugins/${plugin.name}/README.md`)})`,
    (plugin.schema as Described).description ?? '',
    plugin.scopes.join(', '),
    String(plugin.priority)
  ]))
}

/** One row an option; those of a record follow it as `record.option`, those of a list's records as `list[].option`. */
function optionTable (plugin: BrandedPlugin): string {
  return table(['Option', 'Type', 'Default', 'Description', 'Example'], optionRows(plugin.schema as Described, ''))
}

function optionRows ({ properties = {}, required = [] }: Described, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (schema.properties !== undefined) return optionRows(schema, `${prefix}${name}.`)
    const missing = required.includes(name) ? 'required' : '–'
    const inside = schema.items?.properties === undefined ? [] : optionRows(schema.items, `${prefix}${name}[].`)
    return [[
      code(prefix + name),
      typeOf(schema),
      schema.default === undefined ? missing : code(JSON.stringify(schema.default)),
      schema.description ?? '',
      schema.examples === undefined ? '' : code(JSON.stringify(schema.examples[0]))
    ], ...inside]
  })
}

function typeOf (schema: Described): string {
  if (schema.enum !== undefined) return schema.enum.map(value => code(String(value))).join(', ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  const range = schema.minimum === undefined ? '' : ` ${schema.minimum} to ${schema.maximum ?? '…'}`
  return `${schema.type ?? 'any'}${range}`
}

function code (text: string): string {
  return `\`${text}\``
}

function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Puts text between the two markers of a page. */
function fill (page: string, marker: string, text: string): string {
  const [start, end] = [`<!-- ${marker}:start -->`, `<!-- ${marker}:end -->`]
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from === -1 || to < from) throw new Error(`no ${start} … ${end}`)
  return `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`
}

function read (file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, text] of await generatePluginDocs()) writeFileSync(join(root, file), text)
}
