import { Type } from 'typebox'
import type { TObject } from 'typebox'
import type { ErrorObject } from 'ajv'
import { collect } from '../collect.ts'
import type { Steps } from '../../steps.ts'
import type { RawEntity } from '../collect.ts'
import { entitySchema, envelopeSchema } from '../entities/envelope.ts'
import { isCredential, type EntityKind } from '../entities/kinds.ts'
import type { Pointer } from '../model.ts'
import { createRegexChecker } from '../regex/safety.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { createAjv } from './ajv.ts'
import type { ValidateFunction } from './ajv.ts'
import { EntityContext } from './context.ts'
import { formatVersion } from './format-version.ts'
import { checkGateway } from './gateway.ts'
import { refusedCheck, refusedProtocol } from './later.ts'
import type { Message, SchemaPart } from './messages.ts'
import { dropNulls } from './nulls.ts'
import { checkCredential } from './credential.ts'
import { checkRoute } from './route.ts'
import { checkService } from './service.ts'
import { checkTarget } from './target.ts'
import { translate } from './translate.ts'
import { explainKey, placeOf } from './unknown-keys.ts'
import { checkUpstream } from './upstream.ts'

interface Checked {
  readonly schema: SchemaPart
  readonly validate: ValidateFunction
}

const ajv = createAjv(true)
const compiled = new Map<EntityKind | 'file', Checked>()

/** Compiled at the first use of each and kept: the schemas are constants, and compiling one costs more than checking a small file. */
function checked (kind: EntityKind | 'file'): Checked {
  let found = compiled.get(kind)
  if (found === undefined) {
    const anything = (): ReturnType<typeof Type.Unknown> => Type.Unknown()
    const schema: TObject = kind === 'file' ? envelopeSchema(anything) : entitySchema(kind, anything)
    found = { schema: schema as SchemaPart, validate: ajv.compile(schema) }
    compiled.set(kind, found)
  }
  return found
}

/** Checks the file but for the plugins' own options. One instance serves one load. */
export class Envelope {
  readonly #source: Source
  readonly #report: Report
  readonly #checkRegex = createRegexChecker()
  #accepted = true

  constructor (source: Source, report: Report) {
    this.#source = source
    this.#report = report
  }

  /** Whether every schema took what it was given. Beside the report, which could leave something out. */
  get accepted (): boolean {
    return this.#accepted
  }

  /**
   * @param file the file's own copy of its values: defaults are filled in, nulls taken out
   * @returns all entities, those with mistakes included: what refers to them is right to do so
   */
  * check (file: Record<string, unknown>): Steps<RawEntity[]> {
    // here null means something: no admin listener
    const gateway = file['gateway'] as Record<string, unknown> | null | undefined
    if (gateway?.['admin'] === null) gateway['admin'] = 'off'
    file['gateway'] ??= {}
    this.#validate(checked('file'), file, '', error => formatVersion(error, this.#source, this.#report))
    const settings = file['gateway']
    if (typeof settings === 'object' && settings !== null) {
      checkGateway(settings as Record<string, unknown>, new EntityContext(this.#source, this.#report, '/gateway', this.#checkRegex))
    }
    normalizeSnis(file)
    const entities = collect(file)
    for (const entity of entities) {
      yield
      this.#entity(entity, file['_transform'] === false)
    }
    return entities
  }

  #entity (entity: RawEntity, hashed: boolean): void {
    const { kind, pointer, fields } = entity
    this.#validate(checked(kind), fields, pointer, undefined, kind)
    if (typeof fields !== 'object' || fields === null) return
    const context = new EntityContext(this.#source, this.#report, pointer, this.#checkRegex)
    if (kind === 'service') entity.address = checkService(fields, context)
    else if (kind === 'route') checkRoute(fields, context)
    else if (isCredential(kind)) checkCredential(entity, context, hashed)
    else if (kind === 'upstream') checkUpstream(fields, context)
    else if (kind === 'target') checkTarget(entity, context)
    else if (kind === 'plugin') checkAudience(fields, context)
    else if (kind === 'consumer' && ['username', 'custom_id'].every(key => fields[key] === undefined && !context.isBroken([key]))) {
      context.at([], { rule: 'required', cause: 'at least one of these fields must be non-empty: \'username\', \'custom_id\'', mend: 'Add `username`.' })
    }
  }

  #validate ({ schema, validate }: Checked, value: unknown, pointer: Pointer, special?: (error: ErrorObject) => Message | undefined, kind?: EntityKind): void {
    dropNulls(value, schema)
    if (validate(value)) return
    this.#accepted = false
    translate(validate.errors ?? [], this.#source, this.#report, {
      pointer,
      ownRootChecks: true,
      unknown: (key, parent, known) => explainKey(key, placeOf(parent, kind), known),
      value: (error, at) => special?.(error) ?? (isProtocol(at) ? refusedProtocol(error.data) : isCheckType(at) ? refusedCheck(error.data) : undefined)
    })
  }
}

/** Server names that stand in their certificate may be plain texts; of all of them, neither case nor a dot at the end means anything. */
function normalizeSnis ({ certificates, snis }: Record<string, unknown>): void {
  const lists = [snis, ...Array.isArray(certificates) ? certificates.map(one => (one as { snis?: unknown } | null)?.snis) : []]
  for (const list of lists) {
    if (!Array.isArray(list)) continue
    list.forEach((item: unknown, index) => {
      if (typeof item === 'string' && list !== snis) list[index] = item = { name: item }
      const named = item as { name?: unknown } | null
      if (typeof named?.name === 'string' && Object.isExtensible(named)) named.name = named.name.toLowerCase().replace(/(?<=.)\.$/, '')
    })
  }
}

/** Whom an entry is for. */
function checkAudience (fields: Readonly<Record<string, unknown>>, context: EntityContext): void {
  if (fields['consumer'] === undefined || fields['consumer_group'] === undefined) return
  context.at(['consumer_group'], { rule: 'field-conflict', cause: 'only one or none of these fields must be set: \'consumer\', \'consumer_group\'', mend: 'Write two entries.' })
}

function isProtocol (pointer: Pointer): boolean {
  return /\/(?:protocol|protocols\/\d+)$/.test(pointer)
}

function isCheckType (pointer: Pointer): boolean {
  return /\/healthchecks\/(?:active|passive)\/type$/.test(pointer)
}
