import type { RawEntity } from '../collect.ts'
import { join } from '../pointer.ts'
import type { EntityIndex } from './entity-index.ts'

/** Ids of the certificates that a service or upstream names. */
export interface TlsReferences {
  readonly client: string | null
  /** null: none are named. */
  readonly authorities: readonly string[] | null
}

export function tlsReferences (entities: readonly RawEntity[], index: EntityIndex): Map<RawEntity, TlsReferences> {
  const found = new Map<RawEntity, TlsReferences>()
  for (const entity of entities) {
    const { kind, fields, pointer } = entity
    if ((kind !== 'service' && kind !== 'upstream') || typeof fields !== 'object' || fields === null) continue
    const { client_certificate: client, ca_certificates: authorities } = fields
    found.set(entity, {
      client: client === undefined ? null : index.resolve(client, 'certificate', join(pointer, 'client_certificate'))?.id ?? null,
      authorities: Array.isArray(authorities) && authorities.length > 0 ? index.resolveList(entity, 'ca_certificates', 'ca_certificate').map(({ id }) => id) : null
    })
  }
  return found
}
