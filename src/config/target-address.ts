/** Host and port of a target, as written in `target`. */

/** Kong's, for a target that names none. */
const PORT = 8000

const PARTS = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/

export interface TargetAddress {
  /** A name in lower case, or an address; IPv6 in brackets. */
  readonly host: string
  readonly port: number
}

/** Undefined for what has another form; whether the host is one, this doesn't know. */
export function targetAddress (target: string): TargetAddress | undefined {
  const [, host = '', port] = PARTS.exec(bareV6(target) ? `[${target}]` : target) ?? []
  const number = port === undefined ? PORT : Number(port)
  if (host === '' || number === 0 || number > 65535) return undefined
  return { host: host.toLowerCase(), port: number }
}

/** An IPv6 address without brackets can't have a port. */
function bareV6 (target: string): boolean {
  return !target.startsWith('[') && target.split(':').length > 2
}
