/** The one reading of a request target: router, plugins and upstream all see what comes out of here. */
import { decodeUtf8 } from './utf8.ts'

export interface NormalTarget {
  /** Starts with `/`, has no dot segments, no empty segments, and only those triplets that can't be decoded. */
  readonly path: string
  /** As received, without the `?`; null when there was none, '' for a lone `?`. */
  readonly query: string | null
}

/** Anything that the fast path can't take: `%`, `#`, controls, bytes from 0x80 on, `//`, `/.`. */
const irregular = /[^!"$&-~]|\/[/.]/

/** Broken triplets, NUL, controls, what can't be a byte; and `#`, at which some upstreams cut and others don't. */
const malformed = /%(?![\da-fA-F]{2})|%00|[^!"$-~\x80-\xff]/

const absoluteForm = /^https?:\/\/[\w.~!$&'()*+,;=%:[\]-]+(?=[/?]|$)/i

/** These stay encoded: decoding them would change what the path says. */
const reserved = new Set("!*'();:@&=+$,/?%#[]")

/** What becomes of each triplet, in any case of its digits. Looked up, since a target may have thousands. */
const decodings = new Map(Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  const triplet = `%${byte.toString(16).padStart(2, '0')}`
  return spellings(triplet).map(spelling => [spelling, reserved.has(character) ? triplet.toUpperCase() : character] as const)
}).flat())

/**
 * Reads the target of a request line.
 *
 * Never throws. What nginx in front of Kong answers with 400 is refused here too, for a better reason than likeness: a
 * triplet that stays broken while its neighbours are decoded (`%%32%65`) would come out as a new, valid one.
 *
 * @param target as Node gives it: one character a byte
 * @returns null when it is malformed (a broken triplet, a NUL, a fragment, a control), or neither origin-form nor an
 * absolute http URL without user information: answer 400
 */
export function normalizeTarget (target: string): NormalTarget | null {
  if (target.charCodeAt(0) === 0x2f) return split(target)
  const [start] = absoluteForm.exec(target) ?? []
  if (start === undefined) return null
  const rest = target.slice(start.length)
  return split(rest.startsWith('/') ? rest : `/${rest}`)
}

/**
 * The normal form of a literal path of the file: what a route must say to be reached.
 *
 * @param path as text, starting with `/`
 * @returns null when it is malformed
 */
export function normalizePath (path: string): string | null {
  return normalize(Buffer.from(path).toString('latin1'))
}

function split (target: string): NormalTarget | null {
  const mark = target.indexOf('?', 1)
  const path = normalize(mark === -1 ? target : target.slice(0, mark))
  return path === null ? null : { path, query: mark === -1 ? null : target.slice(mark + 1) }
}

function normalize (bytes: string): string | null {
  // nearly every target of a real client ends here, without a copy
  if (!irregular.test(bytes)) return bytes
  if (malformed.test(bytes)) return null
  const decoded = bytes.replace(/%../g, triplet => decodings.get(triplet) ?? triplet)
  const text = /[\x80-\xff]/.test(decoded) ? decodeUtf8(decoded) : decoded
  return /\/[/.]/.test(text) ? removeDotSegments(text) : text
}

/** A triplet with each of its digits in both cases. */
function spellings (triplet: string): string[] {
  const [, high = '', low = ''] = triplet
  return [high, high.toUpperCase()].flatMap(first => [low, low.toUpperCase()].map(second => `%${first}${second}`))
}

/** Runs after decoding, so that `%2e%2e` counts. `..` never climbs over the root. */
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
