/** Finds built-in and third-party plugins: the only engine file that touches plugins/. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtins } from '../plugins/index.ts'
import { isPlugin, PLUGIN_API, type BrandedPlugin } from './plugin.ts'

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
 */
export async function loadPlugins (modules: readonly string[], directory: string): Promise<LoadedPlugins> {
  const registry = new Map(builtins.map(plugin => [plugin.name, plugin]))
  const problems: ModuleProblem[] = []
  const names: string[][] = []
  for (const [index, module] of modules.entries()) {
    const brought: string[] = []
    names.push(brought)
    try {
      for (const plugin of await importPlugins(module, directory)) {
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

async function importPlugins (module: string, directory: string): Promise<BrandedPlugin[]> {
  const url = locate(module, directory)
  let exported: unknown
  try {
    exported = ((await import(url)) as { default?: unknown }).default
  } catch (error) {
    throw new Refused(`module '${module}' fails to load: ${(error as Error)?.message ?? String(error)}`, 'run it with node alone to see the whole error')
  }
  // a CommonJS build of an ES module has its default one level deeper
  const inner = (exported as { default?: unknown } | null | undefined)?.default
  const value = isPlugin(exported) || Array.isArray(exported) || inner === undefined ? exported : inner
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map(item => accept(item, module))
}

function locate (module: string, directory: string): string {
  const isFile = module.startsWith('.') || isAbsolute(module)
  if (isFile) {
    const file = resolve(directory, module)
    if (!existsSync(file)) throw new Refused(`module '${module}' does not exist`, `put the file at ${file}, or correct the path: it starts at the folder of the configuration`)
    if (/\.[cm]?ts$/.test(file) && !runsTypeScript()) {
      throw new Refused(`module '${module}' is TypeScript, which this Node does not run`, 'compile it to JavaScript and name that file, or start the gateway with tsx')
    }
    return pathToFileURL(file).href
  }
  try {
    return pathToFileURL(createRequire(join(directory, 'gateway.yaml')).resolve(module)).href
  } catch {
    throw new Refused(`module '${module}' is not installed`, `run 'npm install ${module}' beside the configuration, or write './' before the name of a file`)
  }
}

function runsTypeScript (): boolean {
  const { typescript } = process.features as { typescript?: unknown }
  return Boolean(typescript) || process.execArgv.some(argument => argument.includes('tsx'))
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
  const schema = value.schema as { type?: unknown, additionalProperties?: unknown } | undefined
  if (schema?.type !== 'object' || schema.additionalProperties !== false) {
    throw new Refused(`module '${module}': the schema of plugin '${value.name}' is not a closed object`, 'write Type.Object({ … }, { additionalProperties: false }), so that a mistyped key is an error')
  }
  return value
}
