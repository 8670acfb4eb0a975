import { readRegex } from './regex-dialect.ts'
import type { RegexProblem } from './regex-dialect.ts'
import { regexShape } from './regex-shape.ts'
import type { Shape } from './regex-shape.ts'

export interface CompiledRegex {
  readonly regex: RegExp
  readonly shape: Shape
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
  const tokens = readRegex(pattern)
  if ('reason' in tokens) return tokens
  try {
    const regex = build(tokens.map(({ source }) => source).join(''))
    if (couldBeTooBig(regex.source)) {
      // V8 compiles at the first use, for strings of one and of two bytes a character, and refuses huge repeats only then
      regex.test('/')
      regex.test('/\u0100')
    }
    return { regex, shape: regexShape(tokens) }
  } catch (error) {
    return { index: 0, length: pattern.length, reason: `the regex does not compile: ${reasonOf(error)}`, mend: 'write it as JavaScript understands it' }
  }
}

/** Others are compiled by the first request that needs them: ten thousand take a second. */
function couldBeTooBig (source: string): boolean {
  return source.length > 1000 || source.includes('{')
}

/** V8's text without the pattern, which the caller shows anyway. */
function reasonOf (error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.slice(message.lastIndexOf(': ') + 2)
}
