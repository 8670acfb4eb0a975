import type { Config, Entity, Pointer } from '../../config/model.ts'
import { split } from '../../config/pointer.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'

/** The value of what a view cut, by where the file has it: of the resolved configuration, which knows also what other fields imply. */
export function secretsOf ({ config }: RunnableFile): (pointer: Pointer) => unknown {
  // made once: to look through all entities for each secret takes ten seconds for ten thousand consumers with keys
  const entities = new Map<Pointer, Entity>()
  for (const entity of entitiesOf(config)) if (!entities.has(entity.pointer)) entities.set(entity.pointer, entity)
  return pointer => {
    if (pointer.startsWith('/gateway/')) return within(config.gateway, split(pointer.slice('/gateway'.length)))
    for (let end = pointer.lastIndexOf('/'); end > 0; end = pointer.lastIndexOf('/', end - 1)) {
      const entity = entities.get(pointer.slice(0, end))
      if (entity === undefined) continue
      const path = split(pointer.slice(end))
      // the loader keeps the digest of an API key alone
      return path[0] === 'key' && 'digest' in entity ? entity.digest : within(entity, path)
    }
    return undefined
  }
}

function * entitiesOf (config: Config): Generator<Entity> {
  const { services, routes, plugins, consumers, consumer_groups: groups, upstreams, targets, certificates, ca_certificates: authorities, snis, credentials } = config
  for (const list of [services, routes, plugins, consumers, groups, upstreams, targets, certificates, authorities, snis, ...Object.values(credentials) as ReadonlyArray<readonly Entity[]>]) yield * list
}

function within (value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const token of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<string, unknown>)[token]
  }
  return found
}
