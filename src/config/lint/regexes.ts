import type { AST } from '@eslint-community/regexpp'
import { compileHeaderRegex, compilePathRegex, isProblem } from '../../router/path-regex.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { LintContext } from './context.ts'
import { parsePathRegex } from './path-facts.ts'

/** Regexes that clients feed: route paths and header values. */
export function attackableRegexes (context: LintContext): void {
  for (const route of context.config.routes) {
    for (const path of route.paths ?? []) {
      if (path.startsWith('~')) judge(context, context.path(route, path), compilePathRegex(path.slice(1)), 'path')
    }
    for (const [name, values] of Object.entries(route.headers ?? {})) {
      for (const [index, value] of values.entries()) {
        if (value.startsWith('~*')) judge(context, join(join(`${route.pointer}/headers`, name), index), compileHeaderRegex(value.slice(2)), 'header')
      }
    }
  }
}

function judge (context: LintContext, pointer: Pointer, compiled: ReturnType<typeof compilePathRegex>, what: 'path' | 'header'): void {
  if (isProblem(compiled)) return
  const verdict = context.checkRegex(compiled.regex.source, compiled.regex.flags)
  if (verdict.kind === 'vulnerable') {
    const growth = verdict.growth === 'exponential' ? 'exponentially' : `with ${power(verdict.degree)} of its length`
    context.warn(pointer, {
      rule: 'regex-backtracking',
      severity: 'error',
      cause: `a client can stop the gateway with this regex: the time that it takes for one ${what} grows ${growth}` +
        (verdict.attack === null ? '' : `, for example for ${shorten(verdict.attack)}`),
      mend: 'Make sure that no two repetitions can read the same text: write `[^/]+` for `.*`, and don\'t repeat a group whose content is repeated.'
    })
  } else if (verdict.kind === 'undecided') {
    context.warn(pointer, {
      rule: 'regex-undecided',
      cause: `it could not be decided whether this regex always ends soon: ${verdict.reason}`,
      mend: 'Write it more simply: without look-around, and without large or nested `{n,m}`.'
    })
  }
}

function power (degree: number | null): string {
  if (degree === 2) return 'the square'
  if (degree === 3) return 'the cube'
  return degree === null ? 'a power' : `the ${degree}th power`
}

function shorten (attack: string): string {
  return attack.length > 60 ? `${attack.slice(0, 57)}…` : attack
}

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
