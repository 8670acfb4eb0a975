import { isIP } from 'node:net'
import type { GatewayRequest } from '../plugin.ts'
import { createTrust } from '../gateway/trust.ts'

export interface ExemptOptions {
  readonly ips: readonly string[]
  readonly paths: readonly string[]
}

/** Who isn't limited; null where everybody is. */
export function createExemption ({ ips, paths }: ExemptOptions): ((gateway: GatewayRequest) => boolean) | null {
  if (ips.length + paths.length === 0) return null
  const networks = createTrust(ips)
  const whole = new Set(paths.filter(path => !path.endsWith('/*')))
  const prefixes = paths.filter(path => path.endsWith('/*')).map(path => path.slice(0, -1))
  return function isExempt ({ clientIp, path }) {
    return whole.has(path) ||
      prefixes.some(prefix => path.startsWith(prefix)) ||
      (!networks.empty && networks.has(clientIp))
  }
}

/** Whether this is an address or a CIDR range. */
export function isNetwork (text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
