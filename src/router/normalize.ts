/** The one reading of a request target: router, plugins and upstream all see what comes out of here. */
import { kongPathPolicy } from './path-policy.ts'
import type { PathPolicy } from './path-policy.ts'
import { decodeUtf8, overlong, shortest } from './utf8.ts'

/** Rounds of decoding: nobody encodes a path more often, and each could be made to need the next. */
const MAX_PASSES = 8

export interface NormalTarget {
  /** Starts with `/`, has no dot segments, no empty segments, and only those triplets that can't be decoded. */
  readonly path: string
  /** As received, without the `?`; null when there was none, '' for a lone `?`. */
  readonly query: string | null
}

/** Anything that the fast path can't take: `%`, `#`, `;`, back-slashes, controls, bytes from 0x80 on, `//`, `/.`. */
const irregular = /[^!"$&-:<-[\]-~]|\/[/.]/

/** Broken triplets, controls, what can't be a byte; and `#`, at which some upstreams cut and others don't. */
const malformed = /%(?![\da-fA-F]{2})|[^!"$-~\x80-\xff]/

/** What was encoded, of those that C and terminals act on; NUL stays encoded. */
const controls = /[\x01-\x1f\x7f]/ // eslint-disable-line no-control-regex

const absoluteForm = /^https?:\/\/[\w.~!$&'()*+,;=%:[\]-]+(?=[/?]|$)/i

/** These stay encoded: decoding them would change what the path says. NUL: no field, file name or log line should have one. */
const reserved = new Set("!*'();:@&=+$,/?%#[]\0")

/** What becomes of each triplet, in any case of its digits. Looked up, since a target may have thousands. */
const decodings = new Map(Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  const triplet = `%${byte.toString(16).padStart(2, '0')}`
  return spellings(triplet).map(spelling => [spelling, reserved.has(character) ? triplet.toUpperCase() : character] as const)
}).flat())

/** A target in its two parts, its path not yet normalised. */
export interface RawTarget {
  /** Starts with `/`; one character a byte. */
  readonly bytes: string
  readonly query: string | null
}

/** Takes a target apart. @returns null for one that is neither origin-form nor an absolute http URL without user information */
export function splitTarget (target: string): RawTarget | null {
  if (target.charCodeAt(0) === 0x2f) return split(target)
  const [start] = absoluteForm.exec(target) ?? []
  if (start === undefined) return null
  const rest = target.slice(start.length)
  return split(rest.startsWith('/') ? rest : `/${rest}`)
}

/** Whether a path is its own normal form by every policy: so are nearly all of real clients. */
export function isPlain (bytes: string): boolean {
  return !irregular.test(bytes)
}

/**
 * Reads the target of a request line.
 *
 * Never throws. What nginx in front of Kong answers with 400 is refused here too, for a better reason than likeness: a
 * triplet that stays broken while its neighbours are decoded (`%%32%65`) would come out as a new, valid one.
 *
 * @param target as Node gives it: one character a byte
 * @param policy default: Kong's reading
 * @returns null when it is malformed (a broken triplet, a fragment, a control), refused by the policy, or neither origin-form
 * nor an absolute http URL without user information: answer 400
 */
export function normalizeTarget (target: string, policy: PathPolicy = kongPathPolicy): NormalTarget | null {
  const raw = splitTarget(target)
  const path = raw === null ? null : normalizeBytes(raw.bytes, policy)
  return raw === null || path === null ? null : { path, query: raw.query }
}

/**
 * The normal form of a literal path of the file: what a route must say to be reached.
 *
 * @param path as text, starting with `/`
 * @returns null when it is malformed, or refused by the policy (default: Kong's reading)
 */
export function normalizePath (path: string, policy: PathPolicy = kongPathPolicy): string | null {
  return normalizeBytes(Buffer.from(path).toString('latin1'), policy)
}

/** The normal form of a path, one character a byte. @returns null when it is malformed or refused */
export function normalizeBytes (bytes: string, policy: PathPolicy): string | null {
  // nearly every target of a real client ends here, without a copy
  if (!irregular.test(bytes)) return bytes
  const text = decodePath(bytes, policy)
  return text === null ? null : tidyPath(text)
}

/** The text of a path, its dot segments and empty segments still there. @returns null when it is malformed or refused */
export function decodePath (bytes: string, policy: PathPolicy): string | null {
  if (malformed.test(bytes)) return null
  const decoded = unfold(bytes, policy)
  if (decoded === null) return null
  const text = /[\x80-\xff]/.test(decoded) ? decodeUtf8(decoded) : decoded
  return separate(text, policy)
}

/** Removes dot segments and empty segments. `..` never climbs over the root. */
export function tidyPath (text: string): string {
  return /\/[/.]/.test(text) ? removeDotSegments(text) : text
}

function split (target: string): RawTarget {
  const mark = target.indexOf('?', 1)
  return mark === -1 ? { bytes: target, query: null } : { bytes: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Triplets decoded; by the policy those that are encoded twice and overlong characters as well. */
function unfold (bytes: string, policy: PathPolicy): string | null {
  let text = bytes
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const decoded = text.replace(/%../g, triplet => decodings.get(triplet) ?? triplet)
    text = decoded
    if (overlong.test(text)) {
      if (policy.overlong_utf8 === 'reject') return null
      if (policy.overlong_utf8 === 'decode') text = shortest(text)
    }
    if (/%25[\dA-Fa-f]{2}/.test(text)) {
      if (policy.double_encoding === 'reject') return null
      if (policy.double_encoding === 'decode') text = text.replace(/%(?:25)+(?=[\dA-Fa-f]{2})/g, '%')
    }
    if (text === decoded) return text
  }
  return null
}

/** What parts a path, or seems to, and what has no place in one. */
function separate (text: string, policy: PathPolicy): string | null {
  if (policy.control_characters === 'reject' && controls.test(text)) return null
  if (!/[;\\%]/.test(text)) return text
  if (policy.null_byte === 'reject' && text.includes('%00')) return null
  let path = text
  if (path.includes('\\')) {
    if (policy.backslash === 'reject') return null
    if (policy.backslash === 'decode') path = path.replaceAll('\\', '/')
  }
  if (path.includes('%2F')) {
    if (policy.encoded_slash === 'reject') return null
    if (policy.encoded_slash === 'decode') path = path.replaceAll('%2F', '/')
  }
  if (/;|%3B/.test(path)) {
    if (policy.semicolon === 'reject') return null
    if (policy.semicolon === 'decode') path = path.replace(/(?:;|%3B)[^/]*/g, '')
  }
  return path
}

/** A triplet with each of its digits in both cases. */
function spellings (triplet: string): string[] {
  const [, high = '', low = ''] = triplet
  return [high, high.toUpperCase()].flatMap(first => [low, low.toUpperCase()].map(second => `%${first}${second}`))
}

/** Runs after decoding, so that `%2e%2e` counts. */
function removeDotSegments (path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  const directory = kept.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${kept.join('/')}${directory ? '/' : ''}`
}
