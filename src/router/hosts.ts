/** Reading `Host` fields and the `hosts` of a route. Both are compared without case: DNS names have none. */

const DOT = 0x2e

export interface HostPattern {
  /** `suffix`: `*.example.com` as `.example.com`; `prefix`: `example.*` as `example.`. */
  readonly kind: 'exact' | 'suffix' | 'prefix'
  readonly text: string
  /** null: every port. */
  readonly port: number | null
}

/** The name of a Host field or of an entry of `hosts`: lower-case, without port and without the dot of DNS's root; IPv6 addresses in brackets. */
export function hostName (host: string): string {
  const end = nameEnd(host)
  let name = (end === host.length ? host : host.slice(0, end)).toLowerCase()
  // `admin.example.com.` is the same host: a route for it must not be passed by
  while (name.charCodeAt(name.length - 1) === DOT && name.length > 1) name = name.slice(0, -1)
  // a second colon is an address without its brackets
  return name.includes(':') && !name.startsWith('[') ? `[${name}]` : name
}

/** The port that is written in a Host field or in an entry of `hosts`; null when there is none. */
export function hostPort (host: string): number | null {
  const digits = host.slice(nameEnd(host) + 1)
  return digits === '' ? null : Number(digits)
}

export function parseHostPattern (host: string): HostPattern {
  const name = hostName(host)
  const port = hostPort(host)
  if (name.startsWith('*.')) return { kind: 'suffix', text: name.slice(1), port }
  if (name.endsWith('.*')) return { kind: 'prefix', text: name.slice(0, -1), port }
  return { kind: 'exact', text: name, port }
}

/** Where the name ends: before `:port`, or at the end when what follows the colon is no port. */
function nameEnd (host: string): number {
  const colon = host.lastIndexOf(':')
  if (colon === -1) return host.length
  const bare = host.indexOf(':') !== colon && host[colon - 1] !== ']'
  return bare || !/^\d*$/.test(host.slice(colon + 1)) ? host.length : colon
}
