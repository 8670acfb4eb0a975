/** reg-name or IP literal with an optional port (RFC 3986 section 3.2.2), nothing else. */
const HOST = /^(?:[a-z0-9\-._~%!$&'()*+,;=]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i

/** Distinct Host fields that are remembered; a client that invents more of them only makes each a little dearer. */
const REMEMBERED = 1_000

export interface Host {
  /** Lower-case, without port, and without the dot of DNS's root. */
  readonly name: string
  /** null: none given. */
  readonly port: string | null
}

/** Reads Host fields; null for one that is not valid. */
export function createHostReader (): (field: string) => Host | null {
  const known = new Map<string, Host | null>()
  return function readHost (field) {
    const before = known.get(field)
    if (before !== undefined) return before
    const host = parse(field)
    if (known.size >= REMEMBERED) known.clear()
    known.set(field, host)
    return host
  }
}

function parse (field: string): Host | null {
  if (field.length > 255 + 6 || !HOST.test(field)) return null
  const lower = field.toLowerCase().replace(/\.+(?=:\d*$|$)/, '')
  const colon = lower.lastIndexOf(':')
  if (colon === -1 || lower.endsWith(']')) return { name: lower, port: null }
  const port = lower.slice(colon + 1)
  if (Number(port) > 65_535) return null
  return { name: lower.slice(0, colon), port: port === '' ? null : port }
}
