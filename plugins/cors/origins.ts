/** `scheme://host[:port]` and nothing else (RFC 6454 section 6.2): whatever has a path, a user or a blank is no origin. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^\s/?#@:[\]\\,]+)(?::(\d{1,5}))?$/i

/** Kong's test for an entry that is compared, not matched. */
const PLAIN = /^[A-Za-z0-9.:/-]+$/

/** Longer ones are none: no regex is tried on them. */
const LONGEST = 512

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

export interface Origin {
  /** As browsers write it: lower-case, without the scheme's own port. */
  readonly text: string
  readonly host: string
}

/** @returns null for what is no origin; `null`, the origin of sandboxed pages and files, is none either */
export function parseOrigin (text: string): Origin | null {
  if (text.length > LONGEST) return null
  const match = ORIGIN.exec(text)
  if (match === null) return null
  const scheme = (match[1] as string).toLowerCase()
  const host = (match[2] as string).toLowerCase()
  const port = match[3] === undefined || match[3] === DEFAULT_PORTS[scheme] ? '' : `:${match[3]}`
  return { text: `${scheme}://${host}${port}`, host }
}

/** Whether the entry is compared with the origin as a whole; an IPv6 address in brackets is no set of characters. */
export function isPlain (entry: string): boolean {
  return PLAIN.test(entry) || (entry.includes('://[') && parseOrigin(entry) !== null)
}

/** Source of the regex that an entry stands for: anchored at both ends, as one group, so that `a|b` doesn't leave an end open. */
export function regexSource (entry: string): string {
  const start = entry.startsWith('^') ? 1 : 0
  const end = /(?:^|[^\\])(?:\\\\)*\$$/.test(entry) ? entry.length - 1 : entry.length
  return `^(?:${entry.slice(start, end)})$`
}

type Matcher = (origin: Origin) => boolean

/** What an entry matches; `*` is the caller's. */
function matcherOf (entry: string): Matcher {
  if (isPlain(entry)) {
    // without a scheme it equals no origin
    const text = parseOrigin(entry)?.text
    return origin => origin.text === text
  }
  const regex = new RegExp(regexSource(entry))
  return entry.includes(':') ? origin => regex.test(origin.text) : origin => regex.test(origin.host)
}

/** Which origins may read answers. */
export interface OriginPolicy {
  /** Whether the answer depends on the request's Origin. */
  readonly varies: boolean
  /** The same answer for everybody; null: it depends. */
  readonly constant: string | null
  /** Origins that are known beforehand, as browsers write them. */
  readonly known: readonly string[]
  /**
   * @param origin as received; undefined: none, or more than one
   * @returns value of Access-Control-Allow-Origin; null: this origin may not
   */
  allow (origin: string | undefined): string | null
}

export function compileOrigins (origins: readonly string[]): OriginPolicy {
  const [only] = origins
  if (only === undefined || (origins.length === 1 && only === '*')) return constantPolicy('*', false)
  // Kong says Vary here, although the answer is the same for all: a second origin in the file must find no old copies
  if (origins.length === 1 && isPlain(only)) return constantPolicy(parseOrigin(only)?.text ?? only, true)

  const star = origins.indexOf('*')
  const entries = star === -1 ? origins : origins.slice(0, star)
  const nobody = star === -1 ? null : '*'
  const opaque = entries.includes('null')
  const matchers = entries.filter(entry => entry !== 'null').map(matcherOf)
  const known = entries.filter(isPlain).map(entry => parseOrigin(entry)?.text).filter(text => text !== undefined)
  // most requests: nothing to take apart, 0.1 µs
  const exact = new Set(known)
  return {
    varies: true,
    constant: null,
    known,
    allow (received) {
      if (received === undefined) return nobody
      if (exact.has(received)) return received
      if (received === 'null') return opaque ? received : nobody
      const origin = parseOrigin(received)
      return origin !== null && matchers.some(matches => matches(origin)) ? origin.text : nobody
    }
  }
}

function constantPolicy (value: string, varies: boolean): OriginPolicy {
  return { varies, constant: value, known: [], allow: () => value }
}
