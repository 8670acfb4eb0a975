import type { Automaton } from './automaton.ts'

/** `forks`: no loop multiplies the ways, but there are very many of them. `unknown`: the search was cut off. */
export type Ambiguity = 'bounded' | 'forks' | 'polynomial' | 'exponential' | 'unknown'

/**
 * How the number of ways to read a text grows with its length. Where it stays bounded, a backtracking matcher needs
 * time linear in the text. After Weber and Seidl, "On the degree of ambiguity of finite automata" (1991): the number
 * grows exponentially only if one loop can read the same text in two ways (EDA), and polynomially only if a text leads a
 * loop back to itself, on to a second loop, and round that loop as well (IDA).
 */
export function ambiguity (automaton: Automaton): Ambiguity {
  if (isDeterministic(automaton)) return 'bounded'
  const loops = new Loops(automaton)
  try {
    if (hasTwoWaysRound(automaton, loops)) return 'exponential'
    if (hasChain(automaton, loops)) return 'polynomial'
  } catch (error) {
    if (error instanceof TooManySteps) return 'unknown'
    throw error
  }
  return countForks(automaton, loops) > MAX_FORKS ? 'forks' : 'bounded'
}

/** Constant factors multiply too: `a?a?a?…` has no loop and 2^n ways. */
const MAX_FORKS = 1024
/** Steps of one proof, some tens of milliseconds; beyond it the library decides. */
const MAX_STEPS = 400_000

class TooManySteps extends Error {}

/** Each character leads to one position at most: true of most patterns, and quick to see. */
function isDeterministic (automaton: Automaton): boolean {
  return [automaton.first, ...automaton.follow].every(positions => {
    let taken = 0n
    for (const position of positions) {
      const set = automaton.sets[position] ?? 0n
      if ((taken & set) !== 0n) return false
      taken |= set
    }
    return true
  })
}

/** Strongly connected components with at least one edge. */
class Loops {
  /** Loop of each position, -1 for none. */
  readonly of: readonly number[]
  readonly members: ReadonlyArray<readonly number[]>

  constructor ({ follow }: Automaton) {
    const of = follow.map(() => -1)
    const members: number[][] = []
    const reach = follow.map((_, from) => reachable(follow, from))
    for (let position = 0; position < follow.length; position++) {
      if (of[position] !== -1 || reach[position]?.has(position) !== true) continue
      const loop = [...reach[position] ?? []].filter(other => reach[other]?.has(position))
      for (const member of loop) of[member] = members.length
      members.push(loop)
    }
    this.of = of
    this.members = members
  }
}

/** What can be reached in one step or more. */
function reachable (follow: Automaton['follow'], from: number): Set<number> {
  const seen = new Set<number>()
  const queue = [from]
  for (let position = queue.pop(); position !== undefined; position = queue.pop()) {
    for (const next of follow[position] ?? []) {
      if (!seen.has(next)) {
        seen.add(next)
        queue.push(next)
      }
    }
  }
  return seen
}

/** Choices multiplied along the worst path; a loop counts as one step, its ways are the other two tests' matter. */
function countForks (automaton: Automaton, loops: Loops): number {
  const known = new Map<number, number>()
  const most = (positions: Iterable<number>): number => {
    let ways = 1
    for (const position of positions) ways = Math.max(ways, from(position))
    return ways
  }
  const from = (position: number): number => {
    const loop = loops.of[position] ?? -1
    const key = loop === -1 ? position : -1 - loop
    let ways = known.get(key)
    if (ways === undefined) {
      const follow = automaton.follow[position] ?? new Set<number>()
      ways = loop === -1
        ? fork(automaton, follow) * most(follow)
        : most((loops.members[loop] ?? []).flatMap(member => [...automaton.follow[member] ?? []]).filter(next => loops.of[next] !== loop))
      known.set(key, ways)
    }
    return ways
  }
  return fork(automaton, automaton.first) * most(automaton.first)
}

/** In how many ways one character can be read from here, at most. */
function fork ({ sets }: Automaton, positions: ReadonlySet<number>): number {
  let ways = 1
  for (const position of positions) {
    let overlaps = 0
    for (const other of positions) if (((sets[position] ?? 0n) & (sets[other] ?? 0n)) !== 0n) overlaps++
    ways = Math.max(ways, overlaps)
  }
  return ways
}

/** EDA: from (p, p) to a pair of different positions and back to (p, p), reading one text. */
function hasTwoWaysRound ({ sets, follow }: Automaton, loops: Loops): boolean {
  let steps = 0
  for (const loop of loops.members) {
    const inside = new Set(loop)
    const pairs = new Map<number, number[]>()
    const size = sets.length
    for (const left of loop) {
      for (const right of loop) {
        const next: number[] = []
        for (const a of follow[left] ?? []) {
          if (!inside.has(a)) continue
          for (const b of follow[right] ?? []) {
            if (inside.has(b) && ((sets[a] ?? 0n) & (sets[b] ?? 0n)) !== 0n) next.push(a * size + b)
            if (++steps > MAX_STEPS) throw new TooManySteps()
          }
        }
        pairs.set(left * size + right, next)
      }
    }
    const diagonal = loop.map(position => position * size + position)
    const forward = closure(pairs, diagonal)
    const backward = closure(reverse(pairs), diagonal)
    for (const pair of forward) {
      if (backward.has(pair) && Math.floor(pair / size) !== pair % size) return true
    }
  }
  return false
}

/** IDA: from (p, p, q) to (p, q, q), reading one text; p and q lie on loops, p ≠ q. */
function hasChain ({ sets, follow }: Automaton, loops: Loops): boolean {
  const size = sets.length
  let steps = 0
  for (const from of loops.members) {
    for (const to of loops.members) {
      const target = to[0] as number
      if (from !== to && !reachable(follow, from[0] as number).has(target)) continue
      for (const p of from) {
        for (const q of to) {
          if (p === q) continue
          // Depth first over triples; the first stays in the loop of p, the third in that of q.
          const seen = new Set<number>()
          const goal = (p * size + q) * size + q
          const stack = [[p, p, q]]
          while (stack.length > 0) {
            const [a, b, c] = stack.pop() as [number, number, number]
            for (const x of follow[a] ?? []) {
              if (loops.of[x] !== loops.of[p]) continue
              for (const z of follow[c] ?? []) {
                const common = (sets[x] ?? 0n) & (sets[z] ?? 0n)
                if (loops.of[z] !== loops.of[q] || common === 0n) continue
                for (const y of follow[b] ?? []) {
                  if (++steps > MAX_STEPS) throw new TooManySteps()
                  if (((sets[y] ?? 0n) & common) === 0n) continue
                  const key = (x * size + y) * size + z
                  if (key === goal) return true
                  if (!seen.has(key)) {
                    seen.add(key)
                    stack.push([x, y, z])
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  return false
}

function closure (graph: ReadonlyMap<number, readonly number[]>, from: readonly number[]): Set<number> {
  const seen = new Set(from)
  const queue = [...from]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const next of graph.get(node) ?? []) {
      if (!seen.has(next)) {
        seen.add(next)
        queue.push(next)
      }
    }
  }
  return seen
}

function reverse (graph: ReadonlyMap<number, readonly number[]>): Map<number, number[]> {
  const reversed = new Map<number, number[]>()
  for (const [node, nexts] of graph) {
    for (const next of nexts) {
      const list = reversed.get(next)
      if (list === undefined) reversed.set(next, [node])
      else list.push(node)
    }
  }
  return reversed
}
