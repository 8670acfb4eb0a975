import type { Config } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'

/** Names of header fields and arguments to cut: those that the file lists, and those in which its plugins find credentials. */
export function secretNames ({ gateway, plugins }: Config, registry: PluginRegistry): string[] {
  const names = new Set(gateway.log.redact)
  for (const { name, config, enabled } of plugins) {
    if (!enabled) continue
    for (const secret of registry.get(name)?.secretNames?.(config as never) ?? []) names.add(secret)
  }
  return [...names]
}
