/** Which `server` blocks become routes, for which hosts, on which protocols. */
import type { Draft } from '../draft.ts'
import type { Directive } from './parse.ts'

export interface Server {
  readonly directive: Directive
  readonly block: readonly Directive[]
  /** Names that requests must have; empty for the server that takes what no other does. */
  readonly hosts: readonly string[]
  /** As written. */
  readonly names: readonly string[]
  readonly tls: boolean
  readonly plain: boolean
  /** Plain requests are sent to https with this status. */
  readonly redirect: number | null
}

export interface Listener {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

interface Raw extends Omit<Server, 'redirect'> {
  readonly ports: ReadonlySet<string>
}

/** One gateway has one set of listeners on which all routes are: servers on other ports are left out. */
export function chooseServers (servers: readonly Directive[], draft: Draft): { servers: Server[], listeners: Listener[] } {
  const raw = servers.map(read)
  const usual = raw.filter(({ ports }) => [...ports].some(port => port === '80' || port === '443'))
  const ports = new Set(usual.length > 0 ? ['80', '443'] : raw[0]?.ports ?? [])
  const kept = raw.filter(server => {
    if ([...server.ports].some(port => ports.has(port))) return true
    draft.tell('left_out', nameOf(server), `it listens on ${[...server.ports].join(', ')}, the others on ${[...ports].join(' and ')}: its routes would be open there. Import it into a file of its own.`, server.directive.place, draft.file)
    return false
  })
  const tls = kept.filter(server => server.tls)
  const result: Server[] = []
  for (const server of kept) {
    const twin = server.tls ? undefined : tls.find(({ names }) => names.some(name => server.names.includes(name)) || (names.length === 0 && server.names.length === 0))
    const status = httpsRedirect(server.block)
    if (status !== null && !server.tls && (twin !== undefined || tls.length > 0)) continue
    if (twin !== undefined) {
      draft.tell('left_out', nameOf(server), 'the same names are served on https: what answers on http is left out, and plain requests are sent to https.', server.directive.place, draft.file)
      continue
    }
    const redirecting = kept.find(other => !other.tls && httpsRedirect(other.block) !== null && (other.names.length === 0 || other.names.some(name => server.names.includes(name)) || other.names.includes('_')))
    result.push({ ...server, redirect: server.tls && !server.plain && redirecting !== undefined ? httpsRedirect(redirecting.block) : null })
  }
  return { servers: withDefault(result, servers), listeners: listenersOf(kept) }
}

function read (directive: Directive): Raw {
  const block = directive.block ?? []
  const listens = block.filter(({ name }) => name === 'listen').map(({ args }) => args)
  const all = listens.length === 0 ? [['80']] : listens
  const tls = all.some(args => args.includes('ssl') || args.includes('quic')) || block.some(({ name, args }) => name === 'ssl' && args[0] === 'on')
  const names = block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args).filter(name => name !== '' && name !== '_')
  return {
    directive,
    block,
    names,
    hosts: names.flatMap(name => name.startsWith('.') ? [name.slice(1), `*${name}`] : [name]),
    tls,
    plain: all.some(args => !args.includes('ssl') && !args.includes('quic') && !block.some(({ name, args: [state] }) => name === 'ssl' && state === 'on')),
    ports: new Set(all.map(([address = '']) => portOf(address)))
  }
}

/** Of `80`, `*:80`, `[::]:80`; an address of its own is a listener of its own. */
function portOf (address: string): string {
  if (address.startsWith('unix:')) return address
  const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(address) ?? []
  if (port === undefined) return `${address}:80`
  return host === undefined || ['*', '0.0.0.0', '[::]'].includes(host) ? port : `${host}:${port}`
}

function nameOf ({ names }: Raw): string {
  return `server ${names[0] ?? '_'}`
}

/** The status with which a server sends everything to https; null for one that does something else. */
function httpsRedirect (block: readonly Directive[]): number | null {
  const locations = block.filter(({ name }) => name === 'location')
  const inner = locations.length === 1 && locations[0]?.args[0] === '/' ? locations[0].block ?? [] : []
  const found = [...block, ...inner].find(({ name }) => name === 'return')
  const [code = '', target = ''] = found?.args ?? []
  if (!/^(?:301|302|307|308)$/.test(code) || !/^https:\/\/(?:\$host|\$server_name|\$http_host|[\w.-]+)\$request_uri$/.test(target)) return null
  return block.some(({ name }) => name === 'return') || locations.length === 1 ? Number(code) : null
}

/** Requests for no server's name go to the default one: its routes ask for no host. */
function withDefault (servers: readonly Server[], all: readonly Directive[]): Server[] {
  const flagged = servers.find(({ block }) => block.some(({ name, args }) => name === 'listen' && (args.includes('default_server') || args.includes('default'))))
  const first = flagged ?? servers.find(({ directive }) => directive === all[0]) ?? servers[0]
  return servers.map(server => server === first ? { ...server, hosts: [] } : server)
}

const EVERYWHERE = '0.0.0.0'

/** An address of its own stays: what only this machine reached must not be open to all. */
function listenAddress (address: string): { host: string, port: number } {
  if (address.startsWith('unix:')) return { host: '127.0.0.1', port: 80 }
  const [, host = '*', port = '80'] = /^(?=.)(?:(\[[^\]]*\]|[^:]*[^\d:][^:]*)(?::|$))?(\d+)?$/.exec(address) ?? []
  return { host: ['*', '[::]'].includes(host) ? EVERYWHERE : host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function listenersOf (servers: readonly Raw[]): Listener[] {
  const found = new Map<string, Listener>()
  for (const { block } of servers) {
    const listens = block.filter(({ name }) => name === 'listen').map(({ args }) => args)
    for (const args of listens.length === 0 ? [['80']] : listens) {
      const { host, port } = listenAddress(args[0] ?? '')
      const key = `${host} ${port}`
      found.set(key, { host, port, tls: args.includes('ssl') || found.get(key)?.tls === true })
    }
  }
  // who listens everywhere listens there, too
  return [...found.values()].filter(({ host, port }) => host === EVERYWHERE || !found.has(`${EVERYWHERE} ${port}`)).sort((a, b) => a.port - b.port)
}
