import { audienceOf } from '../config/chains.ts'
import type { Config, Consumer, PluginEntry, Route } from '../config/model.ts'
import { choose } from '../gateway/hooks/step.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Offline } from './offline.ts'
import type { Words } from './places.ts'
import type { EntryScope, ExplainedEntry, ExplainedPlugin, LeftOut } from './types.ts'

export interface ExplainedChain {
  readonly chain: readonly ExplainedPlugin[]
  readonly leftOut: readonly LeftOut[]
  /** No plugin of the chain authenticates. */
  readonly anonymous: boolean
}

/** @param route null: the chain of requests that no route takes */
export function explainChain (offline: Offline, registry: PluginRegistry, route: Route | null, consumer: Consumer | null, words: Words): ExplainedChain {
  const describe = entryWriter(offline.config, words)
  const items = offline.chains.of(route)
  const authenticates = items.findIndex(({ name }) => registry.get(name)?.authentication === 'method')
  const chain = items.map(({ name, entries }, index) => {
    // nobody is known before the plugin that finds out who calls
    const known = index > authenticates ? consumer : null
    const chosen = entries[choose({ audiences: entries.map(audienceOf) }, { consumer: known })]
    return {
      position: index + 1,
      plugin: name,
      priority: registry.get(name)?.priority ?? 0,
      entry: chosen === undefined ? null : describe(chosen),
      alternatives: entries.filter(entry => entry !== chosen).map(describe)
    }
  })
  const leftOut = offline.chains.without(route).map(entry => ({
    ...describe(entry),
    plugin: entry.name,
    reason: entry.enabled ? 'less-specific' as const : 'disabled' as const
  }))
  return { chain, leftOut, anonymous: authenticates === -1 }
}

/** Says what an entry is and where it stands. */
export function entryWriter ({ consumers, consumer_groups: groups }: Config, words: Words): (entry: PluginEntry) => ExplainedEntry {
  const names = new Map<string, string>(groups.map(({ id, name }) => [id, `group ${name}`]))
  for (const { id, username, custom_id: custom } of consumers) names.set(id, username ?? custom ?? id)
  return entry => {
    const audience = audienceOf(entry)
    return {
      id: entry.id,
      instance_name: entry.instance_name,
      scope: scopeOf(entry),
      audience: audience === null ? null : names.get(audience) ?? audience,
      ...words.place(entry.pointer)
    }
  }
}

function scopeOf ({ consumer, consumer_group: group, route, service }: PluginEntry): EntryScope {
  const parts = [consumer !== null && 'consumer', group !== null && 'consumer_group', route !== null && 'route', service !== null && 'service'].filter(part => part !== false)
  return (parts.length === 0 ? 'global' : parts.join(', ')) as EntryScope
}
