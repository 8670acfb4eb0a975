import { RegExpParser, type AST } from '@eslint-community/regexpp'
import { compilePathRegex, isProblem } from '../../router/path-regex.ts'

/** What can be said about the texts that a path criterion accepts, without trying them all. */
export interface PathFacts {
  readonly path: string
  /** null for a literal prefix. */
  readonly regex: RegExp | null
  /** Every accepted text starts with it. */
  readonly prefix: string
  /** The one text that it accepts, or undefined. */
  readonly only: string | undefined
  /** With a text it accepts every longer one: true of literals and of regexes without `$` or look-around. */
  readonly open: boolean
  /** A text that it accepts, or undefined where none was found. */
  readonly sample: string | undefined
}

export function pathFacts (path: string): PathFacts {
  if (!path.startsWith('~')) return { path, regex: null, prefix: path, only: undefined, open: true, sample: path }
  const compiled = compilePathRegex(path.slice(1))
  if (isProblem(compiled)) throw new TypeError(`path regex ${path}: ${compiled.reason}`)
  const { regex } = compiled
  const pattern = parsePathRegex(regex)
  const { prefix, rest } = literalStart(pattern)
  const sample = sampleOf(pattern)
  return {
    path,
    regex,
    prefix,
    only: rest === '$' ? prefix : undefined,
    open: isOpen(pattern),
    sample: sample !== undefined && regex.test(sample) ? sample : undefined
  }
}

/**
 * Whether every text that `later` accepts is accepted by `earlier` too. False where that is not certain.
 *
 * @param text what `later` is taken to accept alone; undefined for whatever its pattern says
 */
export function coversPath (earlier: PathFacts, later: PathFacts, text: string | undefined): boolean {
  if (earlier.path === later.path) return true
  if (earlier.regex === null) return (text ?? later.prefix).startsWith(earlier.path)
  if (text !== undefined && later.regex !== null) return earlier.regex.test(text)
  return earlier.open && earlier.regex.test(later.prefix)
}

/** The author's part of a compiled path regex, which stands in `^(?:…)`. */
export function parsePathRegex ({ source }: RegExp): AST.Pattern {
  return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 4, source.length - 1, { unicode: true })
}

/** The characters that a match must begin with; `rest` is what follows them: nothing, only `$`, or something else. */
function literalStart (pattern: AST.Pattern): { prefix: string, rest: '' | '$' | 'more' } {
  const [only, ...others] = pattern.alternatives
  if (only === undefined || others.length > 0) return { prefix: '', rest: 'more' }
  let prefix = ''
  for (const [index, element] of only.elements.entries()) {
    if (element.type === 'Character') prefix += String.fromCodePoint(element.value)
    else if (element.type === 'Assertion' && element.kind === 'start' && index === 0) continue
    else if (element.type === 'Assertion' && element.kind === 'end' && index === only.elements.length - 1) return { prefix, rest: '$' }
    else return { prefix, rest: 'more' }
  }
  return { prefix, rest: '' }
}

function isOpen (node: AST.Pattern | AST.Element): boolean {
  switch (node.type) {
    case 'Pattern':
    case 'Group':
    case 'CapturingGroup': return node.alternatives.every(alternative => alternative.elements.every(isOpen))
    case 'Quantifier': return isOpen(node.element)
    case 'Assertion': return node.kind === 'start'
    default: return true
  }
}

/** Tried for classes, most telling first. */
const CHARACTERS = ['0', 'a', 'A', 'x', '-', '_', '.', '~', ' ', '/']

/** A short text that probably matches; the caller tries it. */
function sampleOf (pattern: AST.Pattern): string | undefined {
  const ofAlternatives = (alternatives: readonly AST.Alternative[]): string => (alternatives[0]?.elements ?? []).map(ofElement).join('')
  const ofElement = (element: AST.Element): string => {
    switch (element.type) {
      case 'Character': return String.fromCodePoint(element.value)
      case 'CharacterSet':
      case 'CharacterClass': {
        const set = new RegExp(`^${element.raw}$`, 'u')
        return CHARACTERS.find(character => set.test(character)) ?? ''
      }
      case 'Group':
      case 'CapturingGroup': return ofAlternatives(element.alternatives)
      case 'Quantifier': return element.min > 64 ? '' : ofElement(element.element).repeat(element.min)
      default: return ''
    }
  }
  const sample = ofAlternatives(pattern.alternatives)
  return sample === '' ? undefined : sample
}
