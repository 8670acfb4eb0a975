import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { auditLogCommand } from './audit-log.ts'
import { auditCommand } from './audit.ts'
import { checkCommand } from './check.ts'
import { completionCommand } from './completion.ts'
import { debugTokenCommand } from './debug-token.ts'
import { devCommand } from './dev.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { explainCommand } from './explain.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { UsageError, type CliIo } from './io.ts'
import { keysCommand } from './keys.ts'
import { planCommand } from './plan.ts'
import { printCommand } from './print.ts'
import { routesCommand } from './routes.ts'
import { schemaCommand } from './schema.ts'
import { startCommand } from './start.ts'
import { testCommand } from './test.ts'

/**
 * Runs one command line.
 *
 * @param args without the interpreter and the script
 * @returns the exit code; the process is left as it is
 */
export async function run (args: readonly string[], io: CliIo): Promise<ExitCode> {
  let code: ExitCode = exitCode.clean
  const program = createProgram(io, done => { code = done })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.clean : exitCode.usage
    if (!(error instanceof UsageError)) throw error
    io.stderr.write(`${io.stderr.paint.error('error:')} ${error.message}\n`)
    return exitCode.usage
  }
}

/** In the order of `--help`. */
const COMMANDS = [
  initCommand,
  startCommand,
  devCommand,
  checkCommand,
  explainCommand,
  testCommand,
  auditCommand,
  routesCommand,
  planCommand,
  printCommand,
  keysCommand,
  debugTokenCommand,
  importCommand,
  auditLogCommand,
  schemaCommand,
  completionCommand
] as const

function createProgram (io: CliIo, done: Done): Command {
  const program = new Command('sallyport')
    .description('A declarative API gateway: one gateway.yaml, checked before it runs.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', `
FILE is ./gateway.yaml, or /etc/sallyport/gateway.yaml where that is missing.

Exit codes:
  0  clean
  1  the file has errors, or the gateway could not start
  2  with --strict: the file has warnings, or an import left something out; audit found something, or plan
  3  wrong usage, or a file that can't be read

Examples:
  $ sallyport check
  $ sallyport start gateway.yaml --port 9000
  $ sallyport help check`)
  for (const create of COMMANDS) program.addCommand(create(io, done))
  const commands = program.commands.flatMap(command => [command, ...command.commands])
  for (const command of [program, ...commands]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: io.stdout.write, writeErr: io.stderr.write, getOutHelpWidth: () => 100, getErrHelpWidth: () => 100 })
      .showHelpAfterError('(run it with --help for how it is used)')
  }
  for (const command of commands) command.helpOption('-h, --help', 'explain the command').helpCommand(false)
  return program
}
