/**
 * What servers disagree about in a path. For each, the listener or the route says which reading counts; router, plugins and
 * upstream then all see that one.
 */

/**
 * `reject`: 400. `decode`: read as lenient servers read it, and sent on in that reading. `keep`: an ordinary part of the path.
 * `keep_if_safe`: kept, unless a server that decodes it would leave the route's protection: then 400.
 */
export type PathAction = 'reject' | 'decode' | 'keep' | 'keep_if_safe'

export interface PathPolicy {
  /** `%2F`; decoded: a separator. */
  readonly encoded_slash: PathAction
  /** A back-slash, written so or as `%5C`; decoded: a `/`. */
  readonly backslash: PathAction
  /** `%00`. */
  readonly null_byte: 'reject' | 'keep'
  /** `%01` to `%1F`, and `%7F`: a line feed is no `.` of a regex, so that `~/admin/.*$` would not be about it. */
  readonly control_characters: 'reject' | 'keep'
  /** `;` and what follows it in its segment, `%3B` as well; decoded: cut, as Servlet containers do. */
  readonly semicolon: PathAction
  /** `%25` before two hex digits; decoded: until nothing is encoded twice. */
  readonly double_encoding: PathAction
  /** A character in more bytes than UTF-8 gives it, as `%C0%AE` for a dot; decoded: that character. */
  readonly overlong_utf8: PathAction
}

export const pathActions = ['reject', 'decode', 'keep', 'keep_if_safe'] as const

export const defaultPathPolicy: PathPolicy = Object.freeze({
  encoded_slash: 'keep_if_safe',
  backslash: 'reject',
  null_byte: 'reject',
  control_characters: 'reject',
  semicolon: 'keep_if_safe',
  double_encoding: 'keep_if_safe',
  overlong_utf8: 'reject'
})

/** Kong's reading: only a NUL is refused. */
export const kongPathPolicy: PathPolicy = Object.freeze({
  encoded_slash: 'keep',
  backslash: 'keep',
  null_byte: 'reject',
  control_characters: 'keep',
  semicolon: 'keep',
  double_encoding: 'keep',
  overlong_utf8: 'keep'
})

/** The same without refusals: the reading by which a route is looked for that may be more lenient than its listener. */
export function withoutRefusals (policy: PathPolicy): PathPolicy {
  const lenient = Object.entries(policy).map(([feature, action]) => [feature, action === 'reject' ? 'keep' : action])
  return Object.freeze(Object.fromEntries(lenient)) as unknown as PathPolicy
}
