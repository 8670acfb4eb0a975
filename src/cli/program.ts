import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { withEnvFile } from './env-file.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { UsageError, type CliIo } from './io.ts'

/**
 * Runs one command line.
 *
 * @param args without the interpreter and the script
 * @returns the exit code; the process is left as it is
 */
export async function run (args: readonly string[], io: CliIo): Promise<ExitCode> {
  let code: ExitCode = exitCode.clean
  const own = { ...io }
  const program = createProgram(await commandsFor(args), own, done => { code = done })
  program.hook('preAction', async (_program, command) => {
    const { envFile } = command.opts<{ envFile?: string }>()
    if (envFile !== undefined) own.env = await withEnvFile(envFile, io)
  })
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

type Create = (io: CliIo, done: Done) => Command

/** In the order of `--help`. Loaded when they are asked for: together they take as long as checking a thousand routes. */
const COMMANDS: Readonly<Record<string, () => Promise<Create>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  start: async () => (await import('./start.ts')).startCommand,
  dev: async () => (await import('./dev.ts')).devCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  test: async () => (await import('./test.ts')).testCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  routes: async () => (await import('./routes.ts')).routesCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  print: async () => (await import('./print.ts')).printCommand,
  keys: async () => (await import('./keys.ts')).keysCommand,
  'debug-token': async () => (await import('./debug-token.ts')).debugTokenCommand,
  import: async () => (await import('./import.ts')).importCommand,
  'audit-log': async () => (await import('./audit-log.ts')).auditLogCommand,
  plugins: async () => (await import('./plugins.ts')).pluginsCommand,
  schema: async () => (await import('./schema.ts')).schemaCommand,
  completion: async () => (await import('./completion.ts')).completionCommand
}

/** Those that look up the variables that gateway.yaml names. */
const RESOLVING = new Set(['start', 'dev', 'check', 'explain', 'test', 'audit', 'routes', 'plan', 'print', 'debug-token'])

/** The one that is named; all, where none is, or where it speaks of the others. */
async function commandsFor ([name = '']: readonly string[]): Promise<Create[]> {
  if (name === '-V' || name === '--version') return []
  const one = name !== 'completion' && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return one === undefined ? await Promise.all(Object.values(COMMANDS).map(async load => await load())) : [await one()]
}

function createProgram (creators: readonly Create[], io: CliIo, done: Done): Command {
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
  for (const create of creators) program.addCommand(create(io, done))
  for (const command of program.commands) if (RESOLVING.has(command.name())) command.option('--env-file <file>', 'more variables for references: lines NAME=value')
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
