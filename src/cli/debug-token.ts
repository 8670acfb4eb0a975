import { isIP } from 'node:net'
import { Command, InvalidArgumentError, Option } from 'commander'
import { LONGEST_TTL, mintDebugToken } from '../debug/token.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { textReport } from './report/text.ts'

export interface DebugTokenArgs {
  readonly file?: string | undefined
  readonly route?: string | undefined
  readonly path?: string | undefined
  readonly ip?: string | undefined
  /** Seconds. */
  readonly ttl: number
}

export function debugTokenCommand (io: CliIo, done: Done): Command {
  return new Command('debug-token')
    .description('Make a short-lived token that has the gateway tell where the time of a request goes.')
    .argument('[FILE]', 'the configuration, whose gateway.debug.secret signs the token')
    .option('-r, --route <name>', 'for requests of this route alone, by name or id')
    .option('-p, --path <path>', 'for this path and all below it alone', toPath)
    .option('-i, --ip <address>', 'for clients with this address alone', toAddress)
    .addOption(new Option('-t, --ttl <duration>', 'how long it is good for, at most 15m').argParser(toSeconds).default(300, '5m'))
    .addHelpText('after', `
Send it in X-Sallyport-Debug. The answer has X-Sallyport-Debug-Id and Server-Timing, the gateway's log one more line, and
GET /requests/ID of the admin listener a timeline. The field goes no further than the gateway. Who has the token can debug
requests that they may send anyway, and nothing more.

Examples:
  $ sallyport debug-token
  $ sallyport debug-token gateway.yaml --route orders --ttl 2m
  $ curl -si -H "X-Sallyport-Debug: $(sallyport debug-token)" https://api.example.com/orders`)
    .action(async (file: string | undefined, options: Omit<DebugTokenArgs, 'file'>) => done(await debugToken({ file, ...options }, io)))
}

/** Makes a token and prints it. */
export async function debugToken ({ file, route, path, ip, ttl }: DebugTokenArgs, io: CliIo): Promise<ExitCode> {
  const { config, diagnostics, source, shown } = await load(file, io, { errorsOnly: true })
  if (config === null) {
    io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
    return exitCode.errors
  }
  const { debug } = config.gateway
  if (debug === null) throw new UsageError(`${shown} has no gateway.debug: write \`debug: { secret: "{vault://env/DEBUG_SECRET}" }\` there (\`openssl rand -hex 32\` makes one).`)
  if (route !== undefined && !config.routes.some(({ id, name }) => name === route || id === route)) throw new UsageError(`${shown} has no route '${route}'.`)
  const now = Date.now()
  const claims = { exp: Math.floor(now / 1000) + ttl, ...route === undefined ? {} : { route }, ...path === undefined ? {} : { path }, ...ip === undefined ? {} : { ip } }
  io.stdout.write(`${mintDebugToken(debug.secret, claims, now)}\n`)
  return exitCode.clean
}

function toSeconds (text: string): number {
  const [, number, unit] = /^(\d{1,4})(s|m)$/.exec(text) ?? []
  const seconds = Number(number) * (unit === 'm' ? 60 : 1)
  if (!(seconds > 0 && seconds <= LONGEST_TTL)) throw new InvalidArgumentError('Write seconds or minutes up to 15m, such as 90s or 5m.')
  return seconds
}

function toPath (text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('A path begins with /.')
  return text
}

function toAddress (text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Write an IP address.')
  return text
}
