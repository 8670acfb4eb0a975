import { createAjv } from '../../config/validate/ajv.ts'
import { Stub } from './schema.ts'

/** What is wrong with an answer that was not written in a file; null: nothing. */
export function stubProblem (answer: unknown): string | null {
  const validate = createAjv().compile(Stub)
  if (validate(answer)) return typeof answer === 'object' && answer !== null && 'body' in answer && 'json' in answer ? 'an answer has `body` or `json`.' : null
  const [{ instancePath = '', message = '', params = {} } = {}] = validate.errors ?? []
  const unknown = (params as { additionalProperty?: string }).additionalProperty
  if (typeof answer !== 'object') return 'write a status (403), or an object of JSON ({"status":403,"headers":{"X-User":"ann"}}).'
  return unknown === undefined ? `${instancePath === '' ? 'the answer' : instancePath.slice(1).replaceAll('/', '.')} ${message}.` : `an answer has no '${unknown}'.`
}
