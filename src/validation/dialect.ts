/** Dialects of JSON Schema, in the words of Kong's `version`; `openapi30` is the Schema Object of OpenAPI 3.0. */
export type Dialect = 'draft4' | 'draft6' | 'draft7' | 'draft201909' | 'draft202012' | 'openapi30'

export type SchemaObject = Record<string, unknown>

/** The dialect that a `$schema` names; undefined for one that isn't known. */
export function dialectOf (uri: string): Dialect | undefined {
  return DIALECTS[uri.replace(/^https?:/, '').replace(/#$/, '')]
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  '//json-schema.org/draft-04/schema': 'draft4',
  '//json-schema.org/draft-06/schema': 'draft6',
  '//json-schema.org/draft-07/schema': 'draft7',
  '//json-schema.org/draft/2019-09/schema': 'draft201909',
  '//json-schema.org/draft/2020-12/schema': 'draft202012',
  '//spec.openapis.org/oas/3.1/dialect/base': 'draft202012',
  '//spec.openapis.org/oas/3.1/dialect/2024-11-10': 'draft202012',
  '//spec.openapis.org/oas/3.2/dialect/2025-09-17': 'draft202012'
}

/** Which way a body goes: in OpenAPI some members are for one way only. */
export type Direction = 'request' | 'response'

/** Writes one schema object (not those inside it) in the words of the newer drafts. Changes it in place. */
export function modernize (schema: SchemaObject, dialect: Dialect): void {
  if (dialect === 'draft4' || dialect === 'openapi30') {
    exclusiveBound(schema, 'exclusiveMinimum', 'minimum')
    exclusiveBound(schema, 'exclusiveMaximum', 'maximum')
  }
  if (dialect === 'draft4' && typeof schema['id'] === 'string') {
    schema['$id'] ??= schema['id']
    delete schema['id']
  }
  if (dialect === 'openapi30') {
    if (schema['nullable'] === true && typeof schema['type'] === 'string') schema['type'] = [schema['type'], 'null']
    delete schema['nullable']
  }
}

/** `exclusiveMinimum: true` says how `minimum` is meant. */
function exclusiveBound (schema: SchemaObject, exclusive: string, bound: string): void {
  if (typeof schema[exclusive] !== 'boolean') return
  if (schema[exclusive] === true && schema[bound] !== undefined) {
    schema[exclusive] = schema[bound]
    delete schema[bound]
  } else {
    delete schema[exclusive]
  }
}

/**
 * A member that only the service sets can't be required of the client, and the other way round. Changes the schema in place.
 *
 * @param follow what a member is that only refers to another schema
 */
export function relaxRequired (schema: SchemaObject, direction: Direction, follow: (member: SchemaObject) => SchemaObject | null): void {
  const { required, properties } = schema
  if (!Array.isArray(required) || typeof properties !== 'object' || properties === null) return
  const members = properties as Readonly<Record<string, SchemaObject | boolean | null>>
  const mark = direction === 'request' ? 'readOnly' : 'writeOnly'
  const isOneWay = (name: unknown): boolean => {
    if (typeof name !== 'string' || !Object.hasOwn(members, name)) return false
    let member = members[name]
    // references that go in circles are somebody else's to find
    for (let steps = 0; steps < 10 && typeof member === 'object' && member !== null; steps++) {
      if (member[mark] === true) return true
      member = typeof member['$ref'] === 'string' ? follow(member) : null
    }
    return false
  }
  const kept = required.filter(name => !isOneWay(name))
  if (kept.length !== required.length) schema['required'] = kept
}
