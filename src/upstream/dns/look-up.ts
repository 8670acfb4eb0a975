import type { AddressRecord, NameServer, ServiceRecord } from './name-server.ts'

/** One address that a name stands for. */
export interface ResolvedAddress {
  /** IP address, without brackets. */
  readonly host: string
  /** Of the SRV record; null: there is none, or it doesn't say. */
  readonly port: number | null
  /** Of the SRV record; null: there is none. */
  readonly weight: number | null
  /** In the SRV record; null: there is none. */
  readonly srvName: string | null
  /** Of a lower SRV priority than the best. */
  readonly failover: boolean
}

export interface LookUpAnswer {
  /** Empty: the name stands for nothing. */
  readonly addresses: readonly ResolvedAddress[]
  /** Seconds. */
  readonly ttl: number
}

/**
 * All addresses of a name: those of its SRV records where it has any, else its A records, else its AAAA records, else what
 * the machine itself knows.
 *
 * Node doesn't tell the TTL of SRV records: that of the addresses behind them counts for both.
 *
 * @param service the name had SRV records before: without an answer about these nothing is known
 * @throws where no server says anything
 */
export async function lookUp (name: string, server: NameServer, service = false): Promise<LookUpAnswer> {
  // RFC 6761 section 6.3: these never leave the machine
  if (name === 'localhost' || name.endsWith('.localhost')) return plain(await server.local(name))
  const services = await server.srv(name).catch((error: unknown) => {
    if (service) throw error
    return []
  })
  if (services.length > 0) return await behind(services, server)
  return plain(await addressesOf(name, server))
}

async function addressesOf (name: string, server: NameServer): Promise<AddressRecord[]> {
  let failure: unknown
  for (const ask of ['a', 'aaaa', 'local'] as const) {
    let found: AddressRecord[] = []
    try {
      found = await server[ask](name)
    } catch (error) {
      failure ??= error
    }
    // AAAA counts where there is no A, and of that nothing is known: a target of both kinds must not move for a lost answer
    if (ask === 'aaaa' && found.length > 0 && failure !== undefined) throw failure
    if (found.length > 0) return found
  }
  if (failure !== undefined) throw failure
  return []
}

function plain (records: readonly AddressRecord[]): LookUpAnswer {
  return { addresses: records.map(({ address }) => ({ host: address, port: null, weight: null, srvName: null, failover: false })), ttl: leastTtl(records) }
}

/** The best two priorities (RFC 2782): the second is for the time when nothing of the first can be used. */
async function behind (services: readonly ServiceRecord[], server: NameServer): Promise<LookUpAnswer> {
  const [best = 0, next] = [...new Set(services.map(({ priority }) => priority))].sort((one, other) => one - other)
  const chosen = services.filter(({ name, priority }) => name !== '' && name !== '.' && (priority === best || priority === next))
  const outcomes = await Promise.allSettled(chosen.map(({ name }) => addressesOf(name, server)))
  const addresses: ResolvedAddress[] = []
  const seen: AddressRecord[] = []
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'rejected') return
    const { name, port, weight, priority } = chosen[index] as ServiceRecord
    seen.push(...outcome.value)
    for (const { address } of outcome.value) {
      addresses.push({ host: address, port: port === 0 ? null : port, weight: Math.max(1, weight), srvName: name.toLowerCase(), failover: priority !== best })
    }
  })
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (addresses.length === 0 && failed !== undefined) throw failed.reason
  // a name that could not be asked for is asked for again soon
  return { addresses, ttl: failed === undefined ? leastTtl(seen) : 1 }
}

function leastTtl (records: readonly AddressRecord[]): number {
  return Math.min(...records.map(({ ttl }) => ttl), 3600)
}
