import type { AST } from '@eslint-community/regexpp'

/**
 * A set of characters: one bit for each ASCII character and one (bit 128) for all others together. Sets are made too big
 * where the exact answer is costly, never too small: what is proved of the bigger set holds for the exact one.
 */
export type Charset = bigint

const OTHERS = 1n << 128n
export const ANY: Charset = (1n << 129n) - 1n
const ASCII: Charset = OTHERS - 1n

const DIGIT = span(0x30, 0x39)
const WORD = DIGIT | span(0x41, 0x5a) | span(0x61, 0x7a) | span(0x5f, 0x5f)
const SPACE = span(0x09, 0x0d) | span(0x20, 0x20) | OTHERS
const PARTNERS = span(0x4b, 0x4b) | span(0x53, 0x53)
const LINE_ENDS = span(0x0a, 0x0a) | span(0x0d, 0x0d)

/** Characters from `min` to `max`, both included. */
export function span (min: number, max: number): Charset {
  let set = max > 127 ? OTHERS : 0n
  const last = Math.min(max, 127)
  if (min <= last) set |= ((1n << BigInt(last - min + 1)) - 1n) << BigInt(min)
  return set
}

/** ASCII letters in both cases. JavaScript never folds an ASCII character into another one (without the `u` flag). */
export function foldCase (set: Charset): Charset {
  const upper = set & span(0x41, 0x5a)
  const lower = set & span(0x61, 0x7a)
  return set | (upper << 32n) | (lower >> 32n)
}

/** The set of one atom of a parsed regex. */
export function charsetOf (node: AST.Character | AST.CharacterSet | AST.CharacterClass, flags: AST.Flags): Charset {
  const set = exactCharset(node, flags)
  if (!flags.ignoreCase) return set
  const folded = foldCase(set)
  // With `u` and `i`, K and S have partners beyond ASCII (U+212A, U+017F).
  return (flags.unicode || flags.unicodeSets) && (folded & PARTNERS) !== 0n ? folded | OTHERS : folded
}

function exactCharset (node: AST.Character | AST.CharacterSet | AST.CharacterClass, flags: AST.Flags): Charset {
  switch (node.type) {
    case 'Character': return span(node.value, node.value)
    case 'CharacterSet': return escapeSet(node, flags)
    case 'CharacterClass': return classSet(node, flags)
  }
}

function escapeSet (node: AST.CharacterSet, flags: AST.Flags): Charset {
  switch (node.kind) {
    case 'any': return flags.dotAll ? ANY : ANY & ~LINE_ENDS
    case 'digit': return node.negate ? ANY & ~DIGIT : DIGIT
    case 'word': return node.negate ? ANY & ~WORD : WORD
    case 'space': return node.negate ? (ASCII & ~SPACE) | OTHERS : SPACE
    case 'property': return ANY
  }
}

function classSet (node: AST.CharacterClass, flags: AST.Flags): Charset {
  let union = 0n
  let exact = true
  for (const element of node.elements) {
    switch (element.type) {
      case 'Character': union |= span(element.value, element.value); break
      case 'CharacterClassRange': union |= span(element.min.value, element.max.value); break
      case 'CharacterSet': union |= escapeSet(element, flags); exact &&= element.kind !== 'property'; break
      // Nested classes and strings of the `v` flag.
      default: return ANY
    }
  }
  if (!node.negate) return union
  if (!exact) return ANY
  // Under `i` the complement is taken of the folded set: [^a] refuses A too.
  const refused = flags.ignoreCase ? foldCase(union) : union
  return (ASCII & ~refused) | OTHERS
}
