import type { OwnerKind } from '../../config/entities/kinds.ts'
import { secretFieldSteps } from '../../config/lint/secrets.ts'
import type { Config, Entity, Pointer } from '../../config/model.ts'
import { join } from '../../config/pointer.ts'
import type { Source } from '../../config/source.ts'
import type { PluginRegistry } from '../../plugins.ts'
import { finish, mapSteps, type Steps } from '../../steps.ts'
import { originOf } from './origin.ts'

export type Scalar = string | number | boolean | null

/** A value with where it came from; the origin of a list or map is that of the whole. */
export type Tree =
  | { readonly kind: 'scalar', readonly value: Scalar, readonly pointer: Pointer, readonly origin: string }
  | { readonly kind: 'list', readonly items: readonly Tree[], readonly pointer: Pointer, readonly origin: string }
  | { readonly kind: 'map', readonly entries: ReadonlyArray<readonly [string, Tree]>, readonly pointer: Pointer, readonly origin: string }

const OWNERS: readonly OwnerKind[] = ['service', 'route', 'consumer', 'consumer_group', 'upstream', 'certificate']

/** What stands for a value that must not be shown. */
export const CUT = '***'

/** The configuration as a file that could have been written: flat, with every default, without secrets. */
export function configTree (config: Config, source: Source, registry: PluginRegistry): Tree {
  return finish(treeSteps(config, source, registry, true))
}

/** @param origins whether it is wanted where each value came from, which takes as long as all the rest */
export function * treeSteps (config: Config, source: Source, registry: PluginRegistry, origins: boolean): Steps<Tree> {
  const secrets = yield * secretFieldSteps(config, source, registry)
  const names = new Map<string, string>()
  for (const { id, name } of [...config.services, ...config.routes, ...config.consumer_groups, ...config.upstreams, ...config.certificates, ...config.ca_certificates]) names.set(id, name ?? id)
  for (const { id, username } of config.consumers) names.set(id, username ?? id)
  const builder = new TreeBuilder(source, secrets, origins)
  function * entities (list: ReadonlyArray<Entity & object>): Steps<Tree> {
    return { kind: 'list', pointer: '', origin: '', items: yield * mapSteps(list, entity => builder.entity(withNames(entity, names), entity.pointer)) }
  }
  const others: Array<[string, Tree]> = []
  for (const [collection, list] of Object.entries({ consumer_groups: config.consumer_groups, ...config.credentials, upstreams: config.upstreams, targets: config.targets, certificates: config.certificates.map(withFiles), snis: config.snis, ca_certificates: config.ca_certificates.map(withFiles) })) {
    if (list.length > 0) others.push([collection, yield * entities((list as readonly Entity[]).map(asWritten))])
  }
  return {
    kind: 'map',
    pointer: '',
    origin: '',
    entries: [
      ['_format_version', builder.value('3.0', '/_format_version')],
      ['gateway', builder.value(asSettings(config.gateway), '/gateway')],
      ['services', yield * entities(config.services)],
      ['routes', yield * entities(config.routes)],
      ['plugins', yield * entities(config.plugins)],
      ['consumers', yield * entities(config.consumers)],
      ...others
    ]
  }
}

/** null would mean "not set" in the file, or "off". */
function asSettings ({ admin, debug, ...settings }: Config['gateway']): Record<string, unknown> {
  const { token, ...address } = admin ?? { token: null }
  return { ...settings, admin: admin === null ? 'off' : { ...address, ...token === null ? {} : { token } }, ...debug === null ? {} : { debug } }
}

/** The fields as a person would write them: references by name. */
function withNames (entity: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const { pointer: _, ...fields } = entity as Record<string, unknown>
  // The format refuses it beside plain http.
  if (fields['protocol'] === 'http') delete fields['tls_verify']
  const { client_certificate: client, ca_certificates: authorities } = fields
  if (typeof client === 'string') fields['client_certificate'] = names.get(client) ?? client
  if (Array.isArray(authorities)) fields['ca_certificates'] = authorities.map((id: string) => names.get(id) ?? id)
  for (const key of OWNERS) {
    const id = fields[key]
    if (typeof id === 'string') fields[key] = names.get(id) ?? id
  }
  const { groups } = fields
  if (Array.isArray(groups)) fields['groups'] = groups.length === 0 ? null : groups.map((id: string) => names.get(id) ?? id)
  return fields
}

/** A credential by the names of the file: its digest is no secret that the file could hold, and yet tells too much. */
function asWritten (credential: Entity): Entity {
  const { digest, expires_at: ends, ...fields } = credential as Entity & { digest?: string, expires_at?: number | null }
  return {
    ...fields,
    ...digest === undefined ? {} : { key: CUT },
    // whoever has a hash of a password can try passwords on it
    ...'password' in fields ? { password: CUT } : {},
    ...typeof ends === 'number' ? { expires_at: new Date(ends).toISOString() } : {}
  }
}

/** A certificate by the names of its files, and without its keys. */
function withFiles <Certified extends Entity & { readonly files: Readonly<Record<string, string>> }> (certificate: Certified): Entity {
  const { files, ocsp: _, ...fields } = certificate as Certified & { ocsp?: unknown }
  const shown: Record<string, unknown> = { ...fields, ...files }
  shown['key'] = CUT
  for (const file of Object.keys(files)) delete shown[file.slice(0, -'_file'.length)]
  return shown as unknown as Entity
}

class TreeBuilder {
  readonly #source: Source
  readonly #secrets: ReadonlySet<Pointer>
  readonly #origins: boolean

  constructor (source: Source, secrets: ReadonlySet<Pointer>, origins: boolean) {
    this.#source = source
    this.#secrets = secrets
    this.#origins = origins
  }

  /** Null fields are left out: that is how a file says "not set". */
  entity (fields: Readonly<Record<string, unknown>>, pointer: Pointer): Tree {
    const set = Object.entries(fields).filter(([, value]) => value !== null)
    return {
      kind: 'map',
      pointer,
      origin: '',
      entries: set.map(([key, value]) => [key, this.value(value, join(pointer, key))])
    }
  }

  value (value: unknown, pointer: Pointer): Tree {
    const origin = this.#origins ? originOf(this.#source, pointer) : ''
    if (this.#secrets.has(pointer) || this.#source.isSecret(pointer)) return { kind: 'scalar', value: CUT, pointer, origin }
    if (Array.isArray(value)) return { kind: 'list', pointer, origin, items: value.map((item, index) => this.value(item, join(pointer, index))) }
    if (typeof value === 'object' && value !== null) {
      return { kind: 'map', pointer, origin, entries: Object.entries(value).map(([key, item]) => [key, this.value(item, join(pointer, key))]) }
    }
    return { kind: 'scalar', value: value as Scalar, pointer, origin }
  }
}
