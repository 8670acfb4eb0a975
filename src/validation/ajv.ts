import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Dialect, Direction } from './dialect.ts'

/** Formats whose check takes time that grows faster than the text are not tried on longer ones. */
const LONGEST_ADDRESS = 2048
const ADDRESSES = ['uri', 'uri-reference', 'uri-template', 'url']

/** RFC 4648 section 4. */
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

/** Say something to people and tools, nothing to a validator. */
const ANNOTATIONS = ['example', 'xml', 'externalDocs', 'discriminator']

/** ajv knows it, and says in strict mode that it doesn't. */
const NAMES = ['$anchor']

/**
 * An ajv for traffic: nothing of a body is changed, and what it can't check is an error at load.
 *
 * @param allErrors all that is wrong instead of the first: for small values only, the list grows with the value
 * @param direction in answers, what is there to be written alone may not be
 */
export function createTrafficAjv (dialect: Dialect, allErrors: boolean, direction: Direction = 'request'): Ajv {
  const options: Options = {
    allErrors,
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
    // or `toString` and `__proto__` would be there in every object
    ownProperties: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    // 19.99 is a multiple of 0.01
    multipleOfPrecision: 8,
    // schemas are checked where they are used: documents hold other things too
    validateSchema: false,
    addUsedSchema: false,
    // the schemas of schemas take 50 ms to compile: meta-schema.ts has them once
    meta: false,
    logger: false,
    messages: true
  }
  const ajv = createAjv(dialect, options)
  // the package is CommonJS: its default export is the module object for TypeScript, the function at run time
  const add = formats as unknown as typeof formats.default
  add(ajv)
  for (const name of ADDRESSES) {
    const full = add.get(name as 'uri') as RegExp | ((text: string) => boolean)
    ajv.addFormat(name, text => text.length <= LONGEST_ADDRESS && (full instanceof RegExp ? full.test(text) : full(text)))
  }
  // the package tries each line for itself: an empty one would do for any text
  ajv.addFormat('byte', BASE64)
  ajv.addVocabulary([...ANNOTATIONS, ...NAMES])
  // ajv compares all items with each other: a list of 100,000 would take minutes
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    error: { message: 'must not have the same item twice' },
    validate: (unique: boolean, list: readonly unknown[]) => !unique || areUnique(list)
  })
  if (direction === 'request') return ajv
  ajv.removeKeyword('writeOnly')
  ajv.addKeyword({ keyword: 'writeOnly', schemaType: 'boolean', errors: false, error: { message: 'must not be in an answer' }, validate: (secret: boolean) => !secret })
  return ajv
}

/** The ajv that speaks a dialect; older ones are written in the words of draft 7 first. */
export function createAjv (dialect: Dialect, options: Options): Ajv {
  return dialect === 'draft202012' ? new Ajv2020(options) : dialect === 'draft201909' ? new Ajv2019(options) : new Ajv(options)
}

function areUnique (list: readonly unknown[]): boolean {
  return new Set(list.map(canonical)).size === list.length
}

/** One text for all values that are equal. */
function canonical (value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const object = value as Readonly<Record<string, unknown>>
  return `{${Object.keys(object).sort().map(name => `${JSON.stringify(name)}:${canonical(object[name])}`).join(',')}}`
}
