import { Command, InvalidArgumentError, Option } from 'commander'
import { resolve } from 'node:path'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { displayName, readable } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { PluginModules } from '../plugin-modules.ts'

const REPORTERS = ['pretty', 'tap', 'junit'] as const

export interface TestArgs {
  /** Files or folders; empty: the usual places. */
  readonly files: readonly string[]
  /** Regular expression that names of tests match. */
  readonly filter?: RegExp | undefined
  readonly reporter: typeof REPORTERS[number]
  readonly coverage: boolean
  /** Percent of routes and outcomes that have to be covered. */
  readonly failUnder?: number | undefined
  readonly watch: boolean
}

export function testCommand (io: CliIo, done: Done): Command {
  return new Command('test')
    .description('Test a configuration: requests in, expectations on what becomes of them; connections go to stubs.')
    .argument('[FILES...]', 'tests, or folders of them')
    .option('-f, --filter <regex>', 'run tests whose name it matches', toRegex)
    .addOption(new Option('-r, --reporter <reporter>', 'how results are written').choices(REPORTERS).default('pretty'))
    .option('-c, --coverage', 'say which routes and outcomes of plugins no test has seen', false)
    .option('--fail-under <percent>', 'exit with 1 when less of routes and outcomes is covered', toPercent)
    .option('-w, --watch', 'run again when tests or configurations change', false)
    .addHelpText('after', `
FILES are *.test.yaml, or programs (*.ts, *.js) whose default export is what configTests() of sallyport/testing gives.
Without FILES: *.test.yaml and *.gateway-test.ts in this folder, and in its folder \`tests\`. Exit code 1: a test has failed.
The format is explained in docs/guides/config-tests.md.

Examples:
  $ sallyport test
  $ sallyport test --coverage --fail-under 80
  $ sallyport test --watch --filter 'orders'
  $ sallyport test --reporter junit tests/ > results.xml`)
    .action(async (files: string[], options: Omit<TestArgs, 'files'>) => done(await test({ files, ...options }, io)))
}

/** Runs tests of configurations. */
export async function test (args: TestArgs, io: CliIo): Promise<ExitCode> {
  // the other commands do without Fastify and undici
  const { runTests } = await import('../lab/session.ts')
  const named = args.files.map(file => resolve(io.cwd, file))
  // local plugins change while tests are watched
  const modules = new PluginModules({ fresh: args.watch })
  let read = new Map<string, string>()
  const once = async (): Promise<ExitCode> => {
    modules.forgetFiles()
    read = new Map()
    const outcome = await readable(runTests({ named, directory: io.cwd, env: io.env, wanted: name => args.filter?.test(name) ?? true, shown: file => displayName(file, io), reporter: args.reporter, coverage: args.coverage, failUnder: args.failUnder ?? null, modules, read }, io.stdout, io.stderr), io)
    if (outcome.empty) throw new UsageError(args.filter === undefined ? 'There are no tests: write *.test.yaml beside gateway.yaml or into `tests`, or name a file.' : 'No test has a name that --filter matches.')
    return outcome.passed ? exitCode.clean : exitCode.errors
  }
  if (!args.watch) return await once()
  const { findTests } = await import('../lab/find.ts')
  const { watchTests } = await import('../lab/watch.ts')
  async function report (): Promise<ExitCode> {
    try {
      return await once()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      io.stderr.write(`${io.stderr.paint.error('error:')} ${error.message}\n`)
      return exitCode.usage
    }
  }
  return await watchTests({ run: report, read: () => read, tests: () => findTests(named, io.cwd) }, io)
}

function toRegex (text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

function toPercent (text: string): number {
  const percent = Number(text)
  if (!/^\d+$/.test(text) || percent > 100) throw new InvalidArgumentError('It is a number from 0 to 100.')
  return percent
}
