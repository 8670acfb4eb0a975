import { CUT } from '../../cli/print/tree.ts'
import { secretFieldSteps } from '../../config/lint/secrets.ts'
import type { Entity, Pointer } from '../../config/model.ts'
import { join } from '../../config/pointer.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { version } from '../../version.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import type { ComparableView } from '../api/types.ts'
import { secretHash } from '../secret-hash.ts'

/** Secrets of any form: who has a hash of a short one can try values, and who reads these must not have the key of a certificate. */
const ALWAYS = { keyauth_credentials: 'digest', basicauth_credentials: 'password', certificates: 'key' } as const

/** @param key what hashes of secrets are keyed with; null: there are none */
export function * comparableView (file: RunnableFile, snapshot: number, key: Buffer | null): Steps<ComparableView> {
  const { config, source, plugins, overrides = {} } = file
  const { gateway, credentials, file: name, ...entities } = config
  const cutter = new Cutter(file, key, yield * secretFieldSteps(config, source, plugins.registry))
  function * collections (map: object, at: Pointer): Steps<Record<string, unknown>> {
    const made: Record<string, unknown> = {}
    for (const [collection, list] of Object.entries(map) as Array<[string, readonly Entity[]]>) {
      made[collection] = yield * mapSteps(list, (entity, index) => cutter.entity(collection, entity, `${at}/${collection}/${index}`))
    }
    return made
  }
  const cut = {
    file: name,
    gateway: cutter.value(gateway, '/gateway', '/gateway'),
    ...yield * collections(entities, ''),
    credentials: yield * collections(credentials, '/credentials')
  }
  const places: Record<string, [number, number]> = {}
  function note (pointer: Pointer): void {
    const { line, column } = source.locate(pointer)
    places[pointer] = [line, column]
  }
  note('/gateway')
  for (const list of [...Object.values(entities), ...Object.values(credentials)] as ReadonlyArray<readonly Entity[]>) {
    for (const { pointer } of list) {
      note(pointer)
      yield
    }
  }
  return {
    version,
    snapshot,
    file: name,
    config: cut,
    secrets: cutter.secrets,
    places,
    plugins: plugins.modules.flat().flatMap(plugin => {
      const { priority, authentication, protects } = plugins.registry.get(plugin) ?? {}
      return priority === undefined ? [] : [{ name: plugin, priority, ...authentication === undefined ? {} : { authentication }, ...protects === undefined ? {} : { protects } }]
    }),
    overrides: { ...overrides }
  }
}

class Cutter {
  readonly secrets: Array<{ pointer: string, hash: string | null }> = []
  readonly #file: RunnableFile
  readonly #key: Buffer | null
  readonly #fields: ReadonlySet<Pointer>

  /** @param fields where secrets stand */
  constructor (file: RunnableFile, key: Buffer | null, fields: ReadonlySet<Pointer>) {
    this.#file = file
    this.#key = key
    this.#fields = fields
  }

  entity (collection: string, { pointer, id, ...fields }: Entity, at: Pointer): unknown {
    const always = (ALWAYS as Readonly<Record<string, string>>)[collection]
    const cut = Object.entries(fields).map(([name, value]) => [name, name === always ? this.#cut(value, join(at, name)) : this.value(value, name === 'files' ? pointer : join(pointer, name), join(at, name))])
    const { source } = this.#file
    const ttl = `${pointer}/ttl`
    return {
      // that of a credential follows from it
      id: at.startsWith('/credentials/') ? '' : id,
      pointer,
      ...Object.fromEntries(cut),
      // `expires_at` is another one for each load then
      ...collection === 'keyauth_credentials' && source.has(ttl) ? { ttl: source.textOf(ttl) ?? null } : {}
    }
  }

  /**
   * @param written where the file has it
   * @param at where the answer has it
   */
  value (value: unknown, written: Pointer, at: Pointer): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.value(item, join(written, index), join(at, index)))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.value(item, join(written, name), join(at, name))]))
    }
    return this.#fields.has(written) || this.#file.source.isSecret(written) ? this.#cut(value, at) : value
  }

  /** A yes or no says nothing; that a number is none can be told from it. */
  #cut (value: unknown, at: Pointer): unknown {
    if (typeof value !== 'string' && typeof value !== 'number') return value
    this.secrets.push({ pointer: at, hash: this.#key === null ? null : secretHash(this.#key, value) })
    return typeof value === 'string' ? CUT : null
  }
}
