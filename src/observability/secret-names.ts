import type { Config } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'
import { createRedactor, type Redactor } from './redaction.ts'
import { NO_SECRETS, type Secrets } from './secret-values.ts'

/** The one redactor of a configuration, for everything that is written down or shown while it runs. */
export function redactorOf (config: Config, registry: PluginRegistry, { values, hosts }: Secrets = NO_SECRETS): Redactor {
  return createRedactor(secretNames(config, registry), values, hosts)
}

/** Names of header fields and arguments to cut: those that the file lists, and those in which its plugins find credentials. */
export function secretNames ({ gateway, plugins }: Config, registry: PluginRegistry): string[] {
  const names = new Set(gateway.log.redact)
  for (const { name, config, enabled } of plugins) {
    if (!enabled) continue
    for (const secret of registry.get(name)?.secretNames?.(config as never) ?? []) names.add(secret)
  }
  return [...names]
}
