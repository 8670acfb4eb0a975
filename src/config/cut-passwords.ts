/** Schemes whose addresses have paths in which anything may stand, `:` and `@` included. */
const WEB = new Set(['http', 'https', 'ws', 'wss', ''])

/** A host with its port, or an IPv6 address: what follows is a path, a query, or nothing. */
const HOST = /^(?:\[[\da-f:.%]*\](?::\d*)?|[^:]*:\d{1,5})(?:$|[/?#\s"'`<>,)}\]])/i
/** The same, and at most the number of a database. */
const WHOLE = /^(?:\[[\da-f:.%]*\]|[^:]*:\d{1,5}(?:\/\d*)?(?:$|[\s"'`<>,)}\]]))/i
/** Longer than any host. */
const LONGEST_HOST = 300

/** What reads as a reference is one: its name is what a reader needs to see. */
const REFERENCE = /\{vault:\/\/[^{}]*\}|\$\{\{.*?\}\}/g

const SCHEME = /[a-z][a-z\d+.-]*$/i
const LONGEST_SCHEME = 20

/**
 * A text with asterisks where addresses in it have a password, in the same columns.
 *
 * A password may have characters that no address allows, and is a secret nevertheless: it reaches from the first `:` behind the
 * user to the last `@`. Where that could also be a path (`http://host:80/user@example.com`), the scheme and what looks like a
 * port decide; else more is cut rather than less.
 */
export function cutPasswords (text: string): string {
  if (!text.includes('@')) return text
  const starts = startsOf(text)
  let result = ''
  let copied = 0
  for (const [index, start] of starts.entries()) {
    const place = passwordIn(text, start, starts[index + 1] ?? text.length)
    if (place === null) continue
    result += text.slice(copied, place.from) + asterisks(text.slice(place.from, place.to))
    copied = place.to
  }
  return result + text.slice(copied)
}

/** Whether an address has a password, whatever it is made of. */
export function hasPassword (address: string): boolean {
  return cutPasswords(address) !== address
}

/** Where addresses go on behind `://`, but for that of references. */
function startsOf (text: string): number[] {
  const starts: number[] = []
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) if (!text.startsWith('{vault', at - 6)) starts.push(at + 3)
  return starts
}

/** @param next where the address behind it begins */
function passwordIn (text: string, start: number, next: number): { readonly from: number, readonly to: number } | null {
  const scheme = SCHEME.exec(text.slice(Math.max(0, start - 3 - LONGEST_SCHEME), start - 3))?.[0].toLowerCase() ?? ''
  const address = addressIn(text.slice(start, next), text[start - 4 - scheme.length] ?? '')
  const colon = address.indexOf(':')
  const end = address.lastIndexOf('@')
  if (colon === -1 || end <= colon + 1) return null
  const user = address.slice(0, colon)
  // a colon of a path, or of what stands behind the address
  if ((WEB.has(scheme) ? /[/?#\s]/ : /\s/).test(user)) return null
  return (WEB.has(scheme) ? HOST : WHOLE).test(address.slice(0, LONGEST_HOST)) ? null : { from: start + colon + 1, to: start + end }
}

/** @param rest of the text, from behind the scheme @param quote in front of the scheme, if it is one */
function addressIn (rest: string, quote: string): string {
  const [line] = rest.split('\n', 1) as [string]
  if (quote === '"' || quote === "'") {
    const end = closingQuote(line, quote)
    // one that is part of the password, in a text that isn't YAML, is not its end
    if (end !== -1 && (line.lastIndexOf('@', end) !== -1 || /^.(?:$|[\s,:;.)}\]])/.test(line.slice(end, end + 2)))) return line.slice(0, end)
  }
  const comment = line.indexOf(' #')
  return comment !== -1 && line.lastIndexOf('@', comment) !== -1 ? line.slice(0, comment) : line
}

function closingQuote (line: string, quote: string): number {
  for (let at = 0; at < line.length; at++) {
    if (quote === '"' && line[at] === '\\') at++
    else if (line[at] === quote && quote === "'" && line[at + 1] === quote) at++
    else if (line[at] === quote) return at
  }
  return -1
}

function asterisks (password: string): string {
  let result = ''
  let copied = 0
  for (const { 0: reference, index } of password.matchAll(REFERENCE)) {
    result += '*'.repeat(index - copied) + reference
    copied = index + reference.length
  }
  return result + '*'.repeat(password.length - copied)
}
