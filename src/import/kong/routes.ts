import type { Item } from '../draft.ts'
import type { KongContext } from '../kong.ts'
import { texts } from '../structured.ts'

/** What Kong before 3.0 takes for a plain path; all others were regular expressions. */
const PLAIN_PATH = /^[a-zA-Z0-9.\-_~/%]*$/

/** Fields that say which requests come here, and which can't be said. */
const CRITERIA = ['expression', 'sources', 'destinations'] as const

/** @returns false when the route is left out */
export function translateRoute (context: KongContext, route: Item): boolean {
  const { draft, at, old } = context
  delete route['ws_id']
  const what = `routes[${String(route['name'] ?? texts(route['paths'])[0] ?? '')}]`
  const criterion = CRITERIA.find(key => isSet(route[key]))
  if (criterion !== undefined) {
    draft.tell('left_out', what, `\`${criterion}\` is not supported, so nothing says which requests it is for: write its paths, hosts and methods by hand. Until then its requests may reach a less protected route.`, at(route), draft.file)
    return false
  }
  for (const key of [...CRITERIA, 'priority']) delete route[key]
  if (!protocols(context, route, what)) return false
  if (old && Array.isArray(route['paths'])) {
    route['paths'] = route['paths'].map(path => typeof path === 'string' && !PLAIN_PATH.test(path) && !path.includes('{{') ? `~${path}` : path)
  }
  return true
}

function protocols ({ draft, at }: KongContext, route: Item, what: string): boolean {
  const list = texts(route['protocols'])
  const kept = [...new Set(list.map(name => ({ ws: 'http', wss: 'https' })[name] ?? name))].filter(name => name === 'http' || name === 'https' || name.includes('{'))
  if (list.length === 0 || (kept.length === list.length && kept.every(name => list.includes(name)))) return true
  if (kept.length === 0) {
    draft.tell('left_out', what, `routes of ${list.join(', ')} are not supported.`, at(route), draft.file)
    return false
  }
  route['protocols'] = kept
  draft.tell('changed', what, `of the protocols ${list.join(', ')} there are http and https, WebSocket included.`, at(route), route)
  return true
}

function isSet (value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}
