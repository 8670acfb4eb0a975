import { Command, InvalidArgumentError, Option } from 'commander'
import { hasErrors } from '../config/diagnostics.ts'
import type { Config } from '../config/model.ts'
import { checkLive, type LiveResult } from '../live/check-live.ts'
import { version } from '../version.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load, renamed } from './file.ts'
import type { CliIo } from './io.ts'
import { githubReport } from './report/github.ts'
import { jsonReport } from './report/json.ts'
import { sarifReport } from './report/sarif.ts'
import { textReport } from './report/text.ts'

const FORMATS = ['text', 'json', 'sarif', 'github'] as const

export interface CheckArgs {
  /** `-` is standard input; undefined looks in the usual places. */
  readonly file?: string | undefined
  readonly format: typeof FORMATS[number]
  /** Warnings are a failure too. */
  readonly strict: boolean
  /** Also try what the file speaks to. */
  readonly live: boolean
  /** Tell every warning in full, however many are alike. */
  readonly all: boolean
  /** Milliseconds for each thing that is tried. */
  readonly timeout: number
}

export function checkCommand (io: CliIo, done: Done): Command {
  return new Command('check')
    .description('Find what is wrong or suspicious in a configuration, all of it at once.')
    .argument('[FILE]', 'the configuration; - reads standard input')
    .addOption(new Option('-f, --format <format>', 'how findings are written').choices(FORMATS).default('text'))
    .option('-s, --strict', 'exit with 2 when there are warnings', false)
    .option('-l, --live', 'then try what it speaks to: names, connections, TLS, providers, stores', false)
    .option('-a, --all', 'tell every warning in full, however many are alike', false)
    .option('--timeout <ms>', 'with --live: how long each may take', milliseconds, 5000)
    .addHelpText('after', `
Runs the same code as start, up to the point where it would listen. The rules are explained in docs/check.md.
Without --live it uses no network. With it, from a file without errors, all that the gateway would speak to is tried as
the gateway would do it; nothing is changed anywhere.

Examples:
  $ sallyport check
  $ sallyport check --strict gateway.yaml
  $ sallyport check --format sarif gateway.yaml > gateway.sarif
  $ sallyport check --format github gateway.yaml
  $ sallyport check --live --timeout 2000
  $ generate-gateway | sallyport check -`)
    .action(async (file: string | undefined, options: Omit<CheckArgs, 'file'>) => done(await check({ file, ...options }, io)))
}

/** Reports everything that is found in a file. */
export async function check ({ file, format, strict, live, all, timeout }: CheckArgs, io: CliIo): Promise<ExitCode> {
  const { config, diagnostics: own, source, shown } = await load(file, io)
  const tried = live && config !== null ? await checkLive(config, source, { timeout, now: Date.now() }) : null
  const diagnostics = tried === null ? own : [...own, ...renamed(tried.diagnostics, shown)]
  switch (format) {
    case 'json': io.stdout.write(jsonReport(diagnostics, shown)); break
    case 'sarif': io.stdout.write(sarifReport(diagnostics, version)); break
    case 'github': io.stdout.write(githubReport(diagnostics)); break
    case 'text':
      io.stdout.write(textReport(diagnostics, source.text, io.stdout.paint, all))
      if (config !== null) io.stdout.write(`${io.stdout.paint.good('ok:')} ${shown} can run: ${inventory(config)}\n`)
      if (tried !== null) io.stdout.write(liveSummary(tried, io))
      else if (live) io.stdout.write(`${io.stdout.paint.error('live:')} nothing tried: the file has errors\n`)
  }
  if (hasErrors(diagnostics)) return exitCode.errors
  return strict && diagnostics.length > 0 ? exitCode.warnings : exitCode.clean
}

function liveSummary ({ tried, diagnostics }: LiveResult, io: CliIo): string {
  const { good, error } = io.stdout.paint
  const words = tried === 0 ? 'it speaks to nobody' : tried === 1 ? '1 address or file tried' : `${tried} addresses and files tried`
  return diagnostics.length === 0 ? `${good('live:')} ${words}\n` : `${error('live:')} ${words}, not all of them well\n`
}

/** @throws {InvalidArgumentError} */
function milliseconds (text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 60_000) throw new InvalidArgumentError('Write milliseconds, from 1 to 60000.')
  return value
}

function inventory ({ services, routes, plugins, consumers }: Config): string {
  const counted = (list: readonly unknown[], one: string, many: string): string => `${list.length} ${list.length === 1 ? one : many}`
  return [
    counted(services, 'service', 'services'),
    counted(routes, 'route', 'routes'),
    counted(plugins, 'plugin entry', 'plugin entries'),
    counted(consumers, 'consumer', 'consumers')
  ].join(', ')
}
