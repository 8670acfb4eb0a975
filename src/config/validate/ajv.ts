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
  verbose: true,
  // a smaller function, for a third of the time that compiling takes: most schemas judge a few values
  code: { optimize: false }
}

export type { ValidateFunction }

/**
 * The one ajv set-up: the file's envelope, the plugins' configs and the tests of the generated schemas share it.
 *
 * @param own that the schemas are the gateway's own, which tests hold: they are not looked at before they are compiled
 */
export function createAjv (own = false): Ajv {
  const ajv = new Ajv({ ...options, validateSchema: !own })
  // marks for others than ajv: a value that nobody may see, one that names an entity of the file
  ajv.addVocabulary(['secret', 'refersTo'])
  // the package is CommonJS: its default export is the module object for TypeScript, the function at run time
  const add = formats as unknown as typeof formats.default
  return add(ajv)
}
