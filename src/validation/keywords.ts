/** Where schemas stand inside of a schema, in all drafts. */

const SINGLE = [
  'additionalItems', 'additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not', 'propertyNames', 'then',
  'unevaluatedItems', 'unevaluatedProperties'
]
const LISTS = ['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems']
const MAPS = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties', 'properties']

export type Path = ReadonlyArray<string | number>

/** The schemas directly inside of one, each with its steps. */
export function * innerSchemas (schema: Readonly<Record<string, unknown>>): Generator<[steps: Path, inner: unknown]> {
  for (const keyword of SINGLE) {
    const inner = schema[keyword]
    if (inner !== undefined && !Array.isArray(inner)) yield [[keyword], inner]
  }
  for (const keyword of LISTS) {
    const list = schema[keyword]
    if (Array.isArray(list)) for (const [index, inner] of list.entries()) yield [[keyword, index], inner]
  }
  for (const keyword of MAPS) {
    const map = schema[keyword]
    if (typeof map !== 'object' || map === null) continue
    for (const [name, inner] of Object.entries(map)) {
      // a list of names is the other form of `dependencies`
      if (!Array.isArray(inner)) yield [[keyword, name], inner]
    }
  }
}
