import type { GatewaySettings, ListenAddress } from '../../config/model.ts'
import { overlap } from '../../config/validate/gateway.ts'

type ListenError = NodeJS.ErrnoException & { readonly address?: string, readonly port?: number, readonly hostname?: string }

/** Codes of what a listener says: their words tell all, a stack nothing more. */
const OF_LISTENERS = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'])

/** Whether an address could not be listened on. */
export function isListenFailure (error: unknown): error is ListenError {
  const { code, syscall } = error as ListenError
  return code !== undefined && OF_LISTENERS.has(code) && (syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo' || syscall === undefined)
}

/**
 * Why a gateway could not start, and what to do, for a person.
 *
 * @param error what `listen` rejected with
 */
export function startFailure (error: unknown, settings: Pick<GatewaySettings, 'listen' | 'admin'>): string {
  const { code, address, port, hostname, message } = error as ListenError
  if (!isListenFailure(error)) return message
  const place = address === undefined ? `port ${port}` : `${address.includes(':') ? `[${address}]` : address}:${port}`
  const entry = entryOf(error, settings)
  const there = entry === null ? '' : ` (${entry})`
  switch (code) {
    case 'EADDRINUSE': return ownClash(port, settings) ?? `${place} is in use: another process listens there; stop it, or choose another port${there}`
    case 'EACCES': return `no permission to listen on ${place}: ports below 1024 are the system's; choose another port${there}, or grant CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL': return `can't listen on ${place}: this machine has no such address; choose another host${there}`
    default: return `can't listen on ${hostname ?? place}: the name has no address; choose another host${there}`
  }
}

/** Two listeners of one gateway: `check` finds those of the file, flags can make others. */
function ownClash (port: number | undefined, { listen, admin }: Pick<GatewaySettings, 'listen' | 'admin'>): string | null {
  const other = listen.find(one => admin !== null && one.port === port && admin.port === port && overlap(one.host, admin.host))
  return other === undefined || admin === null
    ? null
    : `${shown(admin)} is the admin listener's own address (gateway.admin), and ${shown(other)} is to be listened on too: choose another port, or another admin port (\`--admin-port\`; off disables it)`
}

function shown ({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Where the file says so. */
function entryOf ({ port, address, hostname }: ListenError, { listen, admin }: Pick<GatewaySettings, 'listen' | 'admin'>): string | null {
  const isIt = (one: { readonly host: string, readonly port: number }): boolean => hostname !== undefined ? one.host === hostname : one.port === port && (address === undefined || one.host === address)
  const index = listen.findIndex(isIt)
  if (index !== -1) return `gateway.listen[${index}]`
  if (admin !== null && isIt(admin)) return 'gateway.admin'
  // a name stands for its address
  const byPort = listen.findIndex(one => one.port === port)
  return byPort !== -1 ? `gateway.listen[${byPort}]` : admin !== null && admin.port === port ? 'gateway.admin' : null
}
