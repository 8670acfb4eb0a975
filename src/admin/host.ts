/** Who may be meant by a Host field on a listener that only this machine can reach. */
import { isIPv6 } from 'node:net'
import { isLoopback } from '../config/loopback.ts'

/**
 * Whether a request with this Host field is for us: the address that we listen on, or another name of the loopback. One
 * without the field (HTTP/1.0) can't come from a browser.
 */
export function mayBeAsked (field: string | undefined, listening: string): boolean {
  if (field === undefined) return true
  const host = withoutPort(field)
  return host !== null && (isLoopback(host) || host === listening.toLowerCase())
}

function withoutPort (field: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d*)?$/i.exec(field)
  if (match === null) return null
  const [, ipv6, name] = match
  if (ipv6 !== undefined) return isIPv6(ipv6) ? ipv6.toLowerCase() : null
  return (name as string).toLowerCase()
}
