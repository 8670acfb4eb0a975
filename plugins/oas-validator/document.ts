import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type CheckContext, type CheckFinding, type Dialect, type Direction, type Member, type Schema, SchemaSet } from '../../src/plugin.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Something of a document, and where it stands. */
export interface Place {
  readonly member: Member
  readonly pointer: string
  readonly value: unknown
}

/** What schemas of 3.1 and 3.2 are written in, unless `jsonSchemaDialect` names another one. */
const OWN_DIALECT = /^https?:\/\/(?:json-schema\.org\/draft\/2020-12\/schema#?$|spec\.openapis\.org\/oas\/3\.[12]\/dialect\/)/

/** References in a row before it must be a circle. */
const MOST_REFERENCES = 20

/** An OpenAPI document as it is for one direction: schemas are another thing for requests than for answers. */
export class OpenApi {
  readonly set: SchemaSet
  /** null: it can't be read, or is none; there is a finding. */
  readonly root: Place | null

  constructor (file: string, directory: string, direction: Direction, reads?: CheckContext['reads']) {
    const path = resolve(directory, file)
    const inside = relative(directory, path)
    const home = inside.startsWith('..') || isAbsolute(inside) ? dirname(path) : directory
    // the dialect is only known once the document is read
    const probe = new SchemaSet({ directory: home, dialect: 'draft202012', direction, reads })
    const member = probe.addFile(relative(home, path), '/spec_file')
    const dialect = member === null ? undefined : this.#dialect(probe, member)
    this.set = dialect === undefined ? probe : new SchemaSet({ directory: home, dialect, direction, reads })
    const again = dialect === undefined ? null : this.set.addFile(relative(home, path), '/spec_file')
    if (dialect !== undefined) this.set.findings.push(...probe.findings)
    this.root = again === null ? null : { member: again, pointer: '', value: again.value }
  }

  get findings (): CheckFinding[] {
    return this.set.findings
  }

  /** What stands below a place, references followed; null: nothing, or a finding. */
  get (place: Place, ...steps: string[]): Place | null {
    let at: Place = place
    for (const step of steps) {
      const { value } = at
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null
      at = { member: at.member, pointer: `${at.pointer}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`, value: (value as Fields)[step] }
    }
    return this.#follow(at)
  }

  /** A schema: its references are the schema's own business. */
  schema ({ member, pointer }: Place, step: string): Schema {
    return this.set.use(member, `${pointer}/${step}`)
  }

  report ({ member, pointer }: Place, message: string, mend: string, severity?: 'error' | 'warning'): void {
    this.set.report(member, pointer, message, mend, severity)
  }

  #follow (start: Place): Place | null {
    let place = start
    for (let count = 0; count < MOST_REFERENCES; count++) {
      const reference = fieldsOf(place.value)['$ref']
      if (typeof reference !== 'string') return place
      const target = this.set.follow(reference, place.member, `${place.pointer}/$ref`)
      if (target === null) return null
      place = { ...target, value: valueAt(target.member.value, target.pointer) }
    }
    this.report(start, 'this reference leads in a circle', 'Write what it means.')
    return null
  }

  #dialect (set: SchemaSet, member: Member): Dialect | undefined {
    const { openapi, jsonSchemaDialect: named } = fieldsOf(member.value)
    if (typeof openapi !== 'string' || !/^3\.[012]\.\d+/.test(openapi)) {
      const older = fieldsOf(member.value)['swagger'] !== undefined
      set.report(member, '', `this is no OpenAPI 3.0, 3.1 or 3.2 document: ${older ? 'it is Swagger' : '`openapi` doesn\'t say so'}`, older ? 'Convert it to OpenAPI 3 (npx swagger2openapi).' : 'Write `openapi: 3.1.0`, or convert an older document.')
      return undefined
    }
    if (openapi.startsWith('3.0')) return 'openapi30'
    if (named !== undefined && !OWN_DIALECT.test(String(named))) set.report(member, '/jsonSchemaDialect', 'schemas in another dialect than that of OpenAPI or 2020-12 are not read', 'Write the schemas in JSON Schema 2020-12, and leave `jsonSchemaDialect` out.')
    return 'draft202012'
  }
}

/** An object's members; none for anything else. */
export function fieldsOf (value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}

function valueAt (root: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).reduce<unknown>((value, token) => (value as Fields)[token.replaceAll('~1', '/').replaceAll('~0', '~')], root)
}
