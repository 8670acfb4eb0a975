import { isIP, isIPv4 } from 'node:net'
import type { AdminSettings, GatewaySettings, ListenAddress, ListenSettings } from '../model.ts'
import { ADMIN_DEFAULT } from '../entities/gateway.ts'
import { CIPHERS, listenDefaults } from '../entities/listen.ts'
import { isLoopback } from '../loopback.ts'
import type { EntityContext, Fields } from './context.ts'
import { scalarText } from './messages.ts'
import { hostProblem, isAddressRange } from './host.ts'

/** What flags of `start` say; they win over the file. */
export interface Overrides {
  readonly port?: number
  readonly host?: string
  readonly adminPort?: number | 'off'
}

/** The `gateway:` block as the schema filled it in, with what flags change. */
export function gatewaySettings (fields: Fields, overrides: Overrides): GatewaySettings {
  const { admin, debug = null, ...rest } = fields
  return overridden({ ...rest, admin: adminSettings(admin), debug } as unknown as GatewaySettings, overrides)
}

/** Settings with what flags change. */
export function overridden (settings: GatewaySettings, { port, host, adminPort }: Overrides): GatewaySettings {
  const [first] = settings.listen
  const listen = port === undefined && host === undefined
    ? settings.listen
    : [{ ...listenDefaults, ...first, ...host === undefined ? {} : { host }, ...port === undefined ? {} : { port } }]
  const admin = adminPort === undefined ? settings.admin : adminPort === 'off' ? null : { ...settings.admin ?? ADMIN_DEFAULT, port: adminPort }
  return { ...settings, listen, admin }
}

/** ajv fills in no defaults under `anyOf`: they are filled in here. */
function adminSettings (value: unknown): AdminSettings | null {
  if (value === 'off' || value === false) return null
  return { ...ADMIN_DEFAULT, ...value as Partial<AdminSettings> | undefined }
}

/** What a schema can't say about the block. */
export function checkGateway (fields: Fields, context: EntityContext): void {
  const taken: Array<{ host: string, port: number, path: Array<string | number> }> = []
  addresses(fields).forEach(({ address, path }) => {
    const problem = typeof address.host === 'string' && address.host !== '' ? hostProblem(address.host, { port: false, wildcard: false }) : undefined
    if (problem !== undefined) context.at([...path, 'host'], { rule: 'bad-host', ...problem })
    if (typeof address.port !== 'number' || address.port === 0) return
    const { port } = address
    const host = scalarText(address.host)
    const first = taken.find(other => other.port === port && overlap(other.host, host))
    if (first === undefined) taken.push({ host, port, path })
    else {
      const owner = `'${first.path.join('.')}'${first.host === host ? '' : `, which listens on ${first.host}:${port}`}`
      const mend = path[0] === 'admin' && fields['admin'] === undefined ? 'Choose another port, or give `admin` one: without it, it has this address.' : 'Choose another port.'
      context.at(path, { rule: 'not-unique', cause: `the address ${host}:${port} is taken by ${owner}`, mend })
    }
  })
  checkAdmin(fields['admin'], context)
  checkTls(fields['listen'], context)
  checkNameServers(fields['dns'], context)
  checkRanges(fields['trusted_ips'], ['trusted_ips'], context)
  checkRanges((fields['exempt'] as { ips?: unknown } | undefined)?.ips, ['exempt', 'ips'], context)
}

/** Whether two listeners on one port are in each other's way: `::` takes IPv4 as well. */
export function overlap (one: string, other: string): boolean {
  if (one === other || one === '::' || other === '::') return true
  return (one === '0.0.0.0' && isIPv4(other)) || (other === '0.0.0.0' && isIPv4(one))
}

/** What it shows and does is for who may know and do it: on the loopback that is this machine, elsewhere who has the token. */
function checkAdmin (admin: unknown, context: EntityContext): void {
  if (typeof admin !== 'object' || admin === null) return
  const { host, token } = admin as Partial<AdminSettings>
  if (typeof host !== 'string' || host === '' || token !== undefined || isLoopback(host) || context.isBroken(['admin', 'host']) || context.isBroken(['admin', 'token'])) return
  context.at(['admin', 'host'], {
    rule: 'admin-without-token',
    cause: 'others than this machine reach the admin listener here, and it has no token',
    mend: 'Add `token: "{vault://env/ADMIN_TOKEN}"` beside it (`openssl rand -hex 32` makes one), or listen on 127.0.0.1.'
  })
}

function checkRanges (values: unknown, path: readonly string[], context: EntityContext): void {
  if (!Array.isArray(values)) return
  values.forEach((value: unknown, index) => {
    if (typeof value !== 'string' || value === '' || isAddressRange(value)) return
    context.at([...path, index], { rule: 'bad-address', cause: 'expected an IP address or a CIDR', mend: 'Write 10.0.0.1, 10.0.0.0/8, ::1 or 2001:db8::/32.' })
  })
}

/** What only means something with TLS stands only there: `http2` alone would look as if it worked. */
function checkTls (listen: unknown, context: EntityContext): void {
  if (!Array.isArray(listen)) return
  listen.forEach((entry: Partial<ListenSettings> | null, index) => {
    if (typeof entry !== 'object' || entry === null) return
    if (entry.tls !== true) {
      const surplus = entry.http2 === true ? 'http2' : entry.client_certificate !== undefined && entry.client_certificate !== 'none' ? 'client_certificate' : undefined
      if (surplus !== undefined) context.at(['listen', index, surplus], { rule: 'field-conflict', cause: `'${surplus}' needs TLS`, mend: 'Add `tls: true`, or remove it.' })
      return
    }
    const { ciphers } = entry
    if (!Array.isArray(ciphers)) return
    if (!ciphers.some(name => CIPHERS.includes(name)) || context.isBroken(['listen', index, 'ciphers'])) return
    const newest = ciphers.some(name => String(name).startsWith('TLS_'))
    if (entry.min_version === 'TLSv1.3' && !newest) {
      context.at(['listen', index, 'ciphers'], { rule: 'field-conflict', cause: 'none of these is a cipher suite of TLS 1.3, and nothing older may be spoken', mend: 'Add TLS_AES_128_GCM_SHA256.' })
    }
  })
}

function checkNameServers (dns: unknown, context: EntityContext): void {
  const { servers } = (dns ?? {}) as { servers?: unknown }
  if (!Array.isArray(servers)) return
  servers.forEach((value: unknown, index) => {
    if (typeof value !== 'string' || value === '') return
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(value) ?? []
    if (isIP(value) !== 0 || (isIP(bracketed ?? plain ?? '') !== 0 && Number(port ?? 53) <= 65535 && Number(port ?? 53) > 0)) return
    context.at(['dns', 'servers', index], { rule: 'bad-address', cause: 'expected an IP address, with or without a port', mend: 'Write 10.0.0.2, 10.0.0.2:5353 or [2001:db8::1]:5353.' })
  })
}

function addresses (fields: Fields): Array<{ address: Partial<ListenAddress>, path: Array<string | number> }> {
  const listen = Array.isArray(fields['listen']) ? fields['listen'] : []
  const found = listen.map((address: unknown, index) => ({ address, path: ['listen', index] as Array<string | number> }))
  const { admin } = fields
  if (admin === undefined || (typeof admin === 'object' && admin !== null)) found.push({ address: adminSettings(admin) as ListenAddress, path: ['admin'] })
  return found.filter((item): item is { address: Partial<ListenAddress>, path: Array<string | number> } => typeof item.address === 'object' && item.address !== null)
}
