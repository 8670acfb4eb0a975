import type { AST } from '@eslint-community/regexpp'
import { compilePathRegex, isProblem } from '../../router/path-regex.ts'
import type { LintContext } from './context.ts'
import { parsePathRegex } from './path-facts.ts'

/** Path regexes that end inside a segment: `~/users/\d+` takes `/users/1/keys` and `/users/1x` too. */
export function openRegexes (context: LintContext): void {
  for (const route of context.config.routes) {
    for (const path of route.paths ?? []) {
      if (!path.startsWith('~') || !endsInside(path.slice(1))) continue
      const pointer = context.path(route, path)
      const text = context.source.isSecret(pointer) ? '~/…' : path
      context.warn(pointer, {
        rule: 'regex-open-end',
        cause: 'this regex has no end: it takes every longer path too, such as one with \'/admin\' appended',
        mend: `Write '${text}$' for exactly these paths, or '${text}(?:/|$)' for all below them too.`
      })
    }
  }
}

function endsInside (pattern: string): boolean {
  const compiled = compilePathRegex(pattern)
  return !isProblem(compiled) && parsePathRegex(compiled.regex).alternatives.some(({ elements }) => isOpenEnd(elements))
}

/** Whether a match can stop in the middle of a segment. */
function isOpenEnd (elements: readonly AST.Element[]): boolean {
  const last = elements.at(-1)
  if (last === undefined) return false
  switch (last.type) {
    case 'Assertion': return false
    case 'Character': return last.value !== 0x2f
    case 'Group':
    case 'CapturingGroup': return last.alternatives.some(alternative => isOpenEnd(alternative.elements))
    case 'Quantifier':
      return !takesAnything(last.element) && (isOpenEnd([last.element]) || (last.min === 0 && isOpenEnd(elements.slice(0, -1))))
    default: return true
  }
}

/** `.*`, `[^?]*`: the author means all the rest. */
function takesAnything (element: AST.QuantifiableElement): boolean {
  if (element.type !== 'CharacterSet' && element.type !== 'CharacterClass') return false
  const set = new RegExp(`^${element.raw}$`, 'u')
  return set.test('/') && set.test('a')
}
