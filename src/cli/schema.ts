import { Command } from 'commander'
import { fileJsonSchema, pluginJsonSchema } from '../config/json-schema.ts'
import { loadPlugins } from '../plugins.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import type { CliIo } from './io.ts'
import { builtIn } from './plugins.ts'

export interface SchemaArgs {
  /** Name of a plugin; undefined: the whole file. */
  readonly plugin?: string | undefined
}

export function schemaCommand (io: CliIo, done: Done): Command {
  return new Command('schema')
    .description('Print the JSON Schema of gateway.yaml, or of the options of one plugin.')
    .argument('[PLUGIN]', 'name of a built-in plugin')
    .addHelpText('after', `
Editors complete and check a file whose first line names a schema:
  # yaml-language-server: $schema=gateway.schema.json

Examples:
  $ sallyport schema > gateway.schema.json
  $ sallyport schema request-transformer`)
    .action(async (plugin: string | undefined) => done(await schema({ plugin }, io)))
}

/** Prints a schema. */
export async function schema ({ plugin: name }: SchemaArgs, io: CliIo): Promise<ExitCode> {
  const { registry } = await loadPlugins([], io.cwd)
  if (name === undefined) {
    io.stdout.write(`${JSON.stringify(fileJsonSchema(registry), null, 2)}\n`)
    return exitCode.clean
  }
  const plugin = builtIn(name, registry)
  io.stdout.write(`${JSON.stringify(pluginJsonSchema(plugin), null, 2)}\n`)
  return exitCode.clean
}
