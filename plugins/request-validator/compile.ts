import {
  type BodyCheck, type CheckContext, type CheckFinding, compileBody, compileParameters, type Dialect, dialectOf, type JsonLimits, type Parameter, type ParameterCheck,
  parseMediaType, type Part, type Schema, SchemaSet, STYLES_OF
} from '../../src/plugin.ts'
import { fromKong, KongSchemaError } from './kong-schema.ts'
import type { Config } from './schema.ts'

/** Methods whose requests may come without a body. */
const BODYLESS = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])

/** What an entry checks, by what becomes of a request that fails. */
export interface Checks {
  readonly body: BodyCheck | null
  readonly blocked: ParameterCheck | null
  readonly logged: ParameterCheck | null
}

/** The schemas of an entry, and everything that is wrong with them. */
class Schemas {
  readonly set: SchemaSet
  readonly findings: CheckFinding[] = []
  readonly body: Schema | null
  readonly parameters: readonly Parameter[]

  constructor (config: Config, directory: string, reads?: CheckContext['reads']) {
    const written = unwrap(config.body_schema)
    this.set = new SchemaSet({ directory, dialect: dialect(config.version, written), reads })
    this.body = written === undefined ? null : this.#body(written, config)
    this.parameters = config.parameter_schema.map(({ schema, ...parameter }, index) => ({
      ...parameter,
      schema: schema === undefined ? null : this.set.addInline(schema, `/parameter_schema/${index}/schema`)
    }))
    this.findings.push(...this.set.findings)
  }

  #body (written: unknown, config: Config): Schema | null {
    // a text keeps its places; a list is Kong's own format
    if (!isKong(config.version, written)) return this.set.addInline(config.body_schema, '/body_schema')
    try {
      return this.set.addInline(fromKong(written), '/body_schema')
    } catch (error) {
      if (!(error instanceof KongSchemaError)) throw error
      this.findings.push({ path: typeof config.body_schema === 'string' ? '/body_schema' : `/body_schema${error.pointer}`, message: error.message, mend: error.mend })
      return null
    }
  }
}

/** What the schema of the options can't say. */
export function * checkConfig (config: Config, { directory, reads }: CheckContext): Generator<CheckFinding> {
  const schemas = new Schemas(config, directory, reads)
  yield * schemas.findings
  if (config.body_schema === undefined && config.parameter_schema.length === 0) {
    yield { path: '', message: 'at least one of `body_schema` and `parameter_schema` is needed', mend: 'Write what requests have to look like.' }
  }
  for (const [index, { in: place, name, style }] of config.parameter_schema.entries()) {
    if (style !== undefined && !STYLES_OF[place].includes(style)) {
      yield { path: `/parameter_schema/${index}/style`, message: `a parameter of the ${place} is never written in this style`, mend: `Write one of ${STYLES_OF[place].join(', ')}.` }
    }
    const first = config.parameter_schema.findIndex(other => other.in === place && (place === 'header' ? other.name.toLowerCase() === name.toLowerCase() : other.name === name))
    if (first < index) yield { path: `/parameter_schema/${index}/name`, message: `the ${place} parameter '${name}' stands here for the second time`, mend: 'Keep one of the two.' }
  }
  for (const [index, text] of config.allowed_content_types.entries()) {
    const range = parseMediaType(text)
    if (range === null || (range.type === '*' && range.subtype !== '*')) {
      yield { path: `/allowed_content_types/${index}`, message: `'${text}' is no media type`, mend: 'Write `application/json`, or `application/*`.' }
    }
  }
  if (schemas.findings.length > 0) return
  for (const schema of [schemas.body, ...schemas.parameters.map(parameter => parameter.schema)]) if (schema !== null) schemas.set.check(schema)
  yield * schemas.set.findings
}

/** @throws Error where `checkConfig` finds something: a file has changed since */
export function compileChecks (config: Config, directory: string): Checks {
  const schemas = new Schemas(config, directory)
  const [problem] = schemas.findings
  if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}`)
  const { actions, max_errors: most } = config
  const limits: JsonLimits = {
    depth: config.max_depth,
    totalMembers: config.max_members,
    members: Infinity,
    items: Infinity,
    nameLength: Infinity,
    textLength: Infinity
  }
  const parametersFor = (action: string): ParameterCheck | null => {
    const chosen = schemas.parameters.filter(parameter => actions[parameter.in] === action)
    return chosen.length === 0 ? null : compileParameters(schemas.set, chosen, most, limits)
  }
  return {
    blocked: parametersFor('block'),
    logged: parametersFor('log'),
    body: schemas.body === null || actions.body === 'off'
      ? null
      : compileBody(schemas.set, {
        contents: config.allowed_content_types.map(text => ({ range: parseMediaType(text) ?? never(text), schema: schemas.body })),
        required: method => !BODYLESS.has(method),
        exactParameters: config.content_type_parameter_validation,
        limits,
        duplicates: config.allow_duplicate_members,
        most
      })
  }
}

/** Whether any part of this kind is looked at at all. */
export function readsBody ({ body_schema: schema, actions }: Config): boolean {
  return schema !== undefined && actions.body !== 'off'
}

export type { Part }

function never (text: string): never {
  throw new Error(`'${text}' is no media type`)
}

/** Kong has JSON in a text. */
function unwrap (schema: unknown): unknown {
  if (typeof schema !== 'string') return schema
  try {
    return JSON.parse(schema)
  } catch {
    // said with its place when it is read again
    return null
  }
}

function isKong (version: Config['version'], schema: unknown): boolean {
  return version === 'kong' || (version === undefined && Array.isArray(schema))
}

function dialect (version: Config['version'], schema: unknown): Dialect {
  if (version !== undefined && version !== 'kong') return version
  if (isKong(version, schema)) return 'draft202012'
  const named = (schema as { $schema?: unknown } | null | undefined)?.$schema
  return (typeof named === 'string' ? dialectOf(named) : undefined) ?? 'draft202012'
}
