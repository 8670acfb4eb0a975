import type { Candidate } from '../../router/order.ts'
import { coveringHosts, coversAllButPath, type Atom, type Subject } from './criteria.ts'
import { coversPath, type PathFacts } from './path-facts.ts'

/** How many candidates in one bucket are tried for one combination: keeps big files linear; beyond it nothing is reported. */
const MAX_TRIES = 16

interface Entry {
  readonly candidate: Candidate
  readonly path: PathFacts | null
}

/** Candidates with the same criteria, by what their combinations have in common. */
interface Group {
  /** Combinations exactly alike. */
  readonly exact: Map<string, Entry[]>
  /** By host and beginning of the path; only for groups with a general member. */
  readonly buckets: Map<string, Entry[]>
  /** Lengths of these beginnings; there are few. */
  readonly lengths: Set<number>
  readonly general: boolean
}

export interface CoverageOptions {
  /** Regexes stand for one text that they accept: enough to show that two overlap, though not that one holds the other. */
  readonly sampled?: boolean
}

/**
 * Finds, for one combination of a candidate, the candidates added before it that accept all its requests. Candidates
 * go in in the order in which they are tried.
 */
export class Coverage {
  readonly #groups = new Map<string, Group>()
  readonly #general: ReadonlySet<string>
  readonly #sampled: boolean

  constructor (subjects: readonly Subject[], { sampled = false }: CoverageOptions = {}) {
    this.#general = new Set(subjects.filter(subject => subject.general).map(subject => subject.signature))
    this.#sampled = sampled
  }

  /** Candidates of other routes that take all requests of `atom`; those with an equal combination first, not always all. */
  * covering ({ candidate, signature }: Subject, atom: Atom): Generator<Candidate> {
    const group = this.#groups.get(signature)
    if (group === undefined) return
    for (const entry of group.exact.get(atom.key) ?? []) {
      if (entry.candidate.route !== candidate.route) yield entry.candidate
    }
    if (!group.general) return
    const text = this.#sampled ? atom.path?.only ?? atom.path?.sample : atom.path?.only
    for (const host of atom.host === null ? [''] : coveringHosts(atom.host)) {
      for (const start of starts(text ?? atom.path?.prefix, group.lengths)) {
        let tries = 0
        for (const entry of group.buckets.get(`${host} ${start}`) ?? []) {
          if (++tries > MAX_TRIES) break
          if (entry.candidate.route === candidate.route) continue
          if (entry.path !== null && (atom.path === null || !coversPath(entry.path, atom.path, text))) continue
          if (coversAllButPath(entry.candidate.route, atom)) yield entry.candidate
        }
      }
    }
  }

  add ({ candidate, signature, atoms }: Subject): void {
    let group = this.#groups.get(signature)
    if (group === undefined) {
      group = { exact: new Map(), buckets: new Map(), lengths: new Set(), general: this.#general.has(signature) }
      this.#groups.set(signature, group)
    }
    const seen = new Set<string>()
    for (const { key, host, path } of atoms ?? []) {
      put(group.exact, key, { candidate, path })
      if (!group.general) continue
      const start = path?.prefix ?? ''
      const bucket = `${host ?? ''} ${start}`
      const whole = `${bucket} ${path?.path}`
      if (seen.has(whole)) continue
      seen.add(whole)
      put(group.buckets, bucket, { candidate, path })
      group.lengths.add(start.length)
    }
  }
}

function put (map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [entry])
  // The first ones are tried first; more of the same kind only cost memory.
  else if (list.length <= MAX_TRIES) list.push(entry)
}

/** The beginnings of a text that can be the beginning of a path that covers it. */
function starts (text: string | undefined, lengths: ReadonlySet<number>): string[] {
  if (text === undefined) return ['']
  const found: string[] = []
  for (const length of lengths) if (length <= text.length) found.push(text.slice(0, length))
  return found
}
