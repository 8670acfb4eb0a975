import { content } from './nodes.ts'
import type { MappingNode, YamlNode } from './nodes.ts'
import type { Pointer } from '../model.ts'
import type { Problem } from './parsed.ts'

/** `<<: …`, with the place of its key. */
export interface Merge {
  readonly node: YamlNode
  readonly start: number
  readonly end: number
}

/** How many entries merge keys may copy in one file; ten thousand routes that merge five fields copy 50,000. */
const MAX_MERGED = 1_000_000

/** Carries out merge keys, and counts what they copy over the whole file. */
export class Merger {
  readonly #report: (problem: Problem) => void
  #copied = 0

  constructor (report: (problem: Problem) => void) {
    this.#report = report
  }

  /** Explicit keys win over merged ones, earlier maps of a merge over later ones. */
  merge (mapping: MappingNode, merge: Merge, pointer: Pointer): void {
    const source = content(merge.node)
    const place = { start: merge.start, end: merge.end, pointer }
    for (const map of source.kind === 'sequence' ? source.items.map(content) : [source]) {
      if (map.kind !== 'mapping') {
        // an alias of nothing was reported
        if (map.broken !== true) this.#report({ ...place, rule: 'bad-merge', cause: '`<<` takes a map, or a list of maps', mend: 'Merge an alias of a map: `<<: *name`.' })
        continue
      }
      if (this.#copied > MAX_MERGED) return
      this.#copied += map.entries.size
      if (this.#copied > MAX_MERGED) {
        this.#report({ ...place, rule: 'alias-limit', cause: `merge keys copy more than ${MAX_MERGED} entries`, mend: 'Merge smaller maps.' })
        return
      }
      const via = { start: merge.start, end: merge.end, what: 'merged in here' }
      for (const [key, entry] of map.entries) {
        if (!mapping.entries.has(key)) mapping.entries.set(key, { ...entry, via })
      }
    }
  }
}
