import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config/load.ts'
import { installedSchema } from '../import/editor-line.ts'
import { AUTHENTICATION, DEFAULTS, originsOf, problems, upstreamUrl, type Answers, type Given } from '../init/answers.ts'
import { ask, type Prompts } from '../init/ask.ts'
import { compose } from '../init/compose.ts'
import { asRequested, composedTest, importedTest, testNameOf } from '../init/tests.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { displayName } from './file.ts'
import { runImport } from './import.ts'
import { UsageError, type CliIo } from './io.ts'

export interface InitArgs {
  readonly output: string
  readonly force: boolean
  readonly yes: boolean
  readonly from?: string | undefined
  readonly upstream?: string | undefined
  readonly path?: string | undefined
  readonly auth?: Answers['auth'] | undefined
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  readonly limit?: number | undefined
  readonly origin?: readonly string[] | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export function initCommand (io: CliIo, done: Done): Command {
  return new Command('init')
    .description('Write a first gateway.yaml: asks a few questions, or takes flags.')
    .option('-u, --upstream <url>', 'where the service is', checked(problems.upstream))
    .option('--path <path>', 'requests that begin so are for it', checked(problems.path))
    .addOption(new Option('-a, --auth <kind>', 'who may call').choices(AUTHENTICATION))
    .option('--issuer <url>', 'who issues the tokens, for --auth jwt', checked(problems.issuer))
    .option('--audience <name>', 'audience that tokens must name')
    .option('--limit <number>', 'requests of one caller in a minute; 0 for any number', text => Number(checked(problems.limit)(text)))
    .option('--origin <list>', 'origins of pages that call from browsers, separated by commas', text => originsOf(checked(problems.origins)(text)))
    .option('--cert <file>', 'TLS certificate in PEM')
    .option('--key <file>', 'its private key')
    .option('--from <file>', 'make it from an OpenAPI document')
    .option('-o, --output <file>', 'what is written', 'gateway.yaml')
    .option('-y, --yes', 'ask nothing: defaults for what no flag says', false)
    .option('--force', 'write over a file that is there', false)
    .addHelpText('after', `
By default only who has an API key may call, 60 times a minute; the key is printed once. Nothing is asked where standard input is no
terminal: say it with flags, at least --upstream, --from or --yes.

Examples:
  $ sallyport init
  $ sallyport init --yes --upstream http://127.0.0.1:3000
  $ sallyport init --upstream http://users:3000 --path /users --auth jwt --issuer https://auth.example.com/ --yes
  $ sallyport init --from openapi.yaml --upstream http://127.0.0.1:3000`)
    .action(async (options: InitArgs) => done(await init(options, io)))
}

function checked (problem: (text: string) => string | null): (text: string) => string {
  return text => {
    const found = problem(text)
    if (found !== null) throw new InvalidArgumentError(found)
    return text
  }
}

/** Writes gateway.yaml, and says how to go on. `prompts` stands in for the terminal in tests. */
export async function init (args: InitArgs, io: CliIo, prompts?: Prompts): Promise<ExitCode> {
  const target = resolve(io.cwd, args.output)
  const shown = displayName(target, io)
  if (!args.force && existsSync(target)) throw new UsageError(`${shown} is there already: name another file with --output, or add --force.`)
  // before anything is asked
  if (!existsSync(dirname(target))) throw new UsageError(`${shown} can't be written: there is no folder ${dirname(target)}.`)
  const address = (text: string): string => {
    const url = upstreamUrl(text)
    if (url !== text) io.stdout.write(`${text} is taken as ${url}\n`)
    return url
  }
  if (args.from !== undefined) {
    const code = await runImport('openapi', args.from, { output: args.output, report: 'text', strict: false, force: args.force, routes: 'path', upstream: args.upstream === undefined ? undefined : address(args.upstream) }, io)
    if (code !== exitCode.clean) return code
    const { config } = await loadConfig({ file: target, env: io.env, errorsOnly: true })
    const test = config === null ? null : importedTest(target, config)
    const tested = test !== null && await writeTest(target, test, args.force, io)
    io.stdout.write(nextSteps(shown, target, io, null, tested))
    return code
  }
  const given = await answersFor(args, io, prompts, dirname(target))
  const answers = { ...given, upstream: address(given.upstream) }
  const { text, apiKey } = compose(answers, dirname(target))
  const { diagnostics } = await loadConfig({ file: target, text, env: io.env })
  const [error] = diagnostics.filter(({ severity }) => severity === 'error')
  if (error !== undefined) throw new UsageError(`${error.path}: ${error.cause}. ${error.mend}`)
  try {
    await writeFile(target, text)
  } catch (error) {
    throw new UsageError(`${shown} can't be written (${(error as NodeJS.ErrnoException).code ?? String(error)}).`)
  }
  io.stdout.write(`${io.stdout.paint.good('written:')} ${shown}\n`)
  const tested = await writeTest(target, composedTest(target, answers), args.force, io)
  if (apiKey !== null) io.stdout.write(`\nThe API key, shown this once; the file has its hash alone:\n\n  ${io.stdout.paint.strong(apiKey)}\n`)
  const scheme = answers.tls === null ? 'http://127.0.0.1:8000' : 'https://127.0.0.1:8443'
  const header = apiKey !== null ? `-H 'apikey: ${apiKey}' ` : answers.auth === 'jwt' ? "-H 'Authorization: Bearer TOKEN' " : answers.auth === 'basic-auth' ? '-u NAME ' : ''
  io.stdout.write(nextSteps(shown, target, io, `curl -i ${header}${scheme}${asRequested(answers.path)}`, tested))
  return exitCode.clean
}

async function answersFor (args: InitArgs, io: CliIo, prompts: Prompts | undefined, directory: string): Promise<Answers> {
  const given = givenBy(args)
  const terminal = prompts !== undefined || ((io.stdin as { isTTY?: boolean }).isTTY === true && io.stdout.isTerminal)
  if (args.yes || !terminal) {
    if (!args.yes && given.upstream === undefined) throw new UsageError('Standard input is no terminal, so nothing can be asked: add --yes for the defaults, or say at least --upstream (see --help).')
    if (given.auth === 'jwt' && given.issuer === undefined) throw new UsageError('--auth jwt needs --issuer.')
    return { ...DEFAULTS, ...given }
  }
  try {
    return await ask(prompts ?? await import('@inquirer/prompts'), given, directory)
  } catch (error) {
    // Ctrl-C
    if (error instanceof Error && error.name === 'ExitPromptError') throw new UsageError('Nothing was written.')
    throw error
  }
}

function givenBy ({ upstream, path, auth, issuer, audience, limit, origin, cert, key }: InitArgs): Given {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together.')
  return {
    ...(upstream === undefined ? {} : { upstream }),
    ...(path === undefined ? {} : { path }),
    ...(auth === undefined ? {} : { auth }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(limit === undefined ? {} : { limit }),
    ...(origin === undefined ? {} : { origins: origin }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } })
  }
}

/** @returns whether there is one now; one that was there stays, unless `force` */
async function writeTest (target: string, text: string, force: boolean, io: CliIo): Promise<boolean> {
  const file = testNameOf(target)
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch {
    return existsSync(file)
  }
  io.stdout.write(`${io.stdout.paint.good('written:')} ${displayName(file, io)}\n`)
  return true
}

function nextSteps (shown: string, target: string, io: CliIo, call: string | null, tested: boolean): string {
  const name = shown === 'gateway.yaml' ? '' : ` ${shown}`
  const lines = [`sallyport check${name}`, ...tested ? [`sallyport test${shown === 'gateway.yaml' ? '' : ` ${testNameOf(shown)}`}`] : [], `sallyport start${name}`, `sallyport dev${name}    # while you write it: each request one line, each mistake as check says it`, ...(call === null ? [] : [call])]
  if (installedSchema(dirname(target)) === null) lines.push('sallyport schema > gateway.schema.json    # editors complete and check by it')
  return `\n${io.stdout.paint.strong('Next:')}\n${lines.map(line => `  ${line}\n`).join('')}`
}
