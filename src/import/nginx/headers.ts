import type { Item } from '../draft.ts'
import { addPlugin, type LocationContext } from './context.ts'
import { inherited } from './words.ts'

/** What the gateway tells services by itself. */
const OWN = /^(?:x-real-ip|x-forwarded-(?:for|proto|host|port|path|prefix|scheme|server)|x-scheme|forwarded|upgrade|connection|x-request-id|via)$/i

/** Values that are the gateway's to say, in whatever header. */
const TEMPLATES: ReadonlyArray<readonly [RegExp, (match: RegExpExecArray) => string]> = [
  [/^\$request_id$/, () => '$(request_id)'],
  [/^\$http_(\w+)$/, match => `$(headers['${(match[1] ?? '').replaceAll('_', '-')}'])`],
  [/^\$arg_(\w+)$/, match => `$(query_params['${match[1]}'])`]
]

/** Header fields to the service and to the client. */
export function addHeaders (context: LocationContext): void {
  toService(context)
  toClient(context)
}

function toService ({ scope, route, draft, what }: LocationContext): void {
  const sets = inherited(scope, 'proxy_set_header')
  // forward-auth writes these, and takes out what clients say under their names
  const authoriser = (route['plugins'] as Item[]).find(entry => entry['name'] === 'forward-auth')?.['config'] as { upstream_headers?: string[] } | undefined
  const fromAuth = new Set((authoriser?.upstream_headers ?? []).map(name => name.toLowerCase()))
  const remove: string[] = []
  const add: string[] = []
  let host: string | null = null
  for (const { args: [name = '', value = ''], place } of sets) {
    if (name.toLowerCase() === 'host') {
      if (['$host', '$http_host', '$host:$server_port'].includes(value)) route['preserve_host'] = true
      else if (value.includes('$') && value !== '$proxy_host') draft.tell('left_out', `${what}: proxy_set_header Host ${value}`, 'the service gets the name of its own address as Host.', place, route)
      else if (value !== '$proxy_host') host = value
      continue
    }
    if (OWN.test(name) || fromAuth.has(name.toLowerCase())) continue
    remove.push(name)
    if (value === '') continue
    const template = TEMPLATES.map(([form, make]) => { const match = form.exec(value); return match === null ? null : make(match) }).find(text => text !== null)
    if (template !== undefined) add.push(`${name}:${template}`)
    else if (value.includes('$')) draft.tell('left_out', `${what}: proxy_set_header ${name}`, 'its variables are not known here; what clients send under this name is removed.', place, route)
    else add.push(`${name}:${value}`)
  }
  // a header that is removed and written is set, whatever the client sent
  const templates = add.some(item => item.includes('$(headers['))
  const removed = templates ? remove.filter(name => !add.some(item => item.startsWith(`${name}:$(headers['${name.toLowerCase()}'`))) : remove
  if (removed.length + add.length > 0 || host !== null) {
    addPlugin(route, 'request-transformer', {
      ...(removed.length === 0 ? {} : { remove: { headers: removed } }),
      ...(host === null ? {} : { replace: { headers: [`Host:${host}`] } }),
      ...(add.length === 0 ? {} : { add: { headers: add } })
    })
  }
}

function toClient ({ scope, route, draft, what }: LocationContext): void {
  const add: string[] = []
  for (const { args: [name = '', value = ''], place } of inherited(scope, 'add_header')) {
    if (value.includes('$')) draft.tell('left_out', `${what}: add_header ${name}`, /^access-control-/i.test(name) ? 'write the plugin cors.' : 'its variables are not known here.', place, route)
    else if (value !== '') add.push(`${name}:${value}`)
  }
  const remove = inherited(scope, 'proxy_hide_header').map(({ args }) => args[0] ?? '')
  if (add.length + remove.length === 0) return
  const config: Item = {}
  if (remove.length > 0) config['remove'] = { headers: remove }
  if (add.length > 0) config['add'] = { headers: add }
  addPlugin(route, 'response-transformer', config)
}
