import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { readText } from '../config/file.ts'
import { problems, upstreamUrl } from '../init/answers.ts'
import { importConfig, IMPORTERS, type ImportFormat } from '../import/import.ts'
import { ImportError } from '../import/import-error.ts'
import { countFindings, jsonImportReport, textImportReport } from '../import/report.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { displayName, readable } from './file.ts'
import { UsageError, type CliIo } from './io.ts'

export interface ImportArgs {
  readonly output?: string | undefined
  readonly report: 'text' | 'json'
  readonly strict: boolean
  readonly force: boolean
  readonly routes: 'path' | 'operation' | 'tag'
  readonly upstream?: string | undefined
}

export function importCommand (io: CliIo, done: Done): Command {
  return new Command('import')
    .description('Translate the configuration of another gateway, or an OpenAPI document.')
    .addArgument(new Argument('<SOURCE>', 'what the file is').choices(Object.keys(IMPORTERS)))
    .argument('<FILE>', 'the file')
    .option('-o, --output <file>', 'where gateway.yaml is written; without it, standard output')
    .option('--force', 'write over a file that is there', false)
    .addOption(new Option('-r, --report <format>', 'how the report is written').choices(['text', 'json']).default('text'))
    .option('-s, --strict', 'exit with 2 when something was left out or closed', false)
    .addOption(new Option('--routes <unit>', 'openapi: what becomes one route').choices(['path', 'operation', 'tag']).default('path'))
    .option('--upstream <url>', 'openapi: where the service is, in place of what the document says', toUpstream)
    .addHelpText('after', `
The result passes check. What could not be translated stands in it as a comment, and in the report: on standard output with
--output, else on standard error. What protects and could not be translated is closed: its routes answer 503 until
you have put something in its place. The guides docs/guides/from-*.md say what is translated.

Examples:
  $ sallyport import kong kong.yaml --output gateway.yaml
  $ sallyport import openapi openapi.yaml --routes tag --upstream http://127.0.0.1:3000 > gateway.yaml
  $ sallyport import kong kong.yaml --report json --strict --output /tmp/gateway.yaml`)
    .action(async (format: ImportFormat, file: string, options: ImportArgs) => {
      done(await runImport(format, file, options, io))
      if (options.output !== undefined && options.report === 'text') io.stdout.write(nextStep(displayName(resolve(io.cwd, options.output), io)))
    })
}

/** As `init` takes it: `host:port` is enough. */
function toUpstream (text: string): string {
  const problem = problems.upstream(text)
  if (problem !== null) throw new InvalidArgumentError(problem)
  return upstreamUrl(text)
}

/** Translates a file, writes the result, and reports. */
export async function runImport (format: ImportFormat, file: string, { output, report, strict, force, ...options }: ImportArgs, io: CliIo): Promise<ExitCode> {
  const path = resolve(io.cwd, file)
  const target = resolve(io.cwd, output ?? 'gateway.yaml')
  if (output !== undefined && !force && existsSync(target)) throw new UsageError(`${displayName(target, io)} is there already: name another file, or add --force.`)
  const text = await readable(readText(path), io)
  const result = await understood(importConfig({
    format,
    text,
    path,
    shown: displayName(path, io),
    output: target,
    shownOutput: output === undefined ? null : displayName(target, io),
    options
  }))
  if (output === undefined) io.stdout.write(result.text)
  else await write(target, result.text, io)
  const stream = output === undefined ? io.stderr : io.stdout
  stream.write(report === 'json' ? jsonImportReport(result.report) : textImportReport(result.report, stream.paint))
  const { closed, left_out: leftOut } = countFindings(result.report.findings)
  return strict && closed + leftOut > 0 ? exitCode.warnings : exitCode.clean
}

function nextStep (file: string): string {
  return `Next: \`sallyport check ${file}\`, then a request that matters: \`sallyport explain GET /path ${file}\`, and tests of them (docs/guides/config-tests.md). \`sallyport plan\` says what your next change means.\n`
}

async function understood<Result> (importing: Promise<Result>): Promise<Result> {
  try {
    return await importing
  } catch (error) {
    if (error instanceof ImportError) throw new UsageError(error.message)
    throw error
  }
}

/** Credentials of the source stand in it: nobody but its owner reads a new file. */
async function write (file: string, text: string, io: CliIo): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600 })
  } catch (error) {
    throw new UsageError(`${displayName(file, io)} can't be written (${(error as NodeJS.ErrnoException).code ?? String(error)}).`)
  }
}
