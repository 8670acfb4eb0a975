import type { FieldRulesOptions } from '../proxy/fields/field-rules.ts'
import type { Config } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { LiveEntry } from './scopes.ts'

/** An entry and its plugin, set up or not. */
export type EnabledEntry = Pick<LiveEntry, 'definition' | 'entry'>

/** All that are not switched off. */
export function enabledEntries (config: Config, registry: PluginRegistry): EnabledEntry[] {
  return config.plugins.flatMap(entry => {
    const definition = entry.enabled ? registry.get(entry.name) : undefined
    return definition === undefined ? [] : [{ definition, entry }]
  })
}

/** What plugins say about fields of requests, whatever route they stand at. */
export function namedFields (entries: Iterable<EnabledEntry>): Pick<FieldRulesOptions, 'vouched' | 'credentials'> & { readonly vouched: string[] } {
  const vouched: string[] = []
  const credentials: string[] = []
  for (const { definition, entry } of entries) {
    vouched.push(...definition.identityHeaders?.(entry.config as never) ?? [])
    credentials.push(...definition.credentialHeaders?.(entry.config as never) ?? [])
  }
  return { vouched, credentials }
}
