import type { Config, Entity, Pointer } from '../../config/model.ts'
import { split } from '../../config/pointer.ts'
import type { RunnableFile } from '../../gateway/reload.ts'

/** The value of what a view cut, by where the file has it: of the resolved configuration, which knows also what other fields imply. */
export function secretAt ({ config }: RunnableFile, pointer: Pointer): unknown {
  if (pointer.startsWith('/gateway/')) return within(config.gateway, split(pointer.slice('/gateway'.length)))
  let best: Entity | null = null
  for (const entity of entitiesOf(config)) {
    if (pointer.startsWith(`${entity.pointer}/`) && entity.pointer.length > (best?.pointer.length ?? 0)) best = entity
  }
  if (best === null) return undefined
  const path = split(pointer.slice(best.pointer.length))
  // the loader keeps the digest of an API key alone
  if (path[0] === 'key' && 'digest' in best) return best.digest
  return within(best, path)
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
