import type { Place } from '../draft.ts'
import { isItem, texts, type Structured } from '../structured.ts'
import type { Step } from './step.ts'

export interface Pipeline {
  readonly name: string
  readonly endpoints: readonly string[]
  readonly steps: readonly Step[]
  readonly place: Place
}

/** Pipelines with their steps, one for each pair of condition and action. */
export function readPipelines ({ value, at }: Structured): Pipeline[] {
  const pipelines = value['pipelines']
  return Object.entries(isItem(pipelines) || Array.isArray(pipelines) ? pipelines : {}).map(([key, pipeline]) => {
    const body = isItem(pipeline) ? pipeline : {}
    const policies: unknown[] = Array.isArray(body['policies']) ? body['policies'] : body['policies'] === undefined || body['policies'] === null ? [] : [body['policies']]
    return {
      name: typeof body['name'] === 'string' ? body['name'] : key,
      endpoints: texts(body['apiEndpoints'] ?? body['apiEndpoint']),
      place: at('pipelines', key),
      steps: policies.flatMap((policy, index) => stepsOf(policy, (name, step) => step === null ? at('pipelines', key, 'policies', index, name) : at('pipelines', key, 'policies', index, name, step)))
    }
  })
}

function stepsOf (policy: unknown, at: (name: string, step: number | null) => Place): Step[] {
  // a name alone has no options
  const entries = typeof policy === 'string' ? [[policy, null] as const] : Object.entries(isItem(policy) ? policy : {}).slice(0, 1)
  return entries.flatMap(([name, value]) => {
    const steps: unknown[] = Array.isArray(value) && value.length > 0 ? value : [isItem(value) ? value : {}]
    return steps.map((step, index) => {
      const { action, condition } = isItem(step) ? step : {}
      return {
        policy: name,
        action: isItem(action) ? action : {},
        condition: isItem(condition) ? String(condition['name'] ?? 'unknown') : 'always',
        place: at(name, Array.isArray(value) ? index : null)
      }
    })
  })
}
