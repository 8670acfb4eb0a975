import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import type { Draft, Item } from '../draft.ts'
import type { Directive } from './parse.ts'
import type { Listener, Server } from './servers.ts'

/** Ports, certificates and trusted addresses: the `gateway:` block. */
export function writeListeners (draft: Draft, listeners: readonly Listener[], http: readonly Directive[], servers: readonly Server[], directory: string): void {
  const gateway: Item = { listen: listeners.map(({ host, port, tls }): Item => tls ? { host, port, tls: true } : { host, port }) }
  const blocks = [http, ...servers.map(({ block }) => block)]
  const trusted = new Set(blocks.flatMap(block => block.filter(({ name }) => name === 'set_real_ip_from').flatMap(({ args }) => args)))
  if (trusted.size > 0) gateway['trusted_ips'] = [...trusted]
  const header = blocks.flatMap(block => block.filter(({ name }) => name === 'real_ip_header')).at(-1)
  if (header !== undefined && header.args[0]?.toLowerCase() !== 'x-forwarded-for') draft.tell('changed', `real_ip_header ${String(header.args[0])}`, 'the address of a client behind a trusted proxy comes from X-Forwarded-For.', header.place, gateway, 'trusted_ips')
  draft.file['gateway'] = gateway
  const missing = servers.filter(({ tls }) => tls).filter(server => !certificate(draft, server, http, directory))
  for (const { hosts, directive, block } of missing) {
    const written = block.find(({ name }) => name === 'ssl_certificate')
    draft.tell('todo', `server ${hosts[0] ?? '_'}: ssl_certificate`, 'its certificate can\'t be read here: write it into `certificates`, and `{ host: 0.0.0.0, port: 443, tls: true }` into `listen` (docs/guides/certificates.md). Until then nobody is served on https.', written?.place ?? directive.place, gateway, 'listen')
  }
  if (missing.length > 0) gateway['listen'] = (gateway['listen'] as Item[]).filter(({ tls }) => tls !== true)
  if ((gateway['listen'] as Item[]).length === 0) gateway['listen'] = [{ host: '0.0.0.0', port: 80 }]
}

/** @returns whether there is one that can be shown */
function certificate (draft: Draft, { block, names }: Server, http: readonly Directive[], directory: string): boolean {
  const [cert, key] = ['ssl_certificate', 'ssl_certificate_key'].map(wanted => (block.find(({ name }) => name === wanted) ?? http.find(({ name }) => name === wanted))?.args[0])
  if (cert === undefined || key === undefined) return false
  const files = [cert, key].map(name => resolve(directory, name))
  if (!files.every(isReadable)) return false
  const list = draft.list('certificates')
  if (list.some(({ cert_file: known }) => known === files[0])) return true
  list.push({ cert_file: files[0], key_file: files[1], ...(names.length === 0 ? {} : { snis: names.map(name => ({ name })) }) })
  return true
}

function isReadable (file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
