/**
 * Why a gateway could not start, for a person.
 *
 * @param error what `listen` rejected with
 */
export function startFailure (error: unknown): string {
  const { code, address, port, message } = error as NodeJS.ErrnoException & { address?: string, port?: number }
  const place = address === undefined ? `port ${port}` : `${address.includes(':') ? `[${address}]` : address}:${port}`
  switch (code) {
    case 'EADDRINUSE': return `${place} is in use: another process listens there`
    case 'EACCES': return `no permission to listen on ${place}: ports below 1024 are the system's`
    case 'EADDRNOTAVAIL': return `can't listen on ${place}: this machine has no such address`
    case 'ENOTFOUND':
    case 'EAI_AGAIN': return `can't listen on ${(error as { hostname?: string }).hostname ?? place}: the name has no address`
    default: return message
  }
}
