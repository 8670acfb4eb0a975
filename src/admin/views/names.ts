import type { Config, Consumer, Pointer } from '../../config/model.ts'
import type { Source } from '../../config/source.ts'
import type { Place, Reference } from '../api/types.ts'

/** What entities of a file are called, and where they stand. */
export class Names {
  readonly #source: Source
  readonly #file: string
  readonly #names = new Map<string, string | null>()

  constructor (config: Config, source: Source) {
    this.#source = source
    this.#file = config.file
    const { services, routes, consumer_groups: groups, upstreams, certificates, ca_certificates: authorities } = config
    for (const list of [services, routes, groups, upstreams, certificates, authorities]) for (const { id, name } of list) this.#names.set(id, name)
    for (const consumer of config.consumers) this.#names.set(consumer.id, consumerName(consumer))
  }

  reference (id: string): Reference
  reference (id: string | null): Reference | null
  reference (id: string | null): Reference | null {
    return id === null ? null : { id, name: this.#names.get(id) ?? null }
  }

  place (pointer: Pointer): Place {
    const { line, column } = this.#source.locate(pointer)
    return { file: this.#file, line, column }
  }
}

export function consumerName ({ username, custom_id: id }: Pick<Consumer, 'username' | 'custom_id'>): string | null {
  return username ?? id
}

/** Of the entity with this name or id; undefined: there is none. */
export function find<Item extends { readonly id: string, readonly name: string | null }> (list: readonly Item[], key: string): Item | undefined {
  return list.find(({ name }) => name === key) ?? list.find(({ id }) => id === key)
}
