/** How else a path may be read by a server behind the gateway that decodes more than the gateway does. */
import { escapePath } from './escape.ts'
import { decodePath, tidyPath } from './normalize.ts'
import { kongPathPolicy } from './path-policy.ts'
import type { PathPolicy } from './path-policy.ts'

type Feature = Exclude<keyof PathPolicy, 'null_byte' | 'control_characters'>

/** What in an escaped path has another reading. Digits of triplets are capitals there. */
const FEATURES: ReadonlyArray<readonly [feature: Feature, sign: RegExp]> = [
  ['encoded_slash', /%2F/],
  ['backslash', /%5C/],
  ['semicolon', /;|%3B/],
  ['double_encoding', /%25[\dA-Fa-f]{2}/],
  ['overlong_utf8', /%(?:C[01]|E0|F[08C])/]
]

/** C strings end here, and what is decoded before it is taken apart. */
const END = /(?:%00|%23|%3F).*/s

const DOTS = /\/\.{1,2}(?:\/|$)/

/** Signs of these in one path: each costs work in every reading, and a URL inside of a path has a dozen. */
const MAX_SIGNS = 100

/** Other features in one path: no client has a reason for more, and each doubles the readings. */
const MAX_FEATURES = 4

const EVERYTHING = { ...kongPathPolicy, null_byte: 'keep' } as const

/**
 * All other readings of a path, for the features that are kept only where that is safe.
 *
 * @param path normalised
 * @returns null where one of them has dot segments that the path has not, or there is too much to read in other ways: nothing
 * honest is written so
 */
export function otherReadings (path: string, policy: PathPolicy): ReadonlySet<string> | null {
  const sent = escapePath(path)
  const guarded = FEATURES.filter(([feature]) => policy[feature] === 'keep_if_safe')
  if (guarded.length > 0 && (sent.match(/;|%(?:2F|3B|5C|25)/g)?.length ?? 0) > MAX_SIGNS) return null
  // what is encoded twice may hide any of the others
  const inner = policy.double_encoding === 'keep_if_safe' ? decodePath(sent, { ...EVERYTHING, double_encoding: 'decode' }) : path
  if (inner === null) return null
  const all = sent + escapePath(inner)
  // what is refused in the path is refused inside of another encoding, too
  const plain = Object.fromEntries(Object.entries(policy).map(([feature, action]) => [feature, action === 'keep_if_safe' ? 'keep' : action]))
  const features = guarded.filter(([, sign]) => sign.test(all)).map(([feature]) => feature)
  if (features.length > MAX_FEATURES) return null
  const readings = new Set<string>()
  for (let choice = 0; choice < 2 ** features.length; choice++) {
    const decoded = features.filter((_, index) => (choice >> index & 1) === 1).map(feature => [feature, 'decode'])
    const text = decodePath(sent, { ...plain, ...Object.fromEntries(decoded) } as PathPolicy)
    if (text === null || DOTS.test(text) || DOTS.test(text.replace(END, ''))) return null
    readings.add(tidyPath(text))
    if (END.test(text)) readings.add(tidyPath(text.replace(END, '')))
  }
  readings.delete(path)
  return readings
}
