/** JSON Schema of the file, for editors: made of the same schemas that the loader checks with. */
import type { TSchema } from 'typebox'
import type { BrandedPlugin } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import { entitySchema, entitySchemas, envelopeSchema } from './entities/envelope.ts'
import { entityKinds, kinds, type EntityKind } from './entities/kinds.ts'

/** Plain JSON. */
export interface JsonSchema { readonly [keyword: string]: unknown }

/** The newest draft that yaml-language-server reads whole, `if` and `then` included. */
const DRAFT = 'http://json-schema.org/draft-07/schema#'

const REFERENCE: JsonSchema = {
  type: 'string',
  pattern: '\\{vault://|\\$\\{\\{',
  // no description: editors would show it for every wrong value, in the place of the field's own
  // eslint-disable-next-line no-template-curly-in-string
  $comment: 'A value from outside the file: "{vault://env/NAME}" or ${{ env "DECK_NAME" }}.'
}
/** A vault reference stands in quotes and so is always a text; an expression without quotes becomes what it looks like. */
const EXPRESSION: JsonSchema = {
  type: 'string',
  pattern: '^\\$\\{\\{.*\\}\\}$',
  // eslint-disable-next-line no-template-curly-in-string
  $comment: 'A value from outside the file, without quotes: ${{ env "DECK_NAME" | toInt }}.'
}
const reference: JsonSchema = { $ref: '#/definitions/reference' }
const expression: JsonSchema = { $ref: '#/definitions/expression' }
const NOT_SET: JsonSchema = { type: 'null' }

