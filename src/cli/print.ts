import { Command, Option } from 'commander'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load } from './file.ts'
import type { CliIo } from './io.ts'
import { toJson } from './print/json.ts'
import { configTree } from './print/tree.ts'
import { toYaml } from './print/yaml.ts'
import { textReport } from './report/text.ts'

export interface PrintArgs {
  readonly file?: string | undefined
  readonly format: 'yaml' | 'json'
  /** Say of each value where it came from. */
  readonly origin: boolean
}

export function printCommand (io: CliIo, done: Done): Command {
  return new Command('print')
    .description('Print what a configuration means: references resolved, defaults filled in, secrets cut.')
    .argument('[FILE]', 'the configuration; - reads standard input')
    .option('-o, --origin', 'say of each value where it came from', false)
    .addOption(new Option('-f, --format <format>', 'how it is written').choices(['yaml', 'json']).default('yaml'))
    .addHelpText('after', `
Values from references, and fields that hold secrets, are printed as ***. Where none was cut, the output is a
configuration that means the same.

Examples:
  $ sallyport print
  $ sallyport print --origin gateway.yaml
  $ sallyport print --format json gateway.yaml`)
    .action(async (file: string | undefined, options: Omit<PrintArgs, 'file'>) => done(await print({ file, ...options }, io)))
}

/** Prints a resolved configuration. */
export async function print ({ file, format, origin }: PrintArgs, io: CliIo): Promise<ExitCode> {
  const { config, diagnostics, source, plugins } = await load(file, io, { errorsOnly: true })
  if (config === null) {
    io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
    return exitCode.errors
  }
  const tree = configTree(config, source, plugins.registry)
  io.stdout.write(format === 'json' ? toJson(tree, origin) : toYaml(tree, origin))
  return exitCode.clean
}
