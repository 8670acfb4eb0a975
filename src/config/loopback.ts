import { isIPv4 } from 'node:net'

/** Whether an address or name means this machine alone. */
export function isLoopback (host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true
  const ipv4 = bare.startsWith('::ffff:') ? bare.slice(7) : bare
  return isIPv4(ipv4) && ipv4.startsWith('127.')
}
