import { lookup, Resolver } from 'node:dns/promises'

export interface AddressRecord {
  /** IP address. */
  readonly address: string
  /** Seconds. */
  readonly ttl: number
}

export interface ServiceRecord {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** Who is asked for names. A name without such records is an empty list; an error says that nothing is known. */
export interface NameServer {
  a (name: string): Promise<AddressRecord[]>
  aaaa (name: string): Promise<AddressRecord[]>
  srv (name: string): Promise<ServiceRecord[]>
  /** What the machine itself knows: its hosts file, its search domains. */
  local (name: string): Promise<AddressRecord[]>
  close (): void
}

export interface NameServerOptions {
  /** `address` or `address:port`; empty: those of the machine. */
  readonly servers: readonly string[]
  /** Milliseconds until a server must have answered; then the next one is asked. */
  readonly timeout: number
}

/** getaddrinfo doesn't tell how long its answers hold, in seconds. */
const LOCAL_TTL = 10

/** "There is none", as an answer. Everything else is a failure. */
const NEGATIVE = new Set(['ENOTFOUND', 'ENODATA'])

export function createNameServer ({ servers, timeout }: NameServerOptions): NameServer {
  const resolver = new Resolver({ timeout, tries: 2 })
  if (servers.length > 0) resolver.setServers(servers)
  return {
    a: name => orNone(resolver.resolve4(name, { ttl: true })),
    aaaa: name => orNone(resolver.resolve6(name, { ttl: true })),
    srv: name => orNone(resolver.resolveSrv(name)),
    async local (name) {
      // whoever names the servers wants these and no others
      if (servers.length > 0) return []
      const found = await orNone(lookup(name, { all: true }))
      const family = found.some(one => one.family === 4) ? 4 : 6
      return found.filter(one => one.family === family).map(({ address }) => ({ address, ttl: LOCAL_TTL }))
    },
    close: () => resolver.cancel()
  }
}

async function orNone<Item> (query: Promise<Item[]>): Promise<Item[]> {
  try {
    return await query
  } catch (error) {
    if (NEGATIVE.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
