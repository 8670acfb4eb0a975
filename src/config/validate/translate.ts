import type { ErrorObject } from 'ajv'
import type { Pointer } from '../model.ts'
import { nearest } from '../nearest.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { messageFor, missing, oneOf, unknownKey, wrongType } from './messages.ts'
import type { Message, SchemaPart } from './messages.ts'

/** How the caller wants particular errors said. */
export interface Translation {
  /** What stands in the file where the schema has its root. */
  readonly pointer: Pointer
  /** A better message for an unknown key; undefined: none. */
  unknown? (key: string, parent: Pointer, known: readonly string[]): Message | undefined
  /** A better message for a value; undefined: none. */
  value? (error: ErrorObject, pointer: Pointer): Message | undefined
  /** The root's own `anyOf` is checked by hand, in Kong's words. */
  readonly ownRootChecks?: boolean
}

/** Turns ajv's errors into diagnostics: in Kong's words, at their place, and one a mistake where ajv has several. */
export function translate (errors: readonly ErrorObject[], source: Source, report: Report, options: Translation): void {
  new Translator(source, report, options).translate(errors)
}

class Translator {
  readonly #source: Source
  readonly #report: Report
  readonly #options: Translation

  constructor (source: Source, report: Report, options: Translation) {
    this.#source = source
    this.#report = report
    this.#options = options
  }

  translate (errors: readonly ErrorObject[]): void {
    // an alternative's errors come with those of its branches; the outermost alternative speaks for all of them
    const unions = errors.filter(error => error.keyword === 'anyOf' || error.keyword === 'oneOf')
    const empty = new Set(errors.filter(error => error.keyword === 'minLength').map(error => error.instancePath))
    // what a mistyped key was meant to be is known before something is said to be missing
    for (const error of [...errors.filter(isUnknownKey), ...errors.filter(error => !isUnknownKey(error))]) {
      // that an empty text has no form follows from its being empty
      if ((error.keyword === 'pattern' || error.keyword === 'format') && empty.has(error.instancePath)) continue
      if (unions.some(union => union !== error && isInside(error, union))) continue
      if (unions.includes(error)) this.#union(error, errors.filter(inner => inner !== error && isInside(inner, error)))
      else this.#single(error)
    }
  }

  #single (error: ErrorObject): void {
    const parent = this.#options.pointer + error.instancePath
    switch (error.keyword) {
      // the reason is an error of its own
      case 'if': case 'propertyNames':
        return
      // how many there are isn't known
      case 'minProperties': case 'minItems': case 'contains':
        if (this.#source.holdsBroken(parent)) return
        break
      case 'additionalProperties':
        this.#unknown(error.params['additionalProperty'] as string, parent, Object.keys((error.parentSchema as SchemaPart).properties ?? {}))
        return
      case 'required':
        this.#missing(error.params['missingProperty'] as string, parent, this.#options.value?.(error, parent))
        return
      case 'dependencies': {
        const { property, missingProperty } = error.params as { property: string, missingProperty: string }
        if (this.#source.isBroken(join(parent, missingProperty))) return
        const message = missing(missingProperty)
        this.#report.at(this.#source, join(parent, property), { ...message, cause: `${message.cause}, which '${property}' needs` }, 'key')
        return
      }
    }
    if (error.propertyName !== undefined) {
      const message = messageFor(error, error.propertyName)
      this.#report.at(this.#source, join(parent, error.propertyName), message, 'key')
      return
    }
    const message = this.#options.value?.(error, parent) ?? messageFor(error, this.#shown(parent, error.data), this.#source.textOf(parent))
    this.#report.at(this.#source, parent, message)
  }

  #unknown (key: string, parent: Pointer, known: readonly string[]): void {
    const message = this.#options.unknown?.(key, parent, known) ?? unknownKey(key, known)
    this.#report.at(this.#source, join(parent, key), message, 'key')
    const meant = nearest(key, known)
    if (meant !== undefined) this.#source.markMeant(join(parent, meant))
  }

  /** At the value where the file says null, else at what should hold it. */
  #missing (key: string, parent: Pointer, message = missing(key)): void {
    const pointer = join(parent, key)
    if (this.#source.isBroken(pointer)) return
    this.#report.at(this.#source, this.#source.has(pointer) ? pointer : parent, message)
  }

