import { dirname, resolve as absolute } from 'node:path'
import type { PluginModules } from '../plugin-modules.ts'
import { loadPlugins } from '../plugins.ts'
import type { LoadedPlugins } from '../plugins.ts'
import { breathe, breathless, type Breath } from '../breath.ts'
import { readCertificateFiles, readFileOf, type ReadFile } from './certificate-files.ts'
import { applyDefaults } from './defaults.ts'
import type { Diagnostic } from './diagnostics.ts'
import { readText } from './file.ts'
import { deepFreeze } from './freeze.ts'
import { lint } from './lint/index.ts'
import type { Config } from './model.ts'
import { content } from './yaml/nodes.ts'
import { boundedValue, readSource } from './read-source.ts'
import { resolveReferences } from './references/references.ts'
import type { Environment } from './references/references.ts'
import type { Report } from './report.ts'
import { build } from './resolve/build.ts'
import { resolve } from './resolve/resolve.ts'
import type { Source } from './source.ts'
import { checkCertificates } from './validate/certificates.ts'
import { Envelope } from './validate/envelope.ts'
import { checkFallbacks } from './validate/fallbacks.ts'
import { gatewaySettings } from './validate/gateway.ts'
import type { Overrides } from './validate/gateway.ts'
import { checkListeners } from './validate/listeners.ts'
import { checkPlugins } from './validate/plugins.ts'

export type { Overrides } from './validate/gateway.ts'

export interface LoadOptions {
  /** gateway.yaml, as it shall be named in diagnostics. */
  readonly file: string
  /** Its text, when it isn't to be read; relative paths still start at the folder of `file`. */
  readonly text?: string
  /** Variables for references; default `process.env`. */
  readonly env?: Environment
  /** Flags of `start`; they win over the file. */
  readonly overrides?: Overrides
  /** Leave out what only warns, which takes a fifth of the time of a big file; default false. */
  readonly errorsOnly?: boolean
  /** Taken between the parts of the work, for the requests of a process that serves; default: at once. */
  readonly breath?: Breath
  /** Where plugins come from. */
  readonly loadPlugins?: (modules: readonly string[], directory: string) => Promise<LoadedPlugins>
  /** Of a process that loads more than once: it keeps what it has loaded. */
  readonly modules?: PluginModules
}

export interface LoadResult {
  /** Deep-frozen; null when any diagnostic is an error. */
  readonly config: Config | null
  /** Errors before warnings, each in the order of the text. */
  readonly diagnostics: readonly Diagnostic[]
  readonly source: Source
  readonly plugins: LoadedPlugins
  /** Beside gateway.yaml, each a part of the configuration: of certificates and of plugins, those that couldn't be read included. */
  readonly files: readonly ReadFile[]
  /** Flags that won over the file; missing where it has errors. */
  readonly overrides?: Overrides
}

/**
 * From gateway.yaml to the configuration that runs: the one way for `check`, `start` and reloads.
 *
 * Mistakes in the file are diagnostics, all of them in one go. Opens nothing but the file, and the modules and certificates that it names.
 *
 * @throws ConfigFileError when the file can't be read
 */
export async function loadConfig (options: LoadOptions): Promise<LoadResult> {
  const { file, env = process.env, overrides = {}, breath = breathless } = options
  const { source, report, candidates } = readSource(file, options.text ?? await readText(file))
  const load = (modules: readonly string[]): Promise<LoadedPlugins> => options.loadPlugins === undefined ? loadPlugins(modules, dirname(absolute(file)), options.modules) : options.loadPlugins(modules, dirname(absolute(file)))
  await breath()
  resolveReferences(source, candidates, env, report)
  const value = plainValue(source, report)
  if (value === null) return { config: null, diagnostics: report.list(), source, plugins: await load([]), files: [] }

  const envelope = new Envelope(source, report)
  await breath()
  const entities = await breathe(envelope.check(value), breath)
  const named = await readCertificateFiles(entities, dirname(absolute(file)), source, report)
  checkCertificates(entities, source, report)
  checkListeners(value, entities, source, report)
  await breath()
  const resolved = resolve(entities, source, report)
  await breath()
  const plugins = await load(modulesOf(value))
  checkFallbacks(entities, { resolved, source, report })
  const read = new Map<string, ReadFile>()
  const configs = await breathe(checkPlugins(entities, { source, report, plugins, resolved, reads: (path, content) => { read.set(path, readFileOf(path, content)) } }), breath)
  const files = [...named, ...read.values()]
  if (!report.hasErrors && !(envelope.accepted && entities.every(entity => entity.kind !== 'plugin' || configs.has(entity)))) {
    // no file is known that comes here; but what a schema refuses never runs, even if nobody could say why
    report.add(source.locate(''), '', { rule: 'bad-format', cause: 'a schema refuses this file, and no rule says why', mend: 'Report the file as a bug.' })
  }
  if (report.hasErrors) return { config: null, diagnostics: report.list(), source, plugins, files }

  const config: Config = deepFreeze({
    file: absolute(file),
    gateway: gatewaySettings(value['gateway'] as Record<string, unknown>, overrides),
    ...build(entities, { resolved, tags: selectTags(value), configs, hashed: value['_transform'] === false })
  })
  await breath()
  report.include(await breathe(lint({ config, source, plugins }, { errorsOnly: options.errorsOnly === true }), breath))
  return { config: report.hasErrors ? null : config, diagnostics: report.list(), source, plugins, files, overrides }
}

/** The file's values, for the checks to fill in; null when there is nothing to check. */
function plainValue (source: Source, report: Report): Record<string, unknown> | null {
  const { root } = source
  const whole = root === null ? undefined : content(root)
  if (root === null || whole?.kind !== 'mapping') {
    // a text that is no YAML was reported
    if (!report.hasErrors) report.add(source.locate(''), '', { rule: 'wrong-type', cause: 'expected an object', mend: 'Start with `_format_version: "3.0"`, and go on with `services:`.' })
    return null
  }
  applyDefaults(whole, source, report)
  return boundedValue(root, source, report) as Record<string, unknown> | undefined ?? null
}

function modulesOf (file: Record<string, unknown>): string[] {
  const { modules } = (file['gateway'] ?? {}) as { modules?: unknown }
  return Array.isArray(modules) && modules.every(name => typeof name === 'string' && name !== '') ? modules as string[] : []
}

function selectTags (file: Record<string, unknown>): string[] {
  return (file['_info'] as { select_tags?: string[] } | undefined)?.select_tags ?? []
}
