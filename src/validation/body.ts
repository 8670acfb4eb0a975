import type { FastifyRequest } from 'fastify'
import { HeaderList } from '../proxy/fields/header-list.ts'
import { violations } from './errors.ts'
import { readForm, readMultipart } from './form-body.ts'
import { createJsonReader } from './json-reader.ts'
import type { JsonLimits } from './json-scanner.ts'
import { type BodyKind, fit, kindOf, type MediaType, parseMediaType } from './media-type.ts'
import type { Schema, SchemaSet, Validator } from './schema-set.ts'
import { shapeOf, type Shape } from './shape.ts'
import type { Violation } from './violation.ts'

/** A type that bodies may have. */
export interface BodyContent {
  /** `application/*` is one, too. */
  readonly range: MediaType
  /** null: anything. */
  readonly schema: Schema | null
}

export interface BodyOptions {
  readonly contents: readonly BodyContent[]
  /** Whether a request with this method has to have a body. */
  required (method: string): boolean
  /** Parameters of the type have to be those of the range. */
  readonly exactParameters: boolean
  readonly limits: JsonLimits
  readonly duplicates: boolean
  /** Violations for one body. */
  readonly most: number
}

/** Why a body isn't accepted: with 400, unless it is of a type that nobody wants. */
export interface BodyFault {
  readonly status: 400 | 415
  readonly found: readonly Violation[]
}

/** Says what is wrong with the body of a request; null: nothing. */
export type BodyCheck = (request: FastifyRequest) => BodyFault | null

interface Rule {
  readonly range: MediaType
  readonly validator: Validator | null
  readonly shape: Shape
}

interface Verdict {
  readonly kind: BodyKind
  readonly rule: Rule
}

/** How many Content-Types are remembered: clients that invent more only make each a little dearer. */
const REMEMBERED = 200

const MESSAGES: Readonly<Record<string, string>> = {
  syntax: 'is malformed',
  encoding: 'is not UTF-8',
  duplicate: 'has a name twice in one object',
  depth: 'is nested too deep',
  totalMembers: 'has too many members',
  members: 'has an object with too many members',
  items: 'has a list with too many items',
  nameLength: 'has a name that is too long',
  textLength: 'has a text that is too long'
}

export function compileBody (set: SchemaSet, options: BodyOptions): BodyCheck {
  const { limits, most } = options
  const rules = options.contents.map(({ range, schema }): Rule => ({
    range,
    validator: schema === null ? null : set.compile(schema),
    shape: schema === null ? NO_SHAPE : shapeOf(set, schema)
  }))
  const readJson = createJsonReader(limits, options.duplicates)
  const verdicts = new Map<string, Verdict | BodyFault>()

  return function checkBody (request) {
    const { upstream, method } = request.gateway
    // what goes up: a plugin before this one may have changed it
    const replaced = upstream?.body
    const body = Buffer.isBuffer(replaced) ? replaced : request.body
    if (!Buffer.isBuffer(body) || body.length === 0) return options.required(method) ? bad('required', 'is missing') : null
    const headers = upstream?.headers ?? new HeaderList(request.raw.rawHeaders)
    const coding = headers.get('content-encoding')
    if (coding !== undefined && coding.toLowerCase() !== 'identity') return UNREADABLE
    const [contentType, ...others] = headers.getAll('content-type')
    if (contentType === undefined) return NO_TYPE
    if (others.length > 0) return BAD_TYPE
    let verdict = verdicts.get(contentType)
    if (verdict === undefined) {
      if (verdicts.size >= REMEMBERED) verdicts.clear()
      verdicts.set(contentType, verdict = decide(contentType))
    }
    return 'status' in verdict ? verdict : validate(body, contentType, verdict)
  }

  function decide (contentType: string): Verdict | BodyFault {
    const type = parseMediaType(contentType)
    if (type === null) return BAD_TYPE
    const kind = kindOf(type)
    let best: Rule | null = null
    let bestFit = 0
    for (const rule of rules) {
      const how = fit(type, rule.range)
      if (how <= bestFit || (options.exactParameters && !sameParameters(type, rule.range, kind))) continue
      best = rule
      bestFit = how
    }
    if (best === null) return WRONG_TYPE
    if (kind === 'other') {
      // nobody gets past the schema by a type of the client's choice: only one that the file names
      return best.validator === null || bestFit === 3 ? { kind, rule: best } : WRONG_TYPE
    }
    const charset = type.parameters.get('charset')
    return charset === undefined || /^utf-?8$/i.test(charset) ? { kind, rule: best } : WRONG_CHARSET
  }

  function validate (body: Buffer, contentType: string, { kind, rule: { validator, shape } }: Verdict): BodyFault | null {
    if (kind === 'other') return null
    const { fault, value, values } = kind === 'json'
      ? readJson(body)
      : kind === 'form' ? readForm(body, { shape, most: limits.totalMembers, readJson }) : readMultipart(body, contentType, { shape, most: limits.totalMembers, readJson })
    if (fault !== null) return bad(fault, MESSAGES[fault] as string)
    if (validator === null) return null
    const found = violations(validator, value, values, 'body', undefined, most)
    return found === null ? null : { status: 400, found }
  }
}

const NO_SHAPE: Shape = { types: new Set(), items: null, properties: new Map() }

function bad (keyword: string, message: string): BodyFault {
  return { status: 400, found: [{ in: 'body', keyword, message }] }
}

const BAD_TYPE = bad('content-type', 'has a Content-Type that is malformed or stands twice')
const NO_TYPE = wrong('content-type', 'has no Content-Type')
const WRONG_TYPE = wrong('content-type', 'has a Content-Type that is not allowed')
const WRONG_CHARSET = wrong('content-type', 'has to be UTF-8')
const UNREADABLE = wrong('content-encoding', 'is compressed, so that it can\'t be validated')

function wrong (keyword: string, message: string): BodyFault {
  return { status: 415, found: [{ in: 'body', keyword, message }] }
}

function sameParameters (type: MediaType, range: MediaType, kind: BodyKind): boolean {
  for (const [name, value] of range.parameters) {
    if (type.parameters.get(name)?.toLowerCase() !== value.toLowerCase()) return false
  }
  for (const [name, value] of type.parameters) {
    if (range.parameters.has(name)) continue
    // these say nothing that isn't known: JSON and forms are UTF-8, and no multipart body goes without its boundary
    if (name === 'charset' && kind !== 'other' && /^utf-?8$/i.test(value)) continue
    if (name === 'boundary' && kind === 'multipart') continue
    return false
  }
  return true
}
