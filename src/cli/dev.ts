import { Command } from 'commander'
import { count, hasErrors, type Diagnostic } from '../config/diagnostics.ts'
import { loadConfig, type LoadResult } from '../config/load.ts'
import { changed } from '../dev/changed.ts'
import { openInBrowser } from '../dev/open.ts'
import type { Gateway } from '../gateway/control/gateway.ts'
import type { RunnableFile } from '../gateway/control/reload.ts'
import { contentHash } from '../files/watch.ts'
import { PluginModules } from '../plugin-modules.ts'
import { version } from '../version.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { displayName, findFile, readable, renamed } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { overridesOf, withListenOptions } from './listen-options.ts'
import { textReport } from './report/text.ts'
import { url, type StartArgs } from './start.ts'

export interface DevArgs extends StartArgs {
  /** Show the dashboard in the browser. */
  readonly open: boolean
}

export function devCommand (io: CliIo, done: Done): Command {
  const command = new Command('dev')
    .description('Run the gateway while you write its configuration and plugins.')
    .argument('[FILE]', 'the configuration')
  return withListenOptions(command, 'port of the dashboard and of /status; off disables them')
    .option('--no-open', 'leave the browser alone')
    .addHelpText('after', `
The file and the local plugins of gateway.modules, in JavaScript or TypeScript, with all that they import from their own
folders, are taken over when they are saved; what check finds is printed. A file with errors is waited for. Each request is
one line: method, status, time, path, route, and why it ended. One process, whatever gateway.workers says.

Examples:
  $ sallyport dev
  $ sallyport dev gateway.yaml --port 9000 --no-open`)
    .action(async (file: string | undefined, options: Omit<DevArgs, 'file'>) => done(await dev({ file, ...options }, io)))
}

/** Runs the gateway for its author, until a signal ends it. */
export async function dev ({ file: named, open, ...flags }: DevArgs, io: CliIo): Promise<ExitCode> {
  if (named === '-') throw new UsageError('dev reads a file, not standard input: it looks whether the file changes.')
  const file = findFile(named, io)
  const shown = displayName(file, io)
  const modules = new PluginModules({ fresh: true })
  const { stdout, stderr } = io
  const load = async (): Promise<LoadResult> => {
    modules.forgetFiles()
    const result = await loadConfig({ file, env: io.env, overrides: overridesOf(flags), modules })
    return { ...forOne(result), diagnostics: renamed(result.diagnostics, shown), files: [...result.files, ...modules.files] }
  }
  const render = (diagnostics: readonly Diagnostic[], text: string): string => textReport(renamed(diagnostics, shown), text, stderr.paint)

  let first = await readable(load(), io)
  while (hasErrors(first.diagnostics)) {
    stderr.write(`${render(first.diagnostics, first.source.text)}${stderr.paint.strong(`${shown} can't run yet: waiting for a change.`)}\n`)
    const known = [{ path: file, hash: contentHash(first.source.text) }, ...first.files]
    if (!await changed(known, io.signals)) return exitCode.clean
    first = await readable(load(), io)
  }
  if (first.diagnostics.length > 0) stderr.write(`${render(first.diagnostics, first.source.text)}${count(first.diagnostics)} in ${shown}\n`)
  const { runGateway } = await import('../gateway/control/process.ts')
  const { prettyAccess, prettyLog } = await import('../dev/pretty.ts')
  const code = await runGateway({
    file: first as RunnableFile,
    load,
    render,
    signals: io.signals,
    output: { log: prettyLog(stderr.write, stderr.paint.strong('x') !== 'x'), access: prettyAccess(stdout.write, stdout.paint) },
    onListening: gateway => greet(gateway, open, io),
    onFailure: words => stderr.write(`${stderr.paint.error('error:')} ${words}\n`)
  })
  return code === 0 ? exitCode.clean : exitCode.errors
}

/** One process, which logs requests: the author wants to see them, and debuggers attach to one. */
function forOne (result: LoadResult): LoadResult {
  if (result.config === null) return result
  const { gateway, ...rest } = result.config
  return { ...result, config: { ...rest, gateway: { ...gateway, workers: 1, log: { ...gateway.log, access: true } } } }
}

function greet ({ addresses, adminAddress }: Gateway, open: boolean, { stderr, env }: CliIo): void {
  const { paint } = stderr
  const lines = [`${paint.good('sallyport')} ${version} listens on ${addresses.map(url).join(' and ')}`]
  const dashboard = adminAddress === null ? null : `${url(adminAddress)}/dashboard/`
  if (dashboard !== null) lines.push(`dashboard  ${paint.strong(dashboard)}`)
  lines.push(paint.faint('Save a file and it is taken over; Ctrl-C ends it.'))
  stderr.write(`${lines.join('\n')}\n`)
  // without a terminal, nobody sits before a browser
  if (open && dashboard !== null && stderr.isTerminal) openInBrowser(dashboard, env)
}
