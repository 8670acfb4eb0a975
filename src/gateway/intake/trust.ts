import { BlockList, isIP, isIPv6 } from 'node:net'

/** Which peers' X-Forwarded-* are believed. */
export interface Trust {
  /** Whether this address is in `trusted_ips`. */
  has (address: string): boolean
  readonly empty: boolean
}

/** @param ranges addresses and CIDRs, already checked */
export function createTrust (ranges: readonly string[]): Trust {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, bits] = range.split('/') as [string, string | undefined]
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return {
    empty: ranges.length === 0,
    has (address) {
      const family = isIP(address)
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
    }
  }
}

/**
 * Address of the client behind trusted proxies: the right-most one of X-Forwarded-For that is not trusted itself, since
 * everything left of it may be made up.
 */
export function clientAddress (trust: Trust, peer: string, forwardedFor: string | undefined, realIp: string | undefined): string {
  if (forwardedFor !== undefined) {
    const hops = forwardedFor.split(',')
    for (let index = hops.length - 1; index >= 0; index--) {
      const hop = bare((hops[index] as string).trim())
      if (isIP(hop) === 0) break
      if (index === 0 || !trust.has(hop)) return hop
    }
    return peer
  }
  return realIp !== undefined && isIP(realIp.trim()) !== 0 ? realIp.trim() : peer
}

/** Without port and brackets: `192.0.2.1:8080`, `[2001:db8::1]:443`. */
function bare (hop: string): string {
  if (hop.startsWith('[')) return hop.slice(1, hop.indexOf(']'))
  const colon = hop.indexOf(':')
  return colon !== -1 && hop.indexOf(':', colon + 1) === -1 ? hop.slice(0, colon) : hop
}
