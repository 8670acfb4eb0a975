import type { ErrorObject } from 'ajv'
import type { Config } from '../../config/model.ts'
import { nearest } from '../../config/nearest.ts'
import { createAjv, type ValidateFunction } from '../../config/validate/ajv.ts'
import { LabError } from '../trial.ts'
import { checkStep } from './check.ts'
import { type ExpectSpec, Parts, type RequestSpec, type StepSpec, type StubsSpec } from './schema.ts'

/** What a program says of a request. */
export interface Given {
  readonly request?: RequestSpec
  readonly stubs?: StubsSpec
  readonly expect?: ExpectSpec
}

/**
 * Holds what a program says to what a file may say: types are not looked at when it runs, and an expectation with a typing error
 * would pass.
 */
export function createGivenCheck (): (given: Given, config: Config) => void {
  let validate: ValidateFunction | null = null
  /** @throws LabError that says all that is wrong */
  return function checkGiven (given, config) {
    validate ??= createAjv(true).compile(Parts)
    const problems = validate(given) ? checkStep(given as StepSpec, config) : [formProblem(validate.errors ?? [])]
    if (problems.length > 0) throw new LabError(problems.join('\n'))
  }
}

/** One is enough: what several forms are possible for has an error of each. */
function formProblem (errors: readonly ErrorObject[]): string {
  const depth = ({ instancePath, keyword }: ErrorObject): number => instancePath.split('/').length * 2 + (keyword === 'additionalProperties' ? 1 : 0)
  const error = errors.toSorted((one, other) => depth(other) - depth(one))[0]
  if (error === undefined) return ''
  const { instancePath, keyword, message = '', params, parentSchema } = error
  const where = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
  const { additionalProperty: unknown, allowedValues } = params as { additionalProperty?: string, allowedValues?: readonly unknown[] }
  if (keyword === 'minProperties') return `${where}: nothing stands in it.`
  if (unknown === undefined) return `${where}: ${message}${allowedValues === undefined ? '' : ` (${allowedValues.join(', ')})`}.`
  const guess = nearest(unknown, Object.keys((parentSchema as { properties?: object } | undefined)?.properties ?? {}))
  return `${where}: unknown field '${unknown}'.${guess === undefined ? '' : ` Did you mean '${guess}'?`}`
}
