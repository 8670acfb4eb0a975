import type { SchemaPart } from './messages.ts'

/**
 * Takes out what the file sets to null: "not set", so that the default applies. Where a schema accepts null, or says
 * nothing about a value, null stays what it is.
 */
export function dropNulls (value: unknown, schema: SchemaPart): void {
  for (const branch of [...schema.anyOf ?? [], ...schema.oneOf ?? [], ...schema.allOf ?? []]) dropNulls(value, branch)
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) dropNulls(item, schema.items)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) {
    const inner = memberSchema(schema, key)
    if (inner === undefined) continue
    if (object[key] === undefined || (object[key] === null && !acceptsNull(inner))) delete object[key]
    else dropNulls(object[key], inner)
  }
}

function memberSchema (schema: SchemaPart, key: string): SchemaPart | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key]
  for (const [pattern, inner] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, 'u').test(key)) return inner
  }
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

function acceptsNull (schema: SchemaPart): boolean {
  if (schema.type !== undefined) return schema.type === 'null' || schema.type.includes('null')
  if (schema.enum !== undefined) return schema.enum.includes(null)
  if ('const' in schema) return schema.const === null
  const branches = schema.anyOf ?? schema.oneOf
  return branches === undefined || branches.some(acceptsNull)
}
