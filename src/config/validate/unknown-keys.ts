import { entitySchemas, gatewaySchema } from '../entities/envelope.ts'
import { kinds, type EntityKind } from '../entities/kinds.ts'
import type { Pointer } from '../model.ts'
import { refusedKey } from './later.ts'
import type { Place } from './later.ts'
import { unknownKey } from './messages.ts'
import type { Message } from './messages.ts'

/** Why a key can't stand where it stands: Kong has it and this release not, it belongs elsewhere, or it means nothing. */
export function explainKey (key: string, place: Place | undefined, known: readonly string[]): Message | undefined {
  if (place === undefined) return undefined
  if (place === 'route' && (key === 'sources' || key === 'destinations')) {
    return { rule: 'field-conflict', cause: `cannot set '${key}' when 'protocols' is 'http' or 'https'`, mend: `Remove \`${key}\`.` }
  }
  const refused = refusedKey(place, key)
  if (refused !== undefined) return refused
  const message = unknownKey(key, known)
  const home = homeOf(key, place)
  if (home === undefined) return message
  return { ...message, mend: message.mend.startsWith('Did') ? `${message.mend} ${home}` : home }
}

/** Where a key of this name is at home. */
function homeOf (key: string, place: Place): string | undefined {
  if (place === 'file' && /^(?:x-|\.)/i.test(key)) return 'What is there for its anchors alone belongs into `_ignore`, a list.'
  if (place === 'file') return Object.hasOwn(gatewaySchema.properties, key) ? `\`${key}\` belongs into the block \`gateway\`.` : undefined
  if (!isKind(place)) return undefined
  const homes = (Object.keys(entitySchemas) as EntityKind[]).filter(kind => Object.hasOwn(entitySchemas[kind].properties, key))
  if (homes.length > 0) return `\`${key}\` is a field of ${homes.map(kind => kinds[kind].collection).join(' and ')}.`
  return place === 'plugin' ? 'Options of the plugin belong into `config`.' : undefined
}

function isKind (place: Place): place is EntityKind {
  return Object.hasOwn(entitySchemas, place)
}

/** What kind of map a key stands in; undefined for those whose keys have no other meaning in Kong. */
export function placeOf (parent: Pointer, kind: EntityKind | undefined): Place | undefined {
  // inside of an entity only its own keys have such names
  if (kind !== undefined) return /\/\d+$/.test(parent) ? kind : undefined
  const place = PLACES[parent]
  return place ?? (/^\/gateway\/listen\/\d+$/.test(parent) ? 'listen' : undefined)
}

const PLACES: Readonly<Record<Pointer, Place>> = {
  '': 'file',
  '/_info': 'info',
  '/_info/defaults': 'defaults',
  '/_info/defaults/service': 'service',
  '/_info/defaults/route': 'route',
  '/_info/defaults/upstream': 'upstream',
  '/_info/defaults/target': 'target'
}
