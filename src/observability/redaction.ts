/**
 * Keeps secrets out of everything that is written down: access log, error log, `/status`.
 *
 * Deciding by name happens once for each name that is seen and is remembered, so a request pays a map lookup a header;
 * an address without `?`, `;`, `#` or `@` is returned as it is after one look.
 */
import { createValueCutter } from '../config/cut-values.ts'
import { decodeOnce } from './decode.ts'

/** What stands where a secret was. */
export const REDACTED = 'REDACTED'

export interface Redactor {
  /** Whether the value of this header (any case) is cut. */
  header (name: string): boolean
  /** Whether the value of this query argument, as written in the address, is cut. */
  argument (name: string): boolean
  /** An address or request target without the values of secret arguments and without user information. */
  url (value: string): string
  /** Free text: the same within sentences, plus credentials after their scheme and every known secret value. */
  text (value: string): string
  /** Cuts the known secret values only. */
  secrets (value: string): string
  /** The host of an upstream, or what stands for one that came from a reference. */
  host (name: string, port: number): string
  /** A host of an upstream has this address: of one that came from a reference, the address is cut as well from now on. */
  resolved (name: string, port: number, address: string): void
  /** The same in `host:port`, with or without a scheme. */
  authority (value: string): string
}

/**
 * Compared with the name in lower case without its punctuation: `X-API-Key`, `api_key` and `apiKey` are all `apikey`.
 * Wide on purpose: `x-billing-token` is cut though nobody listed it. `page_token` is the price.
 */
const anywhere = /authori[sz]ation|token|secret|passw|passphrase|apikey|accesskey|authkey|subscriptionkey|functionskey|privatekey|credential|cookie|jwt|session|assertion|samlre/
/** Sec-WebSocket-Protocol is how browsers send a token with a WebSocket; DPoP is a proof that can be replayed. */
const headerExact = new Set(['secwebsocketprotocol', 'dpop', 'xauth', 'auth', 'xsallyportdebug'])
const argumentExact = new Set(['key', 'code', 'sig', 'hmac', 'auth', 'sid', 'pwd', 'pass', 'pin', 'otp', 'ticket'])

/** Names come from clients: the memory of decisions must not grow with them. */
const REMEMBERED_NAMES = 1024
/** Names of targets lead to new addresses for as long as a configuration runs. */
const REMEMBERED_ADDRESSES = 1024
/** How often an address may stand inside an argument of another one. */
const NESTING = 3

