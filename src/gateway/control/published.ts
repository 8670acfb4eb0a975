import type { Config } from '../../config/model.ts'
import type { AdminAction } from '../../plugin.ts'
import type { PluginRegistry } from '../../plugins.ts'

/**
 * Documents that plugins publish on the admin listener, by path. They follow from the configuration alone, so that the
 * primary process can serve them for all workers.
 */
export function publishedDocuments (config: Config, registry: PluginRegistry): ReadonlyMap<string, unknown> {
  const configs = new Map<string, Array<Readonly<Record<string, unknown>>>>()
  for (const { name, enabled, config: options } of config.plugins) {
    if (!enabled) continue
    const known = configs.get(name)
    if (known === undefined) configs.set(name, [options])
    else known.push(options)
  }
  const documents = new Map<string, unknown>()
  for (const [name, all] of configs) {
    for (const { path, body } of registry.get(name)?.publish?.(all as never) ?? []) documents.set(path, body)
  }
  return documents
}

export interface PublishedAction extends Pick<AdminAction, 'path' | 'body'> {
  /** Name of the plugin. */
  readonly plugin: string
}

/** What the plugins that are in use let operators do, by path. */
export function publishedActions (config: Config, registry: PluginRegistry): ReadonlyMap<string, PublishedAction> {
  const actions = new Map<string, PublishedAction>()
  for (const name of new Set(config.plugins.filter(entry => entry.enabled).map(entry => entry.name))) {
    for (const { path, body } of registry.get(name)?.actions ?? []) actions.set(path, { plugin: name, path, body })
  }
  return actions
}
