import type { Pointer } from '../../config/model.ts'
import type { Source } from '../../config/source.ts'

/** Where the value of a pointer came from, in a few words. */
export function originOf (source: Source, pointer: Pointer): string {
  if (!source.has(pointer)) return elsewhere(source, pointer)
  const line = `line ${source.locate(pointer).line}`
  if (source.isSecret(pointer)) return `environment, ${line}`
  return [line, ...source.via(pointer).map(place => step(place.message, place.range.line))].join(', ')
}

/** A block of defaults, an alias or a merge key on the way to a value, from the words in which diagnostics tell of it. */
function step (message: string, line: number): string {
  const [, block] = /^this takes it from (.+)$/.exec(message) ?? []
  if (block !== undefined) return `${block} for line ${line}`
  const [, alias] = /^used here as '(.+)'$/.exec(message) ?? []
  if (alias !== undefined) return `${alias} on line ${line}`
  return `${message.replace(/ here$/, '')} on line ${line}`
}

/** Fields that the file doesn't name but says in another way. */
function elsewhere (source: Source, pointer: Pointer): string {
  const [, entity = '', field = ''] = /^(.*)\/([^/]+)$/.exec(pointer) ?? []
  if (['protocol', 'host', 'port', 'path'].includes(field) && source.has(`${entity}/url`)) {
    return `${source.isSecret(`${entity}/url`) ? 'environment, ' : ''}url, line ${source.locate(`${entity}/url`).line}`
  }
  if (field === 'id') return 'derived'
  if (['service', 'route', 'consumer', 'consumer_group', 'upstream'].includes(field)) return `nesting, line ${source.locate(entity).line}`
  return 'default'
}
