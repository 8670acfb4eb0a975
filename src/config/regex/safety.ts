/**
 * Whether a regular expression can be made to run for a long time by the text that it is tried on (ReDoS).
 *
 * Two steps: a proof of our own, which settles most patterns that people write in well under a millisecond, then
 * recheck, which decides the rest and names an attack. Measured figures: docs/decisions/0002-regex-safety.md.
 */
import { createRequire } from 'node:module'
import { RegExpParser, type AST } from '@eslint-community/regexpp'
import type * as recheck from 'recheck'
import { ambiguity, type Ambiguity } from './ambiguity.ts'
import { buildAutomaton, NotCountable } from './automaton.ts'
import { hasRepetitionAttack } from './repetition-attack.ts'

export type RegexVerdict =
  /** Time grows linearly with the text. */
  | { readonly kind: 'safe' }
  /** Not a JavaScript regular expression. */
  | { readonly kind: 'invalid', readonly reason: string }
  /** A text of some dozens (exponential) or thousands (polynomial) of characters blocks the process. */
  | { readonly kind: 'vulnerable', readonly growth: 'exponential' | 'polynomial', readonly degree: number | null, readonly attack: string | null }
  /** No answer within the time given. */
  | { readonly kind: 'undecided', readonly reason: string }

export interface RegexCheckerOptions {
  /** Longest that recheck may take for one pattern, in milliseconds. Default 5000: a busy machine is no reason not to know. */
  readonly patternTimeout?: number
  /** CPU for all patterns together, in milliseconds: a file of hundreds of bad ones must not take minutes. Default 10,000. */
  readonly totalTimeout?: number
}

const DEFAULT_TIMEOUT = 5000

/**
 * Decides about one pattern.
 *
 * @param pattern as given to `RegExp`; start it with `^` if it is only tried at the start of a text
 * @param flags as given to `RegExp`
 */
export function checkRegex (pattern: string, flags = ''): RegexVerdict {
  return decide(pattern, flags, DEFAULT_TIMEOUT, () => {})
}

/** A {@link checkRegex} that remembers its answers and bounds their time together. */
export function createRegexChecker (options: RegexCheckerOptions = {}): typeof checkRegex {
  const { patternTimeout = DEFAULT_TIMEOUT, totalTimeout = 10_000 } = options
  const verdicts = new Map<string, RegexVerdict>()
  let left = totalTimeout
  return (pattern, flags = '') => {
    const key = `${flags}/${pattern}`
    let verdict = verdicts.get(key)
    if (verdict === undefined) {
      verdict = decide(pattern, flags, left > 0 ? patternTimeout : 0, took => { left -= took })
      verdicts.set(key, verdict)
    }
    return verdict
  }
}

/** @param spend told how many milliseconds of CPU recheck has taken; proofs of our own are not counted: to ask for the CPU takes as long */
function decide (pattern: string, flags: string, timeout: number, spend: (took: number) => void): RegexVerdict {
  let literal: { pattern: AST.Pattern, flags: AST.Flags }
  try {
    RegExp(pattern, flags)
    literal = parse(pattern, flags)
  } catch (error) {
    return { kind: 'invalid', reason: reasonOf(error) }
  }
  const proof = prove(literal.pattern, literal.flags)
  if (proof === 'bounded') return { kind: 'safe' }
  const verdict: RegexVerdict = timeout > 0 ? timed(() => ask(pattern, flags, timeout), spend) : { kind: 'undecided', reason: 'no time was left for it' }
  // The theory calls any constant factor safe; one of a million is none.
  if (verdict.kind !== 'vulnerable' && hasRepetitionAttack(literal.pattern, literal.flags)) return { kind: 'vulnerable', growth: 'exponential', degree: null, attack: null }
  if (verdict.kind === 'safe' && proof === 'forks') return { kind: 'undecided', reason: 'one text can be read in thousands of ways' }
  // A busy machine must not turn an error into less.
  if (verdict.kind === 'undecided' && (proof === 'exponential' || proof === 'polynomial')) return { kind: 'vulnerable', growth: proof, degree: null, attack: null }
  return verdict
}

/** What the engine says, without the pattern repeated in front of it. */
function reasonOf (error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^Invalid regular expression: (?:\/.*\/[a-z]*: )?/s, '')
}

function parse (pattern: string, flags: string): { pattern: AST.Pattern, flags: AST.Flags } {
  const parser = new RegExpParser({ ecmaVersion: 2025 })
  const parsed = parser.parseFlags(flags)
  return { pattern: parser.parsePattern(pattern, 0, pattern.length, { unicode: parsed.unicode, unicodeSets: parsed.unicodeSets }), flags: parsed }
}

/** What can be proved without help. Written-out repetitions second: they cost more and are seldom needed. */
function prove (pattern: AST.Pattern, flags: AST.Flags): Ambiguity {
  const search = !flags.sticky && !isAnchored(pattern)
  for (const unroll of [false, true]) {
    try {
      const automaton = buildAutomaton(pattern, flags, { search, unroll })
      const growth = ambiguity(automaton)
      if (growth === 'bounded' || automaton.exact) return growth
    } catch (error) {
      if (!(error instanceof NotCountable)) throw error
    }
  }
  return 'unknown'
}

function isAnchored (pattern: AST.Pattern): boolean {
  return pattern.alternatives.every(({ elements: [first] }) =>
    first?.type === 'Assertion' && first.kind === 'start' && !pattern.parent?.flags.multiline)
}

function timed<Result> (work: () => Result, spend: (took: number) => void): Result {
  const before = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(before)
  spend((user + system) / 1000)
  return result
}

function ask (pattern: string, flags: string, timeout: number): RegexVerdict {
  let answer: ReturnType<typeof recheck.checkSync>
  try {
    // It takes whole milliseconds only.
    answer = library().checkSync(pattern, flags, { timeout: Math.ceil(timeout), recallTimeout: -1 })
  } catch {
    return { kind: 'undecided', reason: 'recheck gave up on it' }
  }
  if (answer.status === 'safe') return { kind: 'safe' }
  if (answer.status === 'vulnerable') {
    const { complexity, attack } = answer
    return { kind: 'vulnerable', growth: complexity.type, degree: complexity.type === 'polynomial' ? complexity.degree : null, attack: attack.pattern }
  }
  return { kind: 'undecided', reason: answer.error.kind === 'timeout' ? `no answer within ${timeout.toFixed(0)} ms` : answer.error.kind }
}

/**
 * Loaded when first needed: 70 ms and 30 MB that most files never cost. The browser build is the one that runs in this
 * thread with nothing but JavaScript; the main one starts a JVM, a native binary or a worker.
 */
function library (): Pick<typeof recheck, 'checkSync'> {
  return createRequire(import.meta.url)('recheck/lib/browser.js') as Pick<typeof recheck, 'checkSync'>
}
