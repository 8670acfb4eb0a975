/** Finds built-in and third-party plugins: the only engine file that touches plugins/. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { builtins } from '../plugins/index.ts'
import { isPlugin, PLUGIN_API, type BrandedPlugin, type PluginScope } from './plugin.ts'
import { PluginModules } from './plugin-modules.ts'

/** Plugins by name. */
export type PluginRegistry = ReadonlyMap<string, BrandedPlugin>

/** Why one of `gateway.modules` can't be used. */
export interface ModuleProblem {
  /** Its position in the list. */
  readonly index: number
  readonly message: string
  readonly mend: string
}

export interface LoadedPlugins {
  readonly registry: PluginRegistry
  readonly problems: readonly ModuleProblem[]
  /** Which names each module of the list brought, for "nothing uses it". */
  readonly modules: ReadonlyArray<readonly string[]>
}

const SCOPES: ReadonlySet<unknown> = new Set<PluginScope>(['global', 'service', 'route', 'consumer'])

/** Parts of a plugin that are called, where it has them: of one in JavaScript nobody has looked at their types. */
const FUNCTIONS = ['check', 'checkRoute', 'setup', 'reopen', 'close', 'companions', 'admitsAll', 'outcomes', 'keyTiers', 'dividedByWorkers', 'circuitBreaker', 'identityHeaders', 'credentialHeaders', 'secretNames', 'publish', 'metrics', 'everyAnswer', 'serverIdentities'] as const satisfies ReadonlyArray<keyof BrandedPlugin>

const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

/** What stops a module from being used; thrown and caught inside this file. */
class Refused extends Error {
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

/**
 * Loads the built-ins and the modules of a file. Never throws: what is wrong with a module is a problem that names it.
 *
 * @param modules `gateway.modules`: package names, or files relative to `directory`
 * @param directory folder of gateway.yaml
 * @param loader of the process, for one that loads more than once: it keeps what it has loaded
 */
export async function loadPlugins (modules: readonly string[], directory: string, loader = new PluginModules()): Promise<LoadedPlugins> {
  const registry = new Map(builtins.map(plugin => [plugin.name, plugin]))
  const problems: ModuleProblem[] = []
  const names: string[][] = []
  for (const [index, module] of modules.entries()) {
    const brought: string[] = []
    names.push(brought)
    try {
      for (const plugin of await importPlugins(module, directory, loader)) {
        if (registry.has(plugin.name)) {
          throw new Refused(`module '${module}' brings a plugin '${plugin.name}', which is already there`, 'rename the plugin, or list the module once')
        }
        registry.set(plugin.name, plugin)
        brought.push(plugin.name)
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      problems.push({ index, message: error.message, mend: error.mend })
    }
  }
  return { registry, problems, modules: names }
}

async function importPlugins (module: string, directory: string, loader: PluginModules): Promise<BrandedPlugin[]> {
  const isFile = module.startsWith('.') || isAbsolute(module)
  const file = locate(module, isFile, directory)
  let exported: unknown
  try {
    exported = await loader.import(file, isFile)
  } catch (error) {
    throw new Refused(`module '${module}' fails to load: ${reasonOf(error)}`, /\.[cm]?ts$/.test(file) ? 'correct the file' : 'run it with node alone to see the whole error')
  }
  // a CommonJS build of an ES module has its default one level deeper
  const inner = (exported as { default?: unknown } | null | undefined)?.default
  const value = isPlugin(exported) || Array.isArray(exported) || inner === undefined ? exported : inner
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map(item => accept(item, module))
}

/** On one line; a place in a file comes first. */
function reasonOf (error: unknown): string {
  const text = ((error as Error | null)?.message ?? String(error)).replace(/\s*\n\s*/g, ' ')
  const [, what, place] = /^(?:ParseError: )?(.*?)\s+(\S+:\d+:\d+)$/.exec(text) ?? []
  return place === undefined ? text : `${place}: ${what}`
}

function locate (module: string, isFile: boolean, directory: string): string {
  if (isFile) {
    const file = resolve(directory, module)
    if (!existsSync(file)) throw new Refused(`module '${module}' does not exist`, `put the file at ${file}, or correct the path: it starts at the folder of the configuration`)
    return file
  }
  try {
    return createRequire(join(directory, 'gateway.yaml')).resolve(module)
  } catch {
    throw new Refused(`module '${module}' is not installed`, `run 'npm install ${module}' beside the configuration, or write './' before the name of a file`)
  }
}

function accept (value: unknown, module: string): BrandedPlugin {
  const mend = 'export the result of definePlugin() of sallyport/plugin as the default export'
  if (!isPlugin(value)) throw new Refused(`module '${module}' has no plugin as its default export`, mend)
  if (value.api !== PLUGIN_API) {
    throw new Refused(`module '${module}' is made for version ${value.api} of the plugin contract, this gateway has ${PLUGIN_API}`, 'install a version of the module that fits this gateway')
  }
  if (typeof value.name !== 'string' || !KEBAB.test(value.name)) throw new Refused(`module '${module}': the name of its plugin is not kebab-case`, "name it like 'geo-block'")
  if (typeof value.priority !== 'number' || !Number.isFinite(value.priority)) throw new Refused(`module '${module}': plugin '${value.name}' has no priority`, 'give it a number; higher runs first')
  if (typeof value.register !== 'function') throw new Refused(`module '${module}': plugin '${value.name}' has no register function`, mend)
  const { scopes } = value as { scopes?: unknown }
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(scope => SCOPES.has(scope))) {
    throw new Refused(`module '${module}': plugin '${value.name}' doesn't say where it may stand`, 'write scopes: [\'global\', \'service\', \'route\'], or those of them that fit; \'consumer\' is one too')
  }
  for (const part of FUNCTIONS) {
    const given = value[part] as unknown
    if (given !== undefined && typeof given !== 'function') throw new Refused(`module '${module}': '${part}' of plugin '${value.name}' is not a function`, 'make it one, or leave it out')
  }
  const schema = value.schema as { type?: unknown, additionalProperties?: unknown } | undefined
  if (schema?.type !== 'object' || schema.additionalProperties !== false) {
    throw new Refused(`module '${module}': the schema of plugin '${value.name}' is not a closed object`, 'write Type.Object({ … }, { additionalProperties: false }), so that a mistyped key is an error')
  }
  return value
}
