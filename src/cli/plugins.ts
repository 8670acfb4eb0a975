import { Command } from 'commander'
import { nearest } from '../config/nearest.ts'
import type { BrandedPlugin } from '../plugin.ts'
import { optionsOf, purposeOf, typeOf, type OptionRow } from '../plugin-options.ts'
import { loadPlugins } from '../plugins.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { UsageError, type CliIo } from './io.ts'
import type { Painter } from './paint.ts'

const WIDTH = 100

export function pluginsCommand (io: CliIo, done: Done): Command {
  return new Command('plugins')
    .description('List the built-in plugins, or the options of one.')
    .argument('[PLUGIN]', 'name of a built-in plugin')
    .addHelpText('after', `
Each has a page with examples, plugins/NAME/README.md.

Examples:
  $ sallyport plugins
  $ sallyport plugins rate-limiting`)
    .action(async (plugin: string | undefined) => done(await plugins(plugin, io)))
}

/** Prints what there is, or what one plugin takes. */
export async function plugins (name: string | undefined, { stdout, cwd }: CliIo): Promise<ExitCode> {
  const { registry } = await loadPlugins([], cwd)
  stdout.write(name === undefined ? listText([...registry.values()], stdout.paint) : pluginText(builtIn(name, registry), stdout.paint))
  return exitCode.clean
}

/** @throws {UsageError} when there is none of that name */
export function builtIn (name: string, registry: ReadonlyMap<string, BrandedPlugin>): BrandedPlugin {
  const plugin = registry.get(name)
  if (plugin !== undefined) return plugin
  const near = nearest(name, registry.keys())
  throw new UsageError(`There is no built-in plugin '${name}'${near === undefined ? '. There are: ' + [...registry.keys()].sort().join(', ') + '.' : `: did you mean '${near}'?`}`)
}

function listText (all: readonly BrandedPlugin[], paint: Painter): string {
  const sorted = [...all].sort((a, b) => a.name < b.name ? -1 : 1)
  const column = Math.max(...sorted.map(({ name }) => name.length)) + 2
  const blank = ' '.repeat(column)
  return sorted.map(plugin => `${paint.strong(plugin.name)}${' '.repeat(column - plugin.name.length)}${wrap(purposeOf(plugin), WIDTH - column).join(`\n${blank}`)}\n`).join('')
}

function pluginText (plugin: BrandedPlugin, paint: Painter): string {
  const { name, scopes, priority } = plugin
  const head = [`${paint.strong(name)}: ${purposeOf(plugin)}`, `stands at: ${scopes.join(', ')}; priority: ${priority}; examples: plugins/${name}/README.md`]
  return `${head.flatMap(line => wrap(line, WIDTH)).join('\n')}\n\n${optionsOf(plugin).map(row => optionText(row, paint)).join('')}`
}

function optionText ({ name, schema, required }: OptionRow, paint: Painter): string {
  const fallback = schema.default === undefined ? required ? ', required' : '' : `, default ${JSON.stringify(schema.default)}`
  const example = schema.examples === undefined ? '' : ` Example: ${JSON.stringify(schema.examples[0])}`
  const text = wrap(`${schema.description ?? ''}${example}`, WIDTH - 4).map(line => `    ${line}\n`)
  return `${paint.strong(name)}  ${paint.faint(`${typeOf(schema, literal => literal)}${fallback}`)}\n${text.join('')}`
}

function wrap (text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}
