import { isAbsolute, relative, resolve } from 'node:path'
import { nearest } from '../config/nearest.ts'
import { join } from '../config/pointer.ts'
import { createRegexChecker } from '../config/regex/safety.ts'
import { modernize, relaxRequired, type SchemaObject } from './dialect.ts'
import { valueAt } from './documents.ts'
import { innerSchemas } from './keywords.ts'
import { metaProblem } from './meta-schema.ts'
import type { Member, Schema, SchemaSet } from './schema-set.ts'

/** References that are resolved while a body is validated: within the schema alone. */
const DYNAMIC = ['$dynamicRef', '$recursiveRef']

/**
 * Goes through schemas before they are compiled: finds what is wrong at its place, loads the files that references name,
 * and writes older dialects in the newer one's words.
 */
export class SchemaWalk {
  /** Documents by the address that they call themselves. */
  readonly names = new Map<string, Member>()
  /** One of them refers to itself, perhaps through others. */
  recursive = false
  readonly #set: SchemaSet
  readonly #seen = new Set<object>()
  /** Those that are being visited. */
  readonly #open = new Set<object>()
  readonly #checkRegex = createRegexChecker()

  constructor (set: SchemaSet) {
    this.#set = set
  }

  walk (member: Member, pointer: string): void {
    const schema = valueAt(member.value, pointer)
    if (typeof schema === 'object' && schema !== null && this.#knows(schema)) return
    this.#visit(schema, member, pointer)
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
    // after the visit: it is the newer drafts' schema that is looked at
    const problem = metaProblem(this.#set.options.dialect, schema)
    if (problem !== null) this.#set.report(member, pointer + problem.pointer, problem.message, 'Write what JSON Schema has there.')
  }

  #visit (schema: unknown, member: Member, pointer: string): void {
    if (typeof schema === 'boolean') return
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      this.#set.report(member, pointer, 'a schema is an object, or true or false', 'Write an object with `type`, `properties` and so on.')
      return
    }
    if (this.#knows(schema)) return
    this.#seen.add(schema)
    this.#open.add(schema)
    const object = schema as SchemaObject
    const { dialect, direction } = this.#set.options
    modernize(object, dialect)
    if (direction !== undefined) relaxRequired(object, direction, inner => this.#target(inner, member, pointer))
    leadWithConstants(object)
    this.#keywords(object, member, pointer)
    this.#regexes(object, member, pointer)
    this.#format(object, member, pointer)
    if (typeof object['$id'] === 'string') this.#set.report(member, join(pointer, '$id'), 'a schema inside of another has an address of its own', 'Move it into a file of its own, or remove `$id` and refer to it with a pointer.')
    for (const keyword of DYNAMIC) {
      const target = object[keyword]
      if (target !== undefined) this.recursive = true
      if (typeof target === 'string' && !/^#[^/]/.test(target)) this.#set.report(member, join(pointer, keyword), 'it has to name a `$dynamicAnchor` of the same schema', 'Write `$ref`.')
    }
    if (typeof object['$ref'] === 'string') object['$ref'] = this.#reference(object['$ref'], member, join(pointer, '$ref'))
    for (const [steps, inner] of innerSchemas(object)) this.#visit(inner, member, steps.reduce(join, pointer))
    this.#open.delete(schema)
  }

  /** What a schema refers to. */
  #target ({ $ref }: SchemaObject, member: Member, pointer: string): SchemaObject | null {
    // one that has been visited names its target in ajv's way
    const target = this.#set.find($ref as string) ?? this.follow($ref as string, member, pointer)
    return target === null ? null : valueAt(target.member.value, target.pointer) as SchemaObject | null
  }

  #knows (schema: object): boolean {
    if (this.#open.has(schema)) this.recursive = true
    return this.#seen.has(schema)
  }

  #keywords (schema: SchemaObject, member: Member, pointer: string): void {
    const { RULES } = this.#set.quick
    for (const keyword of Object.keys(schema)) {
      if (keyword.startsWith('x-')) delete schema[keyword]
      else if (RULES.keywords[keyword] === undefined) {
        const guess = nearest(keyword, Object.keys(RULES.keywords))
        if (this.#set.options.direction !== undefined && guess === undefined) {
          // other tools' words are common in OpenAPI documents
          delete schema[keyword]
          this.#set.report(member, join(pointer, keyword), `the schema has a keyword that means nothing: '${keyword}'`, 'Remove it, or start its name with `x-`.', 'warning')
        } else this.#set.report(member, join(pointer, keyword), `the schema has a keyword that means nothing: '${keyword}'`, guess === undefined ? 'Remove it, or start its name with `x-`.' : `Did you mean '${guess}'?`)
      }
    }
  }

  #regexes ({ pattern, patternProperties }: SchemaObject, member: Member, pointer: string): void {
    if (typeof pattern === 'string') this.#regex(pattern, member, join(pointer, 'pattern'))
    if (typeof patternProperties !== 'object' || patternProperties === null) return
    for (const name of Object.keys(patternProperties)) this.#regex(name, member, join(join(pointer, 'patternProperties'), name))
  }