  #union (error: ErrorObject, inner: readonly ErrorObject[]): void {
    if (this.#options.ownRootChecks === true && error.schemaPath === '#/anyOf') return
    const pointer = this.#options.pointer + error.instancePath
    const isBroken = (field: string | undefined): boolean => field !== undefined && this.#source.isBroken(join(pointer, field))
    const branches = ((error.parentSchema as SchemaPart)[error.keyword as 'anyOf' | 'oneOf'] ?? [])
    const fields = branches.map(onlyRequires)
    const names = fields.flatMap(field => field === undefined ? [] : [`'${field}'`])
    if (names.length === branches.length) {
      if (fields.some(isBroken)) return
      const quantity = error.keyword === 'oneOf' ? 'exactly' : 'at least'
      this.#report.at(this.#source, pointer, { rule: 'required', cause: `${quantity} one of these fields must be non-empty: ${names.join(', ')}`, mend: `Add ${error.keyword === 'oneOf' ? 'one of them' : 'one'}.` })
      return
    }
    const shown = this.#shown(pointer, error.data)
    if (error.keyword === 'oneOf' && error.params['passingSchemas'] !== null) {
      if (this.#source.holdsBroken(pointer)) return
      this.#report.at(this.#source, pointer, { rule: 'bad-format', cause: 'this value fits more than one of the allowed forms', mend: 'Leave out what belongs to the other form.' })
      return
    }
    const values = branches.map(constants)
    if (values.every(value => value !== undefined)) {
      this.#report.at(this.#source, pointer, oneOf(values.flat(), shown))
      return
    }
    const likely = this.#likely(error, branches, inner)
    if (likely.length === 0) this.#report.at(this.#source, pointer, this.#options.value?.(error, pointer) ?? wrongType(branches, shown, this.#source.textOf(pointer)))
    else if (likely.length === 1) this.translate(likely[0] as ErrorObject[])
    else this.#records(pointer, error, likely)
  }

  /** The errors of each branch that the value was probably meant for: its type fits, and so do its constants. */
  #likely (union: ErrorObject, branches: readonly SchemaPart[], inner: readonly ErrorObject[]): ErrorObject[][] {
    const byBranch = branches.map((_, index) => inner.filter(error => error.schemaPath.startsWith(`${union.schemaPath}/${index}/`)))
    const typed = byBranch.filter(errors => errors.length > 0 && !errors.some(error =>
      error.instancePath === union.instancePath && ['type', 'const', 'enum'].includes(error.keyword)))
    const discriminated = typed.filter(errors => !errors.some(error => error.keyword === 'const'))
    return discriminated.length > 0 ? discriminated : typed
  }

  /** Several closed objects could be meant: say what is wrong in all of them. */
  #records (pointer: Pointer, union: ErrorObject, likely: readonly ErrorObject[][]): void {
    const branches = ((union.parentSchema as SchemaPart)[union.keyword as 'anyOf' | 'oneOf'] ?? []).filter(branch => branch.type === 'object')
    const known = [...new Set(branches.flatMap(branch => Object.keys(branch.properties ?? {})))]
    const unknown = Object.keys(union.data as object).filter(key => !known.includes(key))
    for (const key of unknown) this.#unknown(key, pointer, known)
    if (unknown.length > 0) return
    const wrong = likely.map(errors => errors.filter(error => error.keyword !== 'required' && error.keyword !== 'additionalProperties'))
    const deepest = wrong.find(errors => errors.length > 0)
    if (deepest !== undefined) {
      this.translate(deepest)
      return
    }
    if (this.#source.holdsBroken(pointer)) return
    const required = [...new Set(branches.flatMap(branch => branch.required ?? []))].map(name => `'${name}'`)
    this.#report.at(this.#source, pointer, { rule: 'required', cause: `exactly one of these fields must be non-empty: ${required.join(', ')}`, mend: 'Write one of them.' })
  }

  #shown (pointer: Pointer, value: unknown): unknown {
    return this.#source.isSecret(pointer) ? undefined : value
  }
}

function isUnknownKey ({ keyword }: ErrorObject): boolean {
  return keyword === 'additionalProperties'
}

function isInside (error: ErrorObject, union: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/`) && error.instancePath.startsWith(union.instancePath)
}

/** `{ required: [one] }` and nothing else. */
function onlyRequires (schema: SchemaPart): string | undefined {
  return Object.keys(schema).length === 1 && schema.required?.length === 1 ? schema.required[0] : undefined
}

function constants (schema: SchemaPart): readonly unknown[] | undefined {
  return schema.enum ?? ('const' in schema ? [schema.const] : undefined)
}
