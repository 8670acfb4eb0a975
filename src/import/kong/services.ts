import type { Item } from '../draft.ts'
import type { KongContext } from '../kong.ts'

/** A WebSocket service is an http one: the tunnel is opened on it. */
const PROTOCOLS: Readonly<Record<string, string>> = { ws: 'http', wss: 'https' }

/** @returns false when the service is left out */
export function translateService ({ draft, at }: KongContext, service: Item): boolean {
  delete service['ws_id']
  const what = `services[${String(service['name'] ?? service['host'] ?? '')}]`
  const protocol = protocolOf(service)
  const known = PROTOCOLS[protocol]
  if (known !== undefined) {
    if (service['protocol'] !== undefined) service['protocol'] = known
    if (typeof service['url'] === 'string') service['url'] = service['url'].replace(/^ws/, 'http')
    draft.tell('changed', what, `\`${protocol}\` is written as ${known}: WebSocket is tunnelled on such routes.`, at(service), service)
  } else if (!['http', 'https'].includes(protocol) && !protocol.includes('{')) {
    draft.tell('left_out', what, `services of protocol ${protocol} are not supported; its routes and plugins are left out with it.`, at(service), draft.file)
    remove(draft.file['services'], service)
    dropReferences(draft.file, service)
    return false
  }
  if (protocol === 'https' || known === 'https') trust({ draft, at } as KongContext, service, what)
  return true
}

function protocolOf (service: Item): string {
  if (typeof service['url'] === 'string') return /^([a-z_]+):/i.exec(service['url'])?.[1]?.toLowerCase() ?? 'http'
  return typeof service['protocol'] === 'string' ? service['protocol'] : 'http'
}

/** Kong doesn't verify unless told; here it is verified unless told. */
function trust ({ draft, at }: KongContext, service: Item, what: string): void {
  if (service['tls_verify'] !== undefined && service['tls_verify'] !== null) return
  draft.tell('changed', what, 'the certificate of the service is verified here, which Kong does only with `tls_verify: true`; for one of your own authority name it in `ca_certificates`.', at(service), service)
}

function remove (list: unknown, item: Item): void {
  if (Array.isArray(list) && list.includes(item)) list.splice(list.indexOf(item), 1)
}

/** Routes and entries in the lists of the whole file that belong to what is gone. */
function dropReferences (file: Item, service: Item): void {
  for (const kind of ['routes', 'plugins']) {
    const list = file[kind]
    if (!Array.isArray(list)) continue
    file[kind] = (list as Item[]).filter(item => !refersTo(item['service'], service))
  }
}

export function refersTo (reference: unknown, item: Item): boolean {
  const name = typeof reference === 'object' && reference !== null ? Object.values(reference)[0] : reference
  return name !== undefined && name !== null && [item['id'], item['name']].includes(name)
}
