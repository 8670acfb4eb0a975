/** Finds built-in and third-party plugins: the only engine file that touches plugins/. */
import { builtins } from '../plugins/index.ts'
import type { BrandedPlugin } from './plugin.ts'

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

/**
 * Loads the built-ins and the modules of a file.
 *
 * @param modules `gateway.modules`: package names, or files relative to `directory`
 * @param directory folder of gateway.yaml
 */
export async function loadPlugins (_modules: readonly string[], _directory: string): Promise<LoadedPlugins> {
  return { registry: new Map(builtins.map(plugin => [plugin.name, plugin])), problems: [], modules: [] }
}
