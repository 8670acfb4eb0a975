import type { Ajv, ErrorObject } from 'ajv'
import { createAjv } from './ajv.ts'
import type { Dialect } from './dialect.ts'

export interface MetaProblem {
  readonly pointer: string
  readonly message: string
}

/** Compiled once, by draft: what comes out depends on nothing else, and a file can have hundreds of schemas. */
const validators = new Map<Dialect, Ajv>()

/** What a schema has that JSON Schema doesn't; null: nothing. */
export function metaProblem (dialect: Dialect, schema: object): MetaProblem | null {
  const draft = dialect === 'draft202012' || dialect === 'draft201909' ? dialect : 'draft7'
  let ajv = validators.get(draft)
  if (ajv === undefined) validators.set(draft, ajv = createAjv(draft, { allErrors: true, logger: false, validateFormats: false, strict: false }))
  if (ajv.validateSchema(schema) === true) return null
  // `anyOf` says what its branches have said; the deepest place is the one that was meant
  const [error] = [...ajv.errors ?? []].sort((a, b) => b.instancePath.length - a.instancePath.length || weight(a) - weight(b))
  if (error === undefined) return { pointer: '', message: 'this is no JSON Schema' }
  const allowed = error.params['allowedValues'] as unknown[] | undefined
  return { pointer: error.instancePath, message: `this is no JSON Schema: it ${error.message}${allowed === undefined ? '' : ` (${allowed.join(', ')})`}` }
}

function weight ({ keyword }: ErrorObject): number {
  return keyword === 'enum' ? 0 : keyword === 'anyOf' ? 2 : 1
}
