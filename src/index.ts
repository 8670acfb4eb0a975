/** Runs gateways from a program: `import { createGateway } from 'sallyport'`. */
import type { DestinationStream } from 'pino'
import { breathless, createBreath, type Breath } from './breath.ts'
import type { Diagnostic } from './config/diagnostics.ts'
import { loadConfig, type LoadOptions } from './config/load.ts'
import { ConfigError } from './config/config-error.ts'
import { createControl } from './gateway/control/control.ts'
import type { Gateway } from './gateway/control/gateway.ts'
import { LocalEngine } from './gateway/local-engine.ts'
import type { RunnableFile } from './gateway/control/reload.ts'
import { createDestination } from './observability/destination.ts'
import { createLog } from './observability/log.ts'
import { PluginModules } from './plugin-modules.ts'

export { ConfigError } from './config/config-error.ts'
export { GatewayError } from './errors.ts'
export type { Diagnostic, Range, RelatedPlace, Severity } from './config/diagnostics.ts'
export type { BoundAddress, ProcessFacts } from './gateway/engine.ts'
export type { Gateway } from './gateway/control/gateway.ts'
export type { ReloadOutcome, ReloadTrigger } from './gateway/control/reload.ts'
export type { GatewayStatus } from './gateway/control/status.ts'

export interface GatewayOptions extends Pick<LoadOptions, 'file' | 'text' | 'env' | 'overrides'> {
  /** Reload when the file changes; default false. */
  readonly watch?: boolean
  /** File name or descriptor of the access log; default 1, standard output. */
  readonly accessLog?: string | number
  /** Where the gateway's own log goes; default standard error. */
  readonly log?: DestinationStream
}

/**
 * Loads and checks a file, and makes a gateway of it that `listen()` starts.
 *
 * It runs in this process, whatever `gateway.workers` says, and leaves the process' signals alone: that is what
 * `sallyport start` adds. Several gateways in one process don't notice each other.
 *
 * @throws ConfigError with every diagnostic, when the file has errors
 * @throws ConfigFileError when it can't be read
 */
export async function createGateway (options: GatewayOptions): Promise<Gateway> {
  const { watch = false, accessLog = 1 } = options
  const modules = new PluginModules()
  const load = async (breath: Breath): Promise<Awaited<ReturnType<typeof loadConfig>>> => await loadConfig({ ...options, modules, breath })
  const file = await load(breathless)
  if (file.config === null) throw new ConfigError(file.diagnostics)
  const log = createLog(file.config.gateway.log.level, options.log)
  const destination = createDestination(accessLog)
  const engine = new LocalEngine({ log, destination, workers: 1 })
  return createControl({ file: file as RunnableFile, engine, log, destination, load: async () => await load(createBreath()), workers: 1, render: oneLineEach, watch: watch && options.text === undefined })
}

function oneLineEach (diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(({ file, range, severity, cause, mend, rule }) => `${file}:${range.line}:${range.column}: ${severity}: ${cause} ${mend} [${rule}]`).join('\n')
}
