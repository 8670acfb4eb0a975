import type { Config, Entity, Pointer } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import { redactorOf } from '../observability/secret-names.ts'
import type { Redactor } from '../observability/redaction.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Place, RouteName } from './types.ts'

export const CUT = '***'

/** Says where things stand, and cuts what must not be said. */
export interface Words {
  place (pointer: Pointer): Place
  named (entity: Entity & { readonly name: string | null }): RouteName
  /** A value of the file, or stars where it came from a reference. */
  value (pointer: Pointer, value: string): string
  /** The host of a service or target, with or without its port. */
  host (value: string): string
  /** A value of a header field of the request. */
  header (name: string, value: string): string
  /** A URL or target of the request. */
  url (value: string): string
  /** Any other text. */
  text (value: string): string
}

/** @param source null: the file's text is not at hand */
export function createWords (config: Config, registry: PluginRegistry, source: Source | null, redactor: Redactor = redactorOf(config, registry)): Words {
  const text = (value: string): string => source === null ? value : source.redact(value)
  const place = (pointer: Pointer): Place => ({
    pointer,
    path: source?.describe(pointer) ?? null,
    line: source?.has(pointer) === true ? source.locate(pointer).line : null
  })
  // made of a reference, they stand in no text that could be looked for
  const hosts = source === null ? [] : config.services.filter(({ pointer }) => source.isSecret(`${pointer}/host`)).map(({ host }) => host)
  return {
    place,
    text,
    named: entity => ({ name: entity.name, id: entity.id, ...place(entity.pointer) }),
    value: (pointer, value) => source?.isSecret(pointer) === true ? CUT : text(value),
    host: value => hosts.some(host => value === host || value.startsWith(`${host}:`)) ? CUT : text(value),
    header: (name, value) => redactor.header(name) ? CUT : text(hosts.reduce((shown, host) => shown.replaceAll(host, CUT), redactor.url(Buffer.from(value, 'latin1').toString()))),
    url: value => text(redactor.url(value))
  }
}
