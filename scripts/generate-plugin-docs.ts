/** Writes the tables of plugins and of their options into the documentation: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrandedPlugin } from '../src/plugin.ts'
import { optionsOf, purposeOf, typeOf } from '../src/plugin-options.ts'
import { loadPlugins } from '../src/plugins.ts'
import { GROUPS, groupOf } from './plugin-groups.ts'

const root = resolve(import.meta.dirname, '../..')

/** The page with the table of all plugins. */
const OVERVIEW = 'docs/plugins.md'
const README = 'README.md'

/** Pages by path, as they should be. */
export async function generatePluginDocs (): Promise<Map<string, string>> {
  const { registry } = await loadPlugins([], root)
  const plugins = [...registry.values()].sort((a, b) => b.priority - a.priority)
  return new Map([
    [OVERVIEW, fill(read(OVERVIEW), 'plugins', pluginTable(plugins, OVERVIEW))],
    [README, fill(read(README), 'plugins', pluginGroups(plugins))],
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
    purposeOf(plugin),
    plugin.scopes.join(', '),
    String(plugin.priority)
  ]))
}

/** What there is, by what it is for: a first reader looks for a name, not for priorities. */
function pluginGroups (plugins: readonly BrandedPlugin[]): string {
  const groups = new Map<string, string[]>()
  for (const { name } of [...plugins].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const group = groupOf(name)
    groups.set(group, [...groups.get(group) ?? [], `[${name}](plugins/${name}/README.md)`])
  }
  return table(['For', 'Plugins'], GROUPS.map(group => [group, (groups.get(group) ?? []).join(', ')]))
}

/** One row an option; those of a record follow it as `record.option`, those of a list's records as `list[].option`. */
function optionTable (plugin: BrandedPlugin): string {
  return table(['Option', 'Type', 'Default', 'Description', 'Example'], optionsOf(plugin).map(({ name, schema, required }) => [
    code(name),
    typeOf(schema, code),
    schema.default === undefined ? required ? 'required' : '–' : code(JSON.stringify(schema.default)),
    schema.description ?? '',
    schema.examples === undefined ? '' : code(JSON.stringify(schema.examples[0]))
  ]))
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
