import type { AST } from '@eslint-community/regexpp'
import { ANY, charsetOf, type Charset } from './charset.ts'

/**
 * The position automaton of a regex: one state per atom, an edge to every atom that may come next. Each way in which a
 * backtracking matcher can read a text is one path through it, which is what makes counting paths meaningful.
 */
export interface Automaton {
  /** What each position reads. */
  readonly sets: readonly Charset[]
  /** Positions that may follow each position. */
  readonly follow: ReadonlyArray<ReadonlySet<number>>
  /** Positions where a match may begin. */
  readonly first: ReadonlySet<number>
  /** Positions where a match may end. */
  readonly last: ReadonlySet<number>
  /** Something is repeated without end. */
  readonly endless: boolean
  /** Nothing was taken for more than it is: a finite repetition for a loop, a set for a bigger one. */
  readonly exact: boolean
}

/** The regex has something that paths don't tell: look-around, a back-reference, two ways to match nothing. */
export class NotCountable extends Error {}

/** Beyond it the proof would cost more than the library's. */
const MAX_POSITIONS = 400
/** Where paths are only followed: the names of a host, `(?:[a-z0-9-]{1,63}\.?){1,10}`, have 640. */
const MAX_POSITIONS_OF_ALL = 2_000

/** Ways of counting that written-out repetitions may leave: `[a-z]{1,100}[a-z]{1,100}` has 10,000. */
const MAX_FREEDOM = 10_000

interface Fragment {
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly nullable: boolean
}

const EMPTY: Fragment = { first: [], last: [], nullable: true }

export interface BuildOptions {
  /** The search may begin anywhere: adds a state that skips text in front of the match. */
  readonly search: boolean
  /**
   * Write `x{2,5}` out, as long as the freedom it gives stays small; else it counts as a loop. `all`: whatever it gives, and
   * steps that can be taken in two ways are counted as one, so that there are never more paths than ways to match.
   */
  readonly unroll: boolean | 'all'
}

/** @throws {NotCountable} */
export function buildAutomaton (pattern: AST.Pattern, flags: AST.Flags, options: BuildOptions): Automaton {
  const builder = new Builder(flags, options.unroll)
  const whole = builder.alternatives(pattern.alternatives)
  const first = new Set(whole.first)
  if (options.search) {
    const skip = builder.position(ANY)
    builder.link(skip.last, skip.first)
    builder.link(skip.last, whole.first)
    first.add(skip.first[0] as number)
  }
  // Characters beyond ASCII share one bit.
  return { sets: builder.sets, follow: builder.follow, first, last: new Set(whole.last), endless: builder.endless, exact: builder.exact && !/[^\x20-\x7e]|\\[pPux]/.test(pattern.raw) }
}

class Builder {
  readonly sets: Charset[] = []
  readonly follow: Array<Set<number>> = []
  exact = true
  endless = false
  readonly #flags: AST.Flags
  readonly #unroll: boolean | 'all'
  /** How many ways of counting the written-out quantifiers leave, multiplied. */
  #freedom = 1

  constructor (flags: AST.Flags, unroll: boolean | 'all') {
    this.#flags = flags
    this.#unroll = unroll
  }

  position (set: Charset): Fragment {
    if (this.sets.length >= (this.#unroll === 'all' ? MAX_POSITIONS_OF_ALL : MAX_POSITIONS)) throw new NotCountable('it is too long')
    const index = this.sets.push(set) - 1
    this.follow.push(new Set())
    return { first: [index], last: [index], nullable: false }
  }

  link (from: readonly number[], to: readonly number[]): void {
    for (const position of from) {
      const follow = this.follow[position] as Set<number>
      for (const next of to) {
        // `(a+)+`: from one `a` to the next by the inner loop or by the outer one.
        if (follow.has(next) && this.#unroll !== 'all') throw new NotCountable('two of its loops take the same step')
        follow.add(next)
      }
    }
  }

  alternatives (alternatives: readonly AST.Alternative[]): Fragment {
    const parts = alternatives.map(alternative => this.#sequence(alternative.elements.map(element => () => this.#element(element))))
    if (parts.filter(part => part.nullable).length > 1 && this.#unroll !== 'all') throw new NotCountable('several of its alternatives match nothing')
    return {
      first: parts.flatMap(part => part.first),
      last: parts.flatMap(part => part.last),
      nullable: parts.some(part => part.nullable)
    }
  }

  #sequence (makers: ReadonlyArray<() => Fragment>): Fragment {
    let whole = EMPTY
    for (const make of makers) {
      const part = make()
      this.link(whole.last, part.first)
      whole = {
        first: whole.nullable ? [...whole.first, ...part.first] : whole.first,
        last: part.nullable ? [...whole.last, ...part.last] : part.last,
        nullable: whole.nullable && part.nullable
      }
    }
    return whole
  }

  #element (node: AST.Element): Fragment {
    switch (node.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass': return this.position(charsetOf(node, this.#flags))
      case 'ExpressionCharacterClass':
        this.exact = false
        return this.position(ANY)
      case 'Group':
        if (node.modifiers !== null) throw new NotCountable('it changes flags inside')
        return this.alternatives(node.alternatives)
      case 'CapturingGroup': return this.alternatives(node.alternatives)
      case 'Quantifier': return this.#quantifier(node)
      case 'Assertion':
        // `^`, `$` and `\b` only take paths away.
        if (node.kind === 'lookahead' || node.kind === 'lookbehind') throw new NotCountable('it looks ahead or behind')
        return EMPTY
      case 'Backreference': throw new NotCountable('it refers back to a group')
    }
  }

  #quantifier (node: AST.Quantifier): Fragment {
    const { min, max } = node
    if (max === 0) return EMPTY
    const once = (): Fragment => {
      const part = this.#element(node.element)
      if (part.nullable && this.#unroll !== 'all') throw new NotCountable('it repeats what matches nothing')
      return part
    }
    if (max === 1) {
      const part = once()
      return min === 0 ? { ...part, nullable: true } : part
    }
    if (this.#unroll === 'all' ? max <= 128 : this.#unroll && max <= 128 && !repeats(node.element) && this.#freedom * (max - min + 1) <= MAX_FREEDOM) {
      this.#freedom *= max - min + 1
      return this.#copies(once, min, max)
    }
    if (max === Infinity) this.endless = true
    else this.exact = false
    const part = once()
    this.link(part.last, part.first)
    return { ...part, nullable: min === 0 }
  }

  /** `x{2,4}` as `xx(x(x)?)?`: exactly one way for each number of repetitions. */
  #copies (once: () => Fragment, min: number, max: number): Fragment {
    const parts = Array.from({ length: max }, once)
    for (let index = 1; index < max; index++) this.link(parts[index - 1]?.last ?? [], parts[index]?.first ?? [])
    const least = parts[0]?.nullable === true ? 0 : min
    return {
      first: parts[0]?.first ?? [],
      last: parts.slice(Math.max(least, 1) - 1).flatMap(part => part.last),
      nullable: least === 0
    }
  }
}

/** Whether something inside may be read more than once. */
function repeats (node: AST.Element): boolean {
  if (node.type === 'Quantifier') return node.max > 1 || repeats(node.element)
  if (node.type !== 'Group' && node.type !== 'CapturingGroup') return false
  return node.alternatives.some(alternative => alternative.elements.some(repeats))
}