/** The whole file with the options of all plugins of the registry. */
export function fileJsonSchema (registry: PluginRegistry): JsonSchema {
  const plugins = [...registry.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  return {
    $schema: DRAFT,
    title: 'Sallyport gateway.yaml',
    ...translate(envelopeSchema(flat)),
    allOf: [onlyBuiltins(), addressOfServices()],
    definitions: {
      reference: REFERENCE,
      expression: EXPRESSION,
      builtin: builtinNames(plugins),
      ...Object.fromEntries(entityKinds.map(kind => [kind, definitionOf(kind, plugins)])),
      ...Object.fromEntries(plugins.map(plugin => [`config-${plugin.name}`, translate(plugin.schema)]))
    }
  }
}

/** What each plugin does is said where its name is completed. */
function builtinNames (plugins: readonly BrandedPlugin[]): JsonSchema {
  return {
    description: 'Name of a built-in plugin.',
    doNotSuggest: true,
    anyOf: [{
      enum: plugins.map(plugin => plugin.name),
      enumDescriptions: plugins.map(plugin => (plugin.schema as { description?: string }).description ?? '')
    }, reference]
  }
}

/** The options of one plugin. */
export function pluginJsonSchema (plugin: BrandedPlugin): JsonSchema {
  return {
    $schema: DRAFT,
    title: `Options of the ${plugin.name} plugin`,
    ...translate(plugin.schema),
    definitions: { reference: REFERENCE, expression: EXPRESSION }
  }
}

function refer (kind: EntityKind): TSchema {
  return { $ref: `#/definitions/${kind}` } as unknown as TSchema
}

/** At the top level, what can't do without an owner names it. */
function flat (kind: EntityKind): TSchema {
  const { owned, owners } = kinds[kind]
  return owned ? { allOf: [refer(kind), { required: owners, properties: Object.fromEntries(owners.map(owner => [owner, { not: NOT_SET }])) }] } as unknown as TSchema : refer(kind)
}

/** A child must not name the parent that it stands in. */
function nested (parent: EntityKind, child: EntityKind): TSchema {
  const own = { allOf: [refer(child), { properties: { [parent]: NOT_SET } }] }
  // of a server name, the name alone will do
  return (child === 'sni' ? { anyOf: [{ type: 'string', minLength: 1 }, own] } : own) as unknown as TSchema
}

function definitionOf (kind: EntityKind, plugins: readonly BrandedPlugin[]): JsonSchema {
  if (kind === 'plugin') return entrySchema(plugins)
  const { anyOf, ...schema } = translate(entitySchema(kind, child => nested(kind, child)))
  // see addressOfServices
  return kind === 'service' || anyOf === undefined ? schema : { ...schema, anyOf }
}

/** A service names its upstream, unless all of them take it from `_info.defaults`. */
function addressOfServices (): JsonSchema {
  const { anyOf } = translate(entitySchemas.service)
  const given = (anyOf as ReadonlyArray<{ required: string[] }>).map(({ required: [key = ''] }) => ({ required: [key], properties: { [key]: { not: NOT_SET } } }))
  const within = (key: string, inner: JsonSchema): JsonSchema => ({ required: [key], properties: { [key]: inner } })
  return {
    if: within('_info', within('defaults', within('service', { anyOf: given }))),
    else: { patternProperties: pattern({ services: { items: { anyOf } } }) }
  }
}

/** An item of `plugins`: its name decides about its options. */
function entrySchema (plugins: readonly BrandedPlugin[]): JsonSchema {
  const schema = translate(entitySchema('plugin', refer))
  return {
    ...schema,
    properties: { ...schema['properties'] as JsonSchema, config: { description: 'Options of the plugin.', type: ['object', 'null'] } },
    allOf: plugins.map(plugin => ({
      if: { properties: { name: { const: plugin.name } }, required: ['name'] },
      then: {
        patternProperties: pattern({ config: { anyOf: [{ $ref: `#/definitions/config-${plugin.name}` }, NOT_SET] } })
      }
    }))
  }
}

/** Without `gateway.modules`, only built-in names can be right. */
function onlyBuiltins (): JsonSchema {
  // values are completed by properties alone; the key is offered once, by the entry itself
  const entries = { items: { properties: { name: { $ref: '#/definitions/builtin' } } } }
  const routes = { items: { patternProperties: pattern({ plugins: entries }) } }
  return {
    if: {
      required: ['gateway'],
      properties: { gateway: { required: ['modules'], properties: { modules: { minItems: 1 } } } }
    },
    else: {
      patternProperties: pattern({
        plugins: entries,
        routes,
        services: { items: { patternProperties: pattern({ plugins: entries, routes }) } },
        consumers: { items: { patternProperties: pattern({ plugins: entries }) } },
        consumer_groups: { items: { patternProperties: pattern({ plugins: entries }) } }
      })
    }
  }
}

/** Properties as patterns: editors don't offer these a second time where they complete keys. */
function pattern (properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [`^${name}$`, schema]))
}

/** Read from files that other tools have written: editors need not offer them. */
const RARE = new Set(['_comment', '_ignore', 'created_at', 'updated_at'])

/** Keywords that are copied as they are. */
const KEPT = new Set(['type', 'enum', 'const', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum',
  'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', '$ref', 'description', 'default', 'examples', 'title', 'deprecated'])

/** Keywords about one schema in the words of a file: references and "not set" are allowed where the loader allows them. */
function translate (schema: TSchema | JsonSchema): JsonSchema {
  const source = schema as JsonSchema
  const out: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(source)) {
    if (KEPT.has(keyword)) out[keyword] = value
    else if (keyword === 'properties') out[keyword] = properties(value as Record<string, JsonSchema>, mustBeWritten(source))
    else if (keyword === 'required' && mustBeWritten(source).length > 0) out[keyword] = mustBeWritten(source)
    else if (keyword === 'patternProperties') out[keyword] = mapValues(value as Record<string, JsonSchema>, value => orReference(translate(value)))
    else if (keyword === 'items') out[keyword] = Array.isArray(value) ? value.map(item => orReference(translate(item as JsonSchema))) : orReference(translate(value as JsonSchema))
    else if (keyword === 'additionalProperties') out[keyword] = typeof value === 'boolean' ? value : orReference(translate(value as JsonSchema))
    else if (keyword === 'anyOf' || keyword === 'allOf' || keyword === 'oneOf') out[keyword] = (value as JsonSchema[]).map(translate)
    else if (keyword === 'not' || keyword === 'if' || keyword === 'then' || keyword === 'else' || keyword === 'propertyNames') out[keyword] = translate(value as JsonSchema)
  }
  const { description, default: value } = out
  // most editors don't show the default itself
  if (typeof description === 'string' && isShort(value)) out['description'] = `${description} Default: \`${typeof value === 'string' ? value : JSON.stringify(value)}\`.`
  return out
}

