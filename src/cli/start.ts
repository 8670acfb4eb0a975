import { Command } from 'commander'
import type { Diagnostic } from '../config/diagnostics.ts'
import { count, hasErrors } from '../config/diagnostics.ts'
import { breathless, createBreath, type Breath } from '../breath.ts'
import { loadConfig, type LoadResult } from '../config/load.ts'
import type { BoundAddress } from '../gateway/engine.ts'
import type { Gateway } from '../gateway/control/gateway.ts'
import type { RunnableFile } from '../gateway/control/reload.ts'
import { PluginModules } from '../plugin-modules.ts'
import { version } from '../version.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { displayName, findFile, readable, renamed } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { type ListenFlags, overridesOf, withListenOptions } from './listen-options.ts'
import { createPainter } from './paint.ts'
import { textReport } from './report/text.ts'

export interface StartArgs extends ListenFlags {
  readonly file?: string | undefined
}

export function startCommand (io: CliIo, done: Done): Command {
  const command = new Command('start')
    .description('Run the gateway.')
    .argument('[FILE]', 'the configuration')
  return withListenOptions(command, 'port of the admin listener (probes, metrics, dashboard); off disables it')
    .addHelpText('after', `
A file with errors does not start: what check finds is printed. While it runs, a changed file is taken over at once, or
refused as a whole. SIGHUP reloads, SIGTERM and SIGINT finish the running requests and end, with exit code 0.

Examples:
  $ sallyport start
  $ sallyport start gateway.yaml --port 9000 --admin-port off`)
    .action(async (file: string | undefined, options: Omit<StartArgs, 'file'>) => done(await start({ file, ...options }, io)))
}

/** Runs the gateway until a signal ends it. */
export async function start ({ file: named, ...flags }: StartArgs, io: CliIo): Promise<ExitCode> {
  if (named === '-') throw new UsageError('start reads a file, not standard input: it looks whether the file changes.')
  const file = findFile(named, io)
  const shown = displayName(file, io)
  const overrides = overridesOf(flags)
  const modules = new PluginModules()
  const load = async (breath: Breath): Promise<LoadResult> => {
    const result = await loadConfig({ file, env: io.env, overrides, modules, breath })
    return { ...result, diagnostics: renamed(result.diagnostics, shown) }
  }
  const { stderr } = io
  const first = await readable(load(breathless), io)
  if (hasErrors(first.diagnostics)) {
    stderr.write(textReport(first.diagnostics, first.source.text, stderr.paint))
    return exitCode.errors
  }
  if (first.diagnostics.length > 0) stderr.write(`${stderr.paint.warning('warning:')} ${count(first.diagnostics)} in ${shown}; \`sallyport check\` shows them\n`)
  // The other commands do without Fastify and undici, and start in half the time.
  const { runGateway } = await import('../gateway/control/process.ts')
  const { createCheckApart } = await import('../gateway/control/check-apart.ts')
  const plain = createPainter(false, {})
  const code = await runGateway({
    file: first as RunnableFile,
    load: async () => await load(createBreath()),
    checkApart: createCheckApart({ file, env: io.env, overrides, shown }),
    // Goes into the log, which is no place for colours, nor for each warning again with each reload.
    render: (diagnostics: readonly Diagnostic[], text: string) => hasErrors(diagnostics) ? textReport(renamed(diagnostics, shown), text, plain) : `${count(diagnostics)} that \`sallyport check\` shows`,
    signals: io.signals,
    // A log line says the same; on a terminal, one that can be read.
    ...(stderr.isTerminal
      ? {
          onListening: (gateway: Gateway) => stderr.write(`${stderr.paint.good('sallyport')} ${version} ${describe(gateway)}\n`),
          onFailure: (words: string) => stderr.write(`${stderr.paint.error('error:')} ${words}\n`)
        }
      : {})
  })
  return code === 0 ? exitCode.clean : exitCode.errors
}

function describe ({ addresses, adminAddress }: Gateway): string {
  const admin = adminAddress === null ? '' : `, its dashboard on ${url(adminAddress)}/dashboard/`
  return `listens on ${addresses.map(url).join(' and ')}${admin}`
}

export function url ({ scheme, host, port }: BoundAddress): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
