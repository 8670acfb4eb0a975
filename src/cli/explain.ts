import { Command, InvalidArgumentError } from 'commander'
import { createExplainer, type ExplainParts } from '../explain/explain.ts'
import { runText } from '../explain/text-run.ts'
import { explanationText } from '../explain/text.ts'
import type { ExplainedRun, RunRequest } from '../explain/run-types.ts'
import { ExplainError, type ExplainRequest } from '../explain/types.ts'
import type { StubSpec, StubsSpec } from '../lab/file/schema.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { textReport } from './report/text.ts'

export interface ExplainArgs {
  readonly method: string
  readonly url: string
  readonly file?: string | undefined
  readonly header: ReadonlyArray<readonly [string, string]>
  readonly ip?: string
  readonly consumer?: string
  readonly data?: string
  readonly near: number
  readonly json: boolean
  readonly run: boolean
  readonly claims?: Readonly<Record<string, unknown>>
  readonly answer?: string
  readonly stub: ReadonlyArray<readonly [server: string, answer: string]>
}

export function explainCommand (io: CliIo, done: Done): Command {
  return new Command('explain')
    .description('Say what happens to a request, and why: route, plugins, upstream. Nothing is sent.')
    .argument('<METHOD>', 'as in the request line, in any case')
    .argument('<URL>', 'http://host/path, or /path for the first listener')
    .argument('[FILE]', 'the configuration; - reads standard input')
    .option('-H, --header <name: value>', 'header field of the request; may be repeated', collect, [])
    .option('--ip <address>', 'address that the connection comes from (default: 127.0.0.1)')
    .option('--consumer <name>', 'consumer that the authentication plugins find')
    .option('-d, --data <text>', 'body of the request')
    .option('--near <number>', 'how many routes that nearly took the request are listed', count, 5)
    .option('--run', 'run the plugins as well, against stubs: what does each change?', false)
    .option('--claims <json>', 'with --run: send a token of the stub identity provider with these claims', claims)
    .option('--answer <text>', 'with --run: body that the stub of the service answers (default: {})')
    .option('--stub <server=answer>', 'with --run: what a server answers, by name of a service or host:port; may be repeated', collectStub, [])
    .option('--json', 'print JSON', false)
    .addHelpText('after', `
The request is taken in by the code that runs in the gateway: path policy, trusted_ips, matching order. Host comes from URL,
unless a header says otherwise. Without --run, credentials are not looked at; their values are printed as ***.

With --run the gateway and its own plugins reach nobody: services answer --answer, a server that decides about requests (forward-auth)
answers 200, and --stub says otherwise, with a status or an answer as in a file of tests (docs/guides/config-tests.md). Plugins of
gateway.modules run as in start: connections and datagrams of theirs are refused; what else their code does (names looked up, files,
programs, threads) it does.

Examples:
  $ sallyport explain GET https://api.example.com/orders/7
  $ sallyport explain POST /orders -H 'X-Version: 2' --ip 203.0.113.9 gateway.yaml
  $ sallyport explain GET /orders --consumer acme --json
  $ sallyport explain GET /orders --run --claims '{"sub":"ann","scope":"orders:read"}'
  $ sallyport explain GET /orders --run --stub auth.internal:4180=403 --stub 'orders={"json":[],"headers":{"X-Page":"1"}}'`)
    .action(async (method: string, url: string, file: string | undefined, options: Omit<ExplainArgs, 'method' | 'url' | 'file'>) => done(await explain({ method, url, file, ...options }, io)))
}

/** Explains one request. */
export async function explain (args: ExplainArgs, io: CliIo): Promise<ExitCode> {
  const { config, diagnostics, source, plugins: { registry }, shown } = await load(args.file, io, { errorsOnly: true })
  if (config === null) {
    io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
    return exitCode.errors
  }
  const request = requestOf(args)
  if (!args.run && ((args.claims ?? args.answer) !== undefined || args.stub.length > 0)) throw new UsageError('--claims, --answer and --stub say how to run: add --run.')
  const explanation = await usable(async () => createExplainer({ config, registry, source })(request))
  const ran = args.run ? await usable(async () => await run({ config, registry, source }, { ...request, ...await runOptions(args) })) : undefined
  if (args.json) io.stdout.write(`${JSON.stringify(ran === undefined ? explanation : { ...explanation, run: ran }, null, 2)}\n`)
  else io.stdout.write(`${explanationText(explanation, shown, io.stdout.paint)}${runText(ran ?? null, shown, io.stdout.paint)}`)
  return exitCode.clean
}

function requestOf ({ method, url, header, ip, consumer, data, near }: ExplainArgs): ExplainRequest {
  return {
    method: method.toUpperCase(),
    url,
    headers: header,
    near,
    ...ip === undefined ? {} : { ip },
    ...consumer === undefined ? {} : { consumer },
    ...data === undefined ? {} : { data }
  }
}

async function run (parts: ExplainParts, request: ExplainRequest & RunRequest): Promise<ExplainedRun | null> {
  // the whole gateway, which takes a while to load
  const [{ runRequest }, { guardNetwork }] = await Promise.all([import('../explain/run.ts'), import('../lab/guard.ts')])
  // what a plugin of somebody else does on its own account
  const free = guardNetwork()
  try {
    return await runRequest(parts, request)
  } finally {
    free()
  }
}

async function runOptions ({ claims, answer, stub }: ExplainArgs): Promise<RunRequest> {
  return {
    ...claims === undefined ? {} : { claims },
    ...answer === undefined ? {} : { answer },
    ...stub.length === 0 ? {} : { stubs: await readStubs(stub) }
  }
}

/** @throws {UsageError} for an answer that is none */
async function readStubs (stubs: ExplainArgs['stub']): Promise<StubsSpec> {
  const { stubProblem } = await import('../lab/file/stub-problem.ts')
  return Object.fromEntries(stubs.map(([server, text]) => {
    const answer = /^[2-5]\d\d$/.test(text) ? { status: Number(text) } : parsed(text)
    const problem = stubProblem(answer)
    if (problem !== null) throw new UsageError(`--stub ${server}: ${problem}`)
    return [server, answer as StubSpec]
  }))
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** @throws {UsageError} for a request that no client could send */
async function usable<Result> (run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ExplainError) throw new UsageError(error.message)
    throw error
  }
}

function collect (text: string, before: ReadonlyArray<readonly [string, string]>): ReadonlyArray<readonly [string, string]> {
  const colon = text.indexOf(':')
  if (colon < 1) throw new InvalidArgumentError("Write 'Name: value'.")
  return [...before, [text.slice(0, colon), text.slice(colon + 1).trim()]]
}

function collectStub (text: string, before: ExplainArgs['stub']): ExplainArgs['stub'] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Write server=answer: auth.internal:4180=403.')
  return [...before, [text.slice(0, equals), text.slice(equals + 1)]]
}

function count (text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Write a number, from 0.')
  return Number(text)
}

function claims (text: string): Readonly<Record<string, unknown>> {
  const mend = "Write an object of JSON: '{\"sub\":\"ann\"}'."
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  } catch {}
  throw new InvalidArgumentError(mend)
}
