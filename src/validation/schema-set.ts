import type { Ajv, ValidateFunction } from 'ajv'
import { dirname, relative, resolve } from 'node:path'
import type { CheckContext } from '../plugin-contract.ts'
import { split } from '../config/pointer.ts'
import { createTrafficAjv } from './ajv.ts'
import { dialectOf, type Dialect, type Direction, type SchemaObject } from './dialect.ts'
import { type Document, DocumentError, parseDocument, readDocument } from './documents.ts'
import { SchemaWalk } from './schema-walk.ts'

/** What is wrong with a schema: `path` as in CheckFinding. */
export interface SchemaFinding {
  readonly path: string
  readonly message: string
  readonly mend: string
  /** Default `error`. */
  readonly severity?: 'error' | 'warning'
}

export interface SchemaSetOptions {
  /** Where names of files start: the folder of gateway.yaml. */
  readonly directory: string
  readonly dialect: Dialect
  /** Of OpenAPI documents: `readOnly` and `writeOnly` count, and formats and keywords that aren't known are a warning alone. */
  readonly direction?: Direction
  /** Told of the files that are read. */
  readonly reads?: CheckContext['reads'] | undefined
}

/** A document and the place in the options that stands for it. */
export interface Member {
  /** Its address for ajv. */
  readonly key: string
  readonly value: unknown
  /** Folder where its references start. */
  readonly directory: string
  /** Path for findings about what a pointer in the document leads to, and what their message starts with. */
  locate (pointer: string): { readonly path: string, readonly prefix: string }
}

/** A schema that can be compiled; null where there are findings. */
export interface Schema {
  readonly member: Member
  readonly pointer: string
}

/** Two ways to ask one schema: quickly, and for all that is wrong. */
export interface Validator {
  readonly quick: ValidateFunction
  readonly thorough: ValidateFunction
}

/**
 * Where a document stands in what ajv is given: it compiles the root of everything that it resolves a reference into, and a
 * document need not be a schema there.
 */
const INSIDE = '/$defs/document'

/**
 * The schemas of one plugin entry, with the files that they refer to.
 *
 * Findings are collected; who goes on in spite of them gets a throw from {@link compile}.
 */
export class SchemaSet {
  readonly findings: SchemaFinding[] = []
  readonly options: SchemaSetOptions
  readonly quick: Ajv
  readonly #thorough: Ajv
  readonly #members = new Map<string, Member>()
  readonly #walk: SchemaWalk

  constructor (options: SchemaSetOptions) {
    this.options = options
    this.quick = createTrafficAjv(options.dialect, false, options.direction)
    this.#thorough = createTrafficAjv(options.dialect, true, options.direction)
    this.#walk = new SchemaWalk(this)
  }

  /**
   * A schema of the options: an object of the file, or JSON in a text.
   *
   * @param path of the option, as in CheckFinding
   */
  addInline (written: unknown, path: string): Schema {
    let value = written
    let place = (pointer: string): string => pointer
    let inText = false
    if (typeof written === 'string') {
      inText = true
      try {
        const document = parseDocument(written, 'schema')
        value = document.value
        place = document.place
      } catch (error) {
        this.fail(error, path)
        value = false
      }
    }
    const member: Member = {
      key: `file:///inline/${this.#members.size}`,
      value: structuredClone(value),
      directory: this.options.directory,
      locate: pointer => inText ? { path, prefix: `${place(pointer)}: ` } : { path: path + pointer, prefix: '' }
    }
    this.#add(member)
    return this.use(member, '')
  }

  /**
   * A file.
   *
   * @param file from the folder of gateway.yaml
   * @param path of the option or the `$ref` that names it
   * @param prefix where it is named, in front of what is wrong
   * @returns null when it can't be read: there is a finding
   */
  addFile (file: string, path: string, prefix = ''): Member | null {
    const absolute = resolve(this.options.directory, file)
    const key = `file://${encodeURI(absolute)}`
    const known = this.#members.get(key)
    if (known !== undefined) return known
    let document: Document
    try {
      document = readDocument(this.options.directory, relative(this.options.directory, absolute), this.options.reads)
    } catch (error) {
      this.fail(error, path, prefix)
      return null
    }
    const member: Member = {
      key,
      value: document.value,
      directory: dirname(absolute),
      locate: pointer => ({ path, prefix: `${document.place(pointer)}: ` })
    }
    this.#add(member)
    return member
  }