  /** Clients choose what it is tried on. */
  #regex (pattern: string, member: Member, pointer: string): void {
    const verdict = this.#checkRegex(pattern, 'u')
    if (verdict.kind === 'invalid') this.#set.report(member, pointer, `this is no regular expression: ${verdict.reason}`, 'Write it in the syntax of JavaScript, with the flag `u`.')
    else if (verdict.kind === 'vulnerable') this.#set.report(member, pointer, `a client can make this regex run for long (${verdict.growth} time)`, 'Make it unambiguous, and start it with `^`.')
    else if (verdict.kind === 'undecided') this.#set.report(member, pointer, `it couldn't be decided whether this regex always ends soon: ${verdict.reason}`, 'Write a simpler one.')
  }

  #format (schema: SchemaObject, member: Member, pointer: string): void {
    const { formats } = this.#set.quick
    const { format } = schema
    if (typeof format !== 'string' || formats[format] !== undefined) return
    const guess = nearest(format, Object.keys(formats))
    // OpenAPI lets everybody make formats up
    const open = this.#set.options.direction !== undefined
    this.#set.report(member, join(pointer, 'format'), `the format '${format}' is not known, so that it ${open ? 'checks' : 'would check'} nothing`, guess === undefined ? 'Write `pattern` instead.' : `Did you mean '${guess}'?`, open ? 'warning' : 'error')
    if (open) delete schema['format']
  }

  /** The reference as ajv can follow it; what it leads to has been visited. */
  #reference (reference: string, member: Member, pointer: string): string {
    const target = this.follow(reference, member, pointer)
    if (target === null) return reference
    this.walk(target.member, target.pointer)
    return this.#set.addressOf(target.member, splitOnce(reference, '#')[1])
  }

  /** What a reference leads to; the whole document for a name ($anchor), which is ajv's to find. null: there is a finding. */
  follow (reference: string, member: Member, pointer: string): Schema | null {
    const [address = '', fragment = ''] = splitOnce(reference, '#')
    const target = address === '' ? member : this.names.get(address) ?? this.names.get(`${address}#`) ?? this.#file(address, member, pointer)
    if (target === null) return null
    let inner: string
    try {
      inner = decodeURIComponent(fragment)
    } catch {
      inner = fragment
    }
    const at = inner.startsWith('/') ? inner : ''
    if (valueAt(target.value, at) !== undefined) return { member: target, pointer: at }
    this.#set.report(member, pointer, `'${reference}' leads to nothing`, 'Write a JSON pointer: `#/$defs/name`.')
    return null
  }

  /** What is fetched while a gateway starts is what somebody else decides: files alone. */
  #file (address: string, member: Member, pointer: string): Member | null {
    const { directory } = this.#set.options
    if (/^(?:[a-z][a-z\d+.-]*:|\/)/i.test(address)) {
      this.#set.report(member, pointer, `'${address}' is not fetched: schemas come from files beside gateway.yaml`, 'Save it as a file, and write its relative name.')
      return null
    }
    let path: string
    try {
      path = resolve(member.directory, decodeURIComponent(address))
    } catch {
      path = resolve(member.directory, address)
    }
    const inside = relative(directory, path)
    if (inside.startsWith('..') || isAbsolute(inside)) {
      this.#set.report(member, pointer, `'${address}' leads out of the folder of gateway.yaml`, 'Put the file beside gateway.yaml, or below it.')
      return null
    }
    const { path: named, prefix } = member.locate(pointer)
    return this.#set.addFile(inside, named, prefix)
  }
}

/** ajv goes by this order and stops at the first member that is wrong: that is for those that tell branches apart, before all that is deep. */
function leadWithConstants (schema: SchemaObject): void {
  const { properties } = schema
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return
  const tells = ([, inner]: [string, unknown]): boolean => typeof inner === 'object' && inner !== null && ('const' in inner || 'enum' in inner)
  const all = Object.entries(properties)
  schema['properties'] = Object.fromEntries([...all.filter(tells), ...all.filter(one => !tells(one))])
}

function splitOnce (text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
