import type { Candidate } from '../../router/order.ts'
import { atomsOf, coveringHosts, coversAllButPath, signature, type Atom } from './criteria.ts'
import { coversPath, type PathFacts } from './path-facts.ts'

/** How many candidates in one bucket are tried for one combination: keeps big files linear; beyond it nothing is reported. */
const MAX_TRIES = 64

interface Entry {
  readonly candidate: Candidate
  readonly path: PathFacts | null
}

/** Candidates with the same criteria, by what their combinations have in common. */
interface Group {
  /** Combinations exactly alike. */
  readonly exact: Map<string, Entry[]>
  /** By host and beginning of the path. */
  readonly buckets: Map<string, Entry[]>
  /** Lengths of these beginnings; there are few. */
  readonly lengths: Set<number>
  wildcards: boolean
}

/**
 * Finds, for one combination of a candidate, the candidates added before it that accept all its requests. Candidates
 * go in in the order in which they are tried.
 */
export class Coverage {
  readonly #groups = new Map<string, Group>()
  readonly #facts: (path: string) => PathFacts

  constructor (facts: (path: string) => PathFacts) {
    this.#facts = facts
  }

  /** Candidates of other routes that take all requests of `atom`, the first added first; not always all of them. */
  * covering (candidate: Candidate, atom: Atom): Generator<Candidate> {
    const group = this.#groups.get(signature(candidate))
    if (group === undefined) return
    for (const entry of group.exact.get(exactKey(atom)) ?? []) {
      if (entry.candidate.route !== candidate.route) yield entry.candidate
    }
    for (const host of atom.host === null ? [''] : coveringHosts(atom.host, group.wildcards)) {
      for (const start of starts(atom.path, group.lengths)) {
        let tries = 0
        for (const entry of group.buckets.get(`${host} ${start}`) ?? []) {
          if (++tries > MAX_TRIES) break
          if (entry.candidate.route === candidate.route) continue
          if (entry.path !== null && (atom.path === null || !coversPath(entry.path, atom.path))) continue
          if (coversAllButPath(entry.candidate.route, atom)) yield entry.candidate
        }
      }
    }
  }

  add (candidate: Candidate, atoms: readonly Atom[]): void {
    const key = signature(candidate)
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, group = { exact: new Map(), buckets: new Map(), lengths: new Set(), wildcards: false })
    const seen = new Set<string>()
    for (const atom of atoms) {
      put(group.exact, exactKey(atom), { candidate, path: atom.path })
      const start = atom.path?.prefix ?? ''
      const bucket = `${atom.host ?? ''} ${start}`
      if (seen.has(`${bucket} ${atom.path?.path}`)) continue
      seen.add(`${bucket} ${atom.path?.path}`)
      put(group.buckets, bucket, { candidate, path: atom.path })
      group.lengths.add(start.length)
      group.wildcards ||= atom.host?.includes('*') === true
    }
  }

  atoms (candidate: Candidate): Atom[] | null {
    return atomsOf(candidate, this.#facts)
  }
}

function put (map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [entry])
  // The first ones are tried first; more of the same kind only cost memory.
  else if (list.length <= MAX_TRIES) list.push(entry)
}

function exactKey ({ method, host, path, sni, headers }: Atom): string {
  return JSON.stringify([method, host, path?.path, sni, headers])
}

/** The beginnings of a path that can be the beginning of one that covers it. */
function starts (path: PathFacts | null, lengths: ReadonlySet<number>): string[] {
  if (path === null) return ['']
  const text = path.only ?? path.prefix
  return [...lengths].filter(length => length <= text.length).map(length => text.slice(0, length))
}
