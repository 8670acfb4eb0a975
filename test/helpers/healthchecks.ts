import { Healthchecks, type HealthchecksOptions } from '../../src/config/entities/healthchecks.ts'
import { createAjv } from '../../src/config/validate/ajv.ts'

/** `healthchecks` of an upstream, with the defaults filled in as the loader does. */
export function healthchecks (options: object = {}): HealthchecksOptions {
  const ajv = createAjv()
  const copy = structuredClone({ healthchecks: options })
  if (!ajv.validate({ type: 'object', properties: { healthchecks: Healthchecks } }, copy)) throw new Error(ajv.errorsText())
  return copy.healthchecks as HealthchecksOptions
}
