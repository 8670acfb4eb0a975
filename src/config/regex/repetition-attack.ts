import type { AST } from '@eslint-community/regexpp'
import { visitRegExpAST } from '@eslint-community/regexpp'
import { buildAutomaton, NotCountable, type Automaton } from './automaton.ts'

/** Some 10 ms of a matcher: what a square takes for a request line, and is refused for. */
const MANY = 1_000_000
/** Longest text that is thought of. */
const LONGEST = 512
/** Additions that one answer may cost: some tens of milliseconds. */
const BUDGET = 4_000_000

/**
 * Whether one character, written again and again, makes the regex take a million steps and more before it fails.
 *
 * Growth doesn't tell that: `^(?:a{1,10}){1,10}$` has no loop at all, and takes seconds for forty characters. All
 * repetitions are written out, so that each path is one way in which the matcher really tries to read the text, and the
 * paths are counted. That is a bound from below: true means slow, false means nothing.
 */
export function hasRepetitionAttack (pattern: AST.Pattern, flags: AST.Flags): boolean {
  const ends = endings(pattern)
  if (ends === 'elsewhere') return false
  let automaton: Automaton
  try {
    automaton = buildAutomaton(pattern, flags, { search: false, unroll: 'all' })
  } catch (error) {
    if (error instanceof NotCountable) return false
    throw error
  }
  if (!automaton.exact) return false
  // the match must fail in the end: for a text that is too long, or by a character that nothing reads
  const refusable = ends === 'anchored' && (!automaton.endless || (union(automaton) & EVERYTHING) !== EVERYTHING)
  const budget = { left: BUDGET }
  return characters(automaton).some(character => {
    const next = automaton.follow.map(follow => [...follow].filter(position => reads(automaton, position, character)))
    const start = [...automaton.first].filter(position => reads(automaton, position, character))
    const entries = next.filter((after, position) => after.length > 0 && !reads(automaton, position, character))
    return [start, ...entries].some(entry => takesLong(entry, next, refusable ? null : automaton.last, budget))
  })
}

/** @param accepting where a match would end well; null: it never does */
function takesLong (entry: readonly number[], next: ReadonlyArray<readonly number[]>, accepting: ReadonlySet<number> | null, budget: { left: number }): boolean {
  let ways = new Map(entry.map(position => [position, 1]))
  let steps = 0
  for (let length = 1; length <= LONGEST && ways.size > 0 && budget.left > 0; length++) {
    const after = new Map<number, number>()
    for (const [position, count] of ways) {
      if (accepting?.has(position) === true) return false
      steps += count
      for (const follower of next[position] ?? []) after.set(follower, (after.get(follower) ?? 0) + count)
      budget.left -= 1 + (next[position]?.length ?? 0)
    }
    // where a match may end well, all of the text has to be looked at
    if (steps > MANY && accepting === null) return true
    ways = after
  }
  return steps > MANY && ways.size === 0
}

const EVERYTHING = (1n << 128n) - 1n

function union ({ sets }: Automaton): bigint {
  return sets.reduce((all, set) => all | set, 0n)
}

function reads ({ sets }: Automaton, position: number, character: bigint): boolean {
  return ((sets[position] ?? 0n) & character) !== 0n
}

/** One ASCII character for each group that all positions treat alike. */
function characters ({ sets }: Automaton): bigint[] {
  const groups = new Map<string, bigint>()
  const distinct = [...new Set(sets)]
  for (let code = 0n; code < 128n; code++) {
    const bit = 1n << code
    const key = distinct.map(set => (set & bit) === 0n ? '0' : '1').join('')
    if (key.includes('1') && !groups.has(key)) groups.set(key, bit)
  }
  return [...groups.values()]
}

/** Where `$` stands: at the end of every alternative, nowhere, or so that paths don't tell. The same of `^`, at the start. */
function endings (pattern: AST.Pattern): 'anchored' | 'open' | 'elsewhere' {
  let assertions = 0
  visitRegExpAST(pattern, { onAssertionEnter () { assertions++ } })
  let known = 0
  let ends = 0
  for (const { elements } of pattern.alternatives) {
    const first = elements[0]
    const last = elements.at(-1)
    if (first?.type === 'Assertion' && first.kind === 'start') known++
    if (last?.type === 'Assertion' && last.kind === 'end') ends++
  }
  if (known + ends !== assertions || (ends > 0 && ends < pattern.alternatives.length)) return 'elsewhere'
  return ends > 0 ? 'anchored' : 'open'
}