  /** The schema to which a pointer leads. */
  use (member: Member, pointer: string): Schema {
    this.#walk.walk(member, pointer)
    return { member, pointer }
  }

  /** @throws Error where the schema has findings */
  compile ({ member, pointer }: Schema): Validator {
    const first = this.findings.find(isError)
    if (first !== undefined) throw new Error(`${first.path}: ${first.message}. ${first.mend}`)
    const reference = { $ref: this.addressOf(member, split(pointer).map(token => `/${encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')) }
    const quick = this.quick.compile(reference)
    // ajv goes on in each branch of a `oneOf` that has failed: where branches lead back to it, the work is theirs to the power of the depth
    return { quick, thorough: this.#walk.recursive ? quick : this.#thorough.compile(reference) }
  }

  /** Compiles to see whether that works: what no rule of ours has found. */
  check (schema: Schema): void {
    if (this.findings.some(isError)) return
    try {
      this.compile(schema)
    } catch (error) {
      const { path, prefix } = schema.member.locate(schema.pointer)
      this.findings.push({ path, message: `${prefix}the schema doesn't compile: ${(error as Error).message}`, mend: 'Write a schema of the version that is set.' })
    }
  }

  /** @param fragment of the document's own references, without `#` */
  addressOf (member: Member, fragment: string): string {
    return fragment === '' || fragment.startsWith('/') ? `${member.key}#${INSIDE}${fragment}` : `${member.key}#${fragment}`
  }

  /** What a reference leads to that the walk has rewritten. */
  find (reference: string): Schema | null {
    const hash = reference.indexOf('#')
    const member = this.#members.get(reference.slice(0, hash))
    return member === undefined ? null : { member, pointer: pointerOf(reference.slice(hash + 1)) }
  }

  report (member: Member, pointer: string, message: string, mend: string, severity: 'error' | 'warning' = 'error'): void {
    const { path, prefix } = member.locate(pointer)
    this.findings.push({ path, message: prefix + message, mend, severity })
  }

  /** What a reference of a document leads to, in it or in another file; null: there is a finding. */
  follow (reference: string, member: Member, pointer: string): Schema | null {
    return this.#walk.follow(reference, member, pointer)
  }

  fail (error: unknown, path: string, prefix = ''): void {
    if (!(error instanceof DocumentError)) throw error
    this.findings.push({ path, message: prefix + error.message, mend: error.mend })
  }

  #add (member: Member): void {
    this.#members.set(member.key, member)
    // the key is its name from here on: its own could be an address, against which names of files mean nothing
    const { value } = member
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const root = value as SchemaObject
      this.#dialect(member, root)
      delete root['$schema']
      if (typeof root['$id'] === 'string' || typeof root['id'] === 'string') {
        this.#walk.names.set((root['$id'] ?? root['id']) as string, member)
        delete root['$id']
        if (typeof root['id'] === 'string') delete root['id']
      }
    }
    for (const ajv of [this.quick, this.#thorough]) ajv.addSchema({ $defs: { document: value } }, member.key)
  }

  #dialect (member: Member, { $schema }: SchemaObject): void {
    if (typeof $schema !== 'string') return
    const dialect = dialectOf($schema)
    if (dialect === undefined) this.report(member, '/$schema', `the dialect '${$schema}' is not known`, 'Write the address of draft-04, 06, 07, 2019-09 or 2020-12, or leave it out.')
    else if (dialect !== this.options.dialect) this.report(member, '/$schema', `this is a schema of ${dialect}, and \`version\` says ${this.options.dialect}`, 'Make both say the same.')
  }
}

function isError ({ severity }: SchemaFinding): boolean {
  return severity !== 'warning'
}

/** A name ($anchor) stands for the whole document. */
function pointerOf (fragment: string): string {
  return fragment.startsWith(INSIDE) ? decodeURIComponent(fragment.slice(INSIDE.length)) : ''
}
