import { Ajv } from 'ajv'
import type { Options, ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

const options: Options = {
  strict: true,
  // `anyOf: [{ required: […] }]` ("one of these") is how schemas say it; strict mode wants the names repeated inside
  strictRequired: false,
  allErrors: true,
  useDefaults: true,
  coerceTypes: false,
  removeAdditional: false,
  ownProperties: true,
  // errors carry the schema and the value that they are about
  verbose: true
}

export type { ValidateFunction }

/** The one ajv set-up: the file's envelope, the plugins' configs and the tests of the generated schemas share it. */
export function createAjv (): Ajv {
  const ajv = new Ajv(options)
  // marks for others than ajv: a value that nobody may see, one that names an entity of the file
  ajv.addVocabulary(['secret', 'refersTo'])
  // the package is CommonJS: its default export is the module object for TypeScript, the function at run time
  const add = formats as unknown as typeof formats.default
  return add(ajv)
}