function isShort (value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && JSON.stringify(value).length <= 60
}

/** What has a default is there for the plugin that reads it, and need not be in the file. */
function mustBeWritten ({ required = [], properties = {} }: JsonSchema): string[] {
  return (required as string[]).filter(name => (properties as Record<string, JsonSchema>)[name]?.['default'] === undefined)
}

function properties (schemas: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => {
    const own = { ...orReference(translate(schema)), ...RARE.has(name) ? { doNotSuggest: true } : {} }
    return [name, required.includes(name) ? own : orNull(own)]
  }))
}

/** References work in every scalar; only strings without rules take them as they are. */
function orReference (schema: JsonSchema): JsonSchema {
  if (takesAnyString(schema) || !isScalar(schema)) return schema
  return alternative(schema, takesText(schema) ? reference : expression)
}

/** Whether some text is a right value. */
function takesText (schema: JsonSchema): boolean {
  const { type, enum: values, const: value, anyOf } = schema as { type?: string, enum?: unknown[], const?: unknown, anyOf?: JsonSchema[] }
  if (anyOf !== undefined) return anyOf.some(takesText)
  if (values !== undefined) return values.some(one => typeof one === 'string')
  return type === 'string' || typeof value === 'string'
}

function orNull (schema: JsonSchema): JsonSchema {
  if (isAnything(schema)) return schema
  // one schema of two types: editors know then what to insert behind the key, and say what is expected in one word
  return isList(schema) ? { ...schema, type: [schema['type'], 'null'] } : alternative(schema, NOT_SET)
}

/** An array or object about which nothing is said that null could not meet; with examples, these are inserted as it is. */
function isList ({ type, ...rules }: JsonSchema): boolean {
  return (type === 'array' || type === 'object') && !['enum', 'const', 'anyOf', 'oneOf', 'allOf', 'not', 'if', '$ref', 'examples'].some(keyword => keyword in rules)
}

function isAnything (schema: JsonSchema): boolean {
  return !['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref'].some(keyword => keyword in schema)
}

function isScalar (schema: JsonSchema): boolean {
  const { type, anyOf } = schema as { type?: string, anyOf?: JsonSchema[] }
  if (type === 'object' || type === 'array') return false
  return 'enum' in schema || 'const' in schema || type !== undefined || anyOf?.some(isScalar) === true
}

function takesAnyString (schema: JsonSchema): boolean {
  const { type, anyOf } = schema as { type?: string, anyOf?: JsonSchema[] }
  if (anyOf !== undefined) return anyOf.some(takesAnyString)
  return type === 'string' && !['pattern', 'format', 'enum', 'const', 'maxLength'].some(keyword => keyword in schema)
}

/** `schema`, or `other`: what an editor shows (description, default, examples) stays outside. */
function alternative (schema: JsonSchema, other: JsonSchema): JsonSchema {
  const { title, description, default: value, examples, doNotSuggest, ...rules } = schema
  const shown = {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(value === undefined ? {} : { default: value }),
    ...(examples === undefined ? {} : { examples }),
    ...(doNotSuggest === undefined ? {} : { doNotSuggest })
  }
  const { anyOf, ...others } = rules
  if (Array.isArray(anyOf) && Object.keys(others).length === 0) return { ...shown, anyOf: [...anyOf, other] }
  return { ...shown, anyOf: [rules, other] }
}

function mapValues (values: Readonly<Record<string, JsonSchema>>, change: (value: JsonSchema) => JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]))
}
