import ipaddr from 'ipaddr.js'

/**
 * Whom an address stands for: itself for IPv4, its /64 for IPv6, since one client has all addresses of that to choose from
 * (RFC 6177). An IPv4 address that is written as IPv6 is what it is.
 */
export function clientNetwork (address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address
  const parsed = ipaddr.IPv6.parse(address)
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString()
  return `${parsed.parts.slice(0, 4).map(part => part.toString(16)).join(':')}::/64`
}
