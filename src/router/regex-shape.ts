/** What is certain about every path that a regex accepts, so that the regex is only run where it has a chance. */
import type { Token } from './regex-dialect.ts'

export interface Shape {
  /** What every accepted path starts with; '' when nothing is certain. */
  readonly literalPrefix: string
  /** Whole segments that every accepted path has, by number from 0: `/a/(?<id>[^/]+)/b$` has 0: a and 2: b. */
  readonly segments: ReadonlyMap<number, string>
}

/** @param tokens of a pattern that compiles */
export function regexShape (tokens: readonly Token[]): Shape {
  if (hasAlternatives(tokens)) return { literalPrefix: '', segments: new Map() }
  return { literalPrefix: literalPrefix(tokens), segments: fixedSegments(tokens) }
}

function hasAlternatives (tokens: readonly Token[]): boolean {
  let depth = 0
  return tokens.some(({ kind }) => {
    if (kind === 'open') depth++
    if (kind === 'close') depth--
    return kind === 'alternation' && depth === 0
  })
}

function literalPrefix (tokens: readonly Token[]): string {
  const end = tokens.findIndex((_, index) => !isCertain(tokens, index))
  return tokens.slice(0, end === -1 ? undefined : end).map(({ text }) => text).join('')
}

/** Counts slashes from the left for as long as every token has a known number of them. */
function fixedSegments (tokens: readonly Token[]): Map<number, string> {
  const segments = new Map<number, string>()
  let depth = 0
  let number = -1
  // null from the first uncertain token of a segment on
  let text: string | null = null
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'open') depth++
    if (token.kind === 'close') depth--
    const certain = depth === 0 && isCertain(tokens, index)
    const ends = depth === 0 && (token.source === '$' || (certain && token.text === '/'))
    if (ends) {
      if (text !== null) segments.set(number, text)
      if (token.source === '$') return segments
      number++
      text = ''
    } else if (canBeSlash(token)) {
      return segments
    } else if (token.kind !== 'quantifier') {
      text = certain && text !== null ? text + token.text : null
    }
  }
  return segments
}

/** A literal that must be there, exactly once. */
function isCertain (tokens: readonly Token[], index: number): boolean {
  return tokens[index]?.kind === 'literal' && tokens[index + 1]?.kind !== 'quantifier'
}

function canBeSlash ({ kind, source, text }: Token): boolean {
  return kind === 'literal' ? text === '/' : kind === 'other' && new RegExp(`^${source}$`, 'u').test('/')
}