const special = /[?;#@]/
const userinfo = /\/\/[^/?#\s"]*@/g
/** Keys that `sallyport keys create` makes are known by their look, wherever they are found. */
const ownKey = /\bsp_(?:[a-z0-9]{1,16}_)?[0-9A-Za-z]{36}(?![0-9A-Za-z])/g
const scheme = /\b(bearer|basic|digest|negotiate|apikey|token)(\s+)[\w.~+/=-]{6,}/gi
const textEnd = /[&\s"'<>]/g

/** Everybody has these: they are known by their port, and stay where they stand in sentences. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)(?::\d+)?$/i
const AUTHORITY = /^([a-z+]+:\/\/)?(\[[^\]]*\]|[^/:]*)(?::(\d+))?$/

/**
 * @param names further header and argument names to cut (`gateway.log.redact`)
 * @param secretValues values that came from references: cut wherever they stand
 * @param secretHosts hosts of upstreams that did; of this machine with their ports
 */
export function createRedactor (names: readonly string[] = [], secretValues: readonly string[] = [], secretHosts: readonly string[] = []): Redactor {
  const configured = new Set(names.map(compact))
  // Access-Control-Allow-Credentials and its kind hold names and `true`
  const header = remember(name => isSecret(compact(name).replace(/^accesscontrol(?:allow|expose|request)[a-z]+$/, ''), headerExact))
  const argument = remember(name => {
    const bare = compact(decodeOnce(name))
    return isSecret(bare, argumentExact) || bare.endsWith('signature')
  })
  const secrets = createValueCutter(secretForms([...secretValues, ...secretHosts.filter(host => !isLoopback(host))]), REDACTED)
  const hosts = new Set(secretHosts)
  /** What they were resolved to, the oldest first. */
  const addresses = new Set<string>()

  function host (name: string, port: number): string {
    if (hosts.size === 0) return name
    const bare = name.startsWith('[') ? name.slice(1, -1) : name
    return hosts.has(bare) || hosts.has(`${bare}:${port}`) || addresses.has(bare) ? REDACTED : name
  }

  function resolved (name: string, port: number, address: string): void {
    if (address === name || isLoopback(address) || host(name, port) === name) return
    addresses.delete(address)
    addresses.add(address)
    if (addresses.size > REMEMBERED_ADDRESSES) addresses.delete(addresses.values().next().value as string)
  }

  function cutAddresses (value: string): string {
    for (const address of addresses) if (value.includes(address)) value = value.replaceAll(address, REDACTED)
    return value
  }

  function isSecret (bare: string, exact: ReadonlySet<string>): boolean {
    return exact.has(bare) || configured.has(bare) || anywhere.test(bare)
  }

  function cutArguments (value: string, inText: boolean, depth: number): string {
    let result = ''
    let copied = 0
    let end = -1
    for (let equals = value.indexOf('='); equals !== -1; equals = value.indexOf('=', equals + 1)) {
      // a value is looked through once, however many `=` are in it: clients write what this is done to
      const first = equals >= end
      if (first) end = valueEnd(value, equals + 1, inText)
      const cut = argument(value.slice(nameStart(value, equals), equals)) ? REDACTED : first && depth < NESTING ? cutInside(value.slice(equals + 1, end), depth) : null
      if (cut === null) continue
      result += value.slice(copied, equals + 1) + cut
      copied = end
      equals = end - 1
    }
    return copied === 0 ? value : result + value.slice(copied)
  }

  /** An address inside an argument: ?next=https%3A%2F%2Fx%2F%3Ftoken%3D…; null: there is nothing to cut. */
  function cutInside (inner: string, depth: number): string | null {
    if (!inner.includes('%3')) return null
    const decoded = decodeOnce(inner)
    const cut = cutArguments(decoded.includes('@') ? decoded.replace(userinfo, `//${REDACTED}@`) : decoded, false, depth + 1)
    return cut === decoded ? null : encodeURIComponent(cut)
  }

  return {
    header,
    argument,
    secrets,
    host,
    resolved,
    authority: value => hosts.size === 0 ? value : value.replace(AUTHORITY, (whole, before = '', name: string, port: string | undefined) => host(name, Number(port ?? 0)) === name ? whole : `${before}${REDACTED}${port === undefined ? '' : `:${port}`}`),
    url (value) {
      if (value.includes('sp_')) value = value.replace(ownKey, REDACTED)
      if (!special.test(value)) return value
      if (value.includes('@')) value = value.replace(userinfo, `//${REDACTED}@`)
      return cutArguments(value, false, 0)
    },
    text (value) {
      value = cutAddresses(secrets(value)).replace(ownKey, REDACTED).replace(scheme, `$1$2${REDACTED}`)
      if (value.includes('@')) value = value.replace(userinfo, `//${REDACTED}@`)
      return cutArguments(value, true, 0)
    }
  }
}

/** Of an address of this machine, with or without a port. */
export function isLoopback (host: string): boolean {
  return LOOPBACK.test(host)
}

/** The argument's name reaches back to the nearest separator. */
function nameStart (value: string, equals: number): number {
  for (let index = equals - 1; index >= 0; index--) {
    const code = value.charCodeAt(index)
    // & ; ? # / = and everything that ends a word in a sentence
    if (code === 38 || code === 61 || code === 59 || code === 63 || code === 35 || code === 47 || code <= 32 || code === 34 || code === 39) return index + 1
  }
  return 0
}

/** A value ends at `&` only: whether `;` or `#` ends it is the upstream's business, and half a secret is one too many. */
function valueEnd (value: string, from: number, inText: boolean): number {
  if (!inText) {
    const ampersand = value.indexOf('&', from)
    return ampersand === -1 ? value.length : ampersand
  }
  textEnd.lastIndex = from
  const end = textEnd.exec(value)
  return end === null ? value.length : end.index
}

function compact (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '')
}

function remember (decide: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>()
  return name => {
    const before = known.get(name)
    if (before !== undefined) return before
    const verdict = decide(name)
    if (known.size < REMEMBERED_NAMES && name.length <= 128) known.set(name, verdict)
    return verdict
  }
}

/** As they are, as JSON writes them and as an address writes them. */
function * secretForms (secretValues: readonly string[]): Generator<string> {
  for (const secret of secretValues) {
    // a number is a port or a limit, and cutting digits out of a JSON line would break it
    if (!Number.isNaN(Number(secret))) continue
    yield secret
    yield JSON.stringify(secret).slice(1, -1)
    if (!/[\ud800-\udfff]/.test(secret)) yield encodeURIComponent(secret)
  }
}
