import { isIP } from 'node:net'
import { Type } from 'typebox'
import type { CheckFinding, GatewayRequest } from '../plugin.ts'
import { createTrust } from '../gateway/intake/trust.ts'

/** `exempt` of a plugin that limits. */
export const Exempt = Type.Object({
  ips: Type.Array(Type.String({ title: 'Address', description: 'An address or a CIDR range.', examples: ['10.0.0.0/8'] }), {
    title: 'Addresses',
    description: 'Addresses and CIDR ranges of clients.',
    default: [],
    examples: [['10.0.0.0/8']]
  }),
  paths: Type.Array(Type.String({ title: 'Path', description: 'A path.', pattern: '^/', examples: ['/health'] }), {
    title: 'Paths',
    description: 'Request paths; `/*` at the end stands for everything below.',
    default: [],
    examples: [['/health', '/internal/*']]
  })
}, {
  title: 'Exempt',
  description: 'Who is neither limited nor counted, beside those of `gateway.exempt`.',
  additionalProperties: false,
  default: {},
  examples: [{ paths: ['/health'] }]
})

export interface ExemptOptions {
  readonly ips: readonly string[]
  readonly paths: readonly string[]
}

/** Who isn't limited, by any of these; null where everybody is. */
export function createExemption (...options: readonly ExemptOptions[]): ((gateway: GatewayRequest) => boolean) | null {
  const ips = options.flatMap(({ ips }) => ips)
  const paths = options.flatMap(({ paths }) => paths)
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

/** What is wrong with `exempt`. */
export function * exemptFindings ({ ips }: ExemptOptions): Generator<CheckFinding> {
  for (const [index, text] of ips.entries()) {
    if (!isNetwork(text)) yield { path: `/exempt/ips/${index}`, message: 'this is neither an address nor a CIDR range', mend: 'Write it like 10.0.0.0/8 or 2001:db8::1.' }
  }
}

/** Whether this is an address or a CIDR range. */
function isNetwork (text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
