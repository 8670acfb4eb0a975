import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { hasErrors } from '../config/diagnostics.ts'
import { readText } from '../config/file.ts'
import type { AdminSettings, Config } from '../config/model.ts'
import { risks, type Risk } from '../plan/change.ts'
import { makePlan, reaches, type Plan } from '../plan/plan.ts'
import { jsonReport } from '../plan/report/json.ts'
import { markdownReport } from '../plan/report/markdown.ts'
import { textReport as planText } from '../plan/report/text.ts'
import { askRunning, NotAsked } from '../plan/running/ask.ts'
import { runningSide } from '../plan/running/side.ts'
import type { SideInput } from '../plan/side.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load, readable, type Loaded } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { textReport } from './report/text.ts'

const FORMATS = ['text', 'json', 'markdown'] as const

export interface PlanArgs {
  /** One or two. */
  readonly files: readonly string[]
  /** Of the admin listener whose gateway takes the place of the first file; true: as the file says. */
  readonly running?: string | true
  readonly tokenFile?: string
  readonly format: typeof FORMATS[number]
  /** Exit with 2 only for changes as harmful as this. */
  readonly failOn: Risk
}

export function planCommand (io: CliIo, done: Done): Command {
  return new Command('plan')
    .description('Say what a change of the configuration means: who gains, who loses, which requests go elsewhere.')
    .argument('[OLD]', 'the configuration before; - reads standard input; left out with --running')
    .argument('[NEW]', 'the configuration after; - reads standard input')
    .option('-r, --running [url]', 'compare with the gateway whose admin listener this is; default the gateway.admin of NEW')
    .option('--token-file <file>', 'that holds the token of the admin listener')
    .addOption(new Option('-f, --format <format>', 'how it is written; markdown is for pull requests').choices(FORMATS).default('text'))
    .addOption(new Option('--fail-on <risk>', 'exit with 2 only for changes of this risk, or a higher one').choices(risks).default('low'))
    .addHelpText('after', `
Plugins are compared as they run on each route, wherever their entries stand; requests as the router sends them. Comments,
order and layout are no changes. Secrets are compared, and never shown.

The token for --running is that of --token-file, else the variable SALLYPORT_ADMIN_TOKEN, else the gateway.admin.token of NEW.

Exit codes: 0 no changes (of that risk), 1 a file has errors, 2 changes, 3 wrong usage, or the gateway can't be asked.

Examples:
  $ sallyport plan deployed.yaml gateway.yaml
  $ git show main:gateway.yaml | sallyport plan - gateway.yaml
  $ git show main:gateway.yaml | sallyport plan --format markdown --fail-on high - gateway.yaml
  $ sallyport plan gateway.yaml --running
  $ sallyport plan gateway.yaml --running http://127.0.0.1:8001 --token-file /run/secrets/admin-token`)
    .action(async (old: string | undefined, next: string | undefined, options: Omit<PlanArgs, 'files'>) =>
      done(await plan({ ...options, files: [old, next].filter(file => file !== undefined) }, io)))
}

/** Compares two files, or a file with what runs. */
export async function plan (args: PlanArgs, io: CliIo): Promise<ExitCode> {
  const { files, running, url } = sidesOf(args)
  const loaded: Loaded[] = []
  for (const file of files) loaded.push(await load(file, io, { errorsOnly: true }))
  const broken = loaded.filter(({ diagnostics }) => hasErrors(diagnostics))
  for (const { diagnostics, source } of broken) io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
  if (broken.length > 0) return exitCode.errors
  const [first, second] = loaded.map(toSide) as [SideInput, SideInput]
  const result = running ? await againstRunning(first, url, args.tokenFile, io) : makePlan(first, second)
  switch (args.format) {
    case 'json': io.stdout.write(jsonReport(result)); break
    case 'markdown': io.stdout.write(markdownReport(result)); break
    case 'text': io.stdout.write(planText(result, io.stdout.paint))
  }
  return reaches(result, args.failOn) ? exitCode.warnings : exitCode.clean
}

/** @throws {UsageError} */
function sidesOf ({ files, running, tokenFile }: PlanArgs): { readonly files: ReadonlyArray<string | undefined>, readonly running: boolean, readonly url: string | null } {
  if (running === undefined) {
    if (tokenFile !== undefined) throw new UsageError('--token-file is for --running.')
    if (files.length < 2) throw new UsageError('Name two files, or one and --running.')
    if (files.every(file => file === '-')) throw new UsageError('Only one of the two can be standard input.')
    return { files, running: false, url: null }
  }
  // `--running gateway.yaml`: the file, as who writes it means
  const isUrl = running !== true && /^https?:\/\//i.test(running)
  const named = running === true || isUrl ? files : [...files, running]
  if (named.length > 1) throw new UsageError('With --running one file is compared; a URL begins with http:// or https://.')
  return { files: [named[0]], running: true, url: isUrl ? running : null }
}

/** @throws {UsageError} when the gateway can't be asked */
async function againstRunning (file: SideInput, named: string | null, tokenFile: string | undefined, io: CliIo): Promise<Plan> {
  const { admin } = file.config.gateway
  if (named === null && admin === null) throw new UsageError(`${file.shown} has \`gateway.admin: off\`: name the admin listener that runs, such as --running http://127.0.0.1:8001.`)
  const token = await tokenOf(tokenFile, io) ?? admin?.token ?? null
  try {
    const url = named === null ? listenerOf(admin as AdminSettings) : urlOf(named)
    const { old, next, notes } = runningSide(await askRunning(url, token), url, file, token)
    return makePlan(old, next, notes)
  } catch (error) {
    throw error instanceof NotAsked ? new UsageError(error.message) : error
  }
}

function listenerOf ({ host, port }: AdminSettings): URL {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return new URL(`http://${near}:${port}/`)
}

function urlOf (text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.username !== '' || url.password !== '') throw new UsageError('--running takes the URL of an admin listener, such as http://127.0.0.1:8001; a token is no part of it.')
  url.search = url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

async function tokenOf (file: string | undefined, io: CliIo): Promise<string | undefined> {
  const text = file === undefined ? io.env['SALLYPORT_ADMIN_TOKEN'] : await readable(readText(resolve(io.cwd, file)), io)
  const token = text?.trim()
  if (file !== undefined && token === '') throw new UsageError(`${file} is empty.`)
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) throw new UsageError(`${file ?? 'SALLYPORT_ADMIN_TOKEN'} holds no token: characters in it can't be in a header field.`)
  return token === '' ? undefined : token
}

function toSide ({ config, source, plugins, shown }: Loaded): SideInput {
  return { config: config as Config, source, plugins, shown }
}
