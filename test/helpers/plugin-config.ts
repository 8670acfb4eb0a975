import { createAjv } from '../../src/config/validate/ajv.ts'
import type { BrandedPlugin, CheckFinding } from '../../src/plugin.ts'

/** Says whether the schema of a plugin takes a config, as the loader does: no coercion, defaults filled in. */
export function validateConfig (plugin: BrandedPlugin, config: object): { valid: boolean, config: Record<string, unknown>, errors: string[] } {
  const ajv = createAjv()
  const copy = structuredClone(config) as Record<string, unknown>
  const valid = ajv.validate(plugin.schema, copy)
  return { valid, config: copy, errors: (ajv.errors ?? []).map(error => `${error.instancePath} ${error.message}`) }
}

/** The config with its defaults; throws where the schema doesn't take it. */
export function completeConfig (plugin: BrandedPlugin, config: object = {}): Record<string, unknown> {
  const result = validateConfig(plugin, config)
  if (!result.valid) throw new Error(result.errors.join('\n'))
  return result.config
}

/** What `check` says about a config: `severity path`, in order. @param directory of gateway.yaml */
export function findings (plugin: BrandedPlugin, config: object, directory = process.cwd()): string[] {
  const found: CheckFinding[] = [...plugin.check?.(completeConfig(plugin, config), { directory }) ?? []]
  return found.map(finding => `${finding.severity ?? 'error'} ${finding.path}`)
}
