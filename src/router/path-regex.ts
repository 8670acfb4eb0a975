import { translateRegex } from './regex-dialect.ts'
import type { RegexProblem } from './regex-dialect.ts'

export interface CompiledRegex {
  readonly regex: RegExp
  /** What every match starts with, in the path's own letters; '' when nothing is certain. */
  readonly literalPrefix: string
}

/**
 * Compiles a path regex: case-sensitive, anchored at its start, all alternatives included.
 *
 * @param pattern without the `~`
 */
export function compilePathRegex (pattern: string): CompiledRegex | RegexProblem {
  return compile(pattern, source => new RegExp(`^(?:${source})`, 'u'))
}

/**
 * Compiles a header regex: searched anywhere in the value, whatever the case. (Kong lower-cases pattern and value instead,
 * which turns `\D` into `\d`.)
 *
 * @param pattern without the `~*`
 */
export function compileHeaderRegex (pattern: string): CompiledRegex | RegexProblem {
  return compile(pattern, source => new RegExp(source, 'iu'))
}

/** Whether {@link compilePathRegex} or {@link compileHeaderRegex} refused. */
export function isProblem (result: CompiledRegex | RegexProblem): result is RegexProblem {
  return 'reason' in result
}

function compile (pattern: string, build: (source: string) => RegExp): CompiledRegex | RegexProblem {
  const translation = translateRegex(pattern)
  if ('reason' in translation) return translation
  try {
    const regex = build(translation.source)
    // V8 compiles at the first use, for strings of one and of two bytes a character, and refuses huge repeats only then
    regex.test('/')
    regex.test('/\u0100')
    return { regex, literalPrefix: translation.literalPrefix }
  } catch (error) {
    return { index: 0, length: pattern.length, reason: `the regex does not compile: ${reasonOf(error)}`, mend: 'write it as JavaScript understands it' }
  }
}

/** V8's text without the pattern, which the caller shows anyway. */
function reasonOf (error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.slice(message.lastIndexOf(': ') + 2)
}
