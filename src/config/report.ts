import type { Diagnostic, Range, RelatedPlace, Severity } from './diagnostics.ts'
import { compare } from './diagnostics.ts'
import type { Pointer } from './model.ts'
import type { Source } from './source.ts'

/** What a rule has to say; the place is given beside it. */
export interface Finding {
  readonly rule: string
  readonly cause: string
  readonly mend: string
  /** Default `error`. */
  readonly severity?: Severity
  readonly related?: readonly RelatedPlace[]
}

/** Collects diagnostics, each once: an anchor that ten places use is still one mistake. */
export class Report {
  readonly #file: string
  readonly #diagnostics = new Map<string, Diagnostic>()

  constructor (file: string) {
    this.#file = file
  }

  /** At a range of the text. */
  add (range: Range, path: string, finding: Finding): void {
    const { rule, cause, mend, severity = 'error', related = [] } = finding
    const key = `${rule} ${range.line}:${range.column}-${range.endLine}:${range.endColumn} ${cause}`
    if (this.#diagnostics.has(key)) return
    this.#diagnostics.set(key, {
      rule, severity, file: this.#file, range, path, cause, mend, ...(related.length === 0 ? {} : { related })
    })
  }

  /** At a value (or its key), with the aliases and merge keys on the way there. Silent where that value was reported already. */
  at (source: Source, pointer: Pointer, finding: Finding, part: 'key' | 'value' = 'value'): void {
    if (source.isBroken(pointer)) return
    const related = [...finding.related ?? [], ...source.via(pointer)]
    this.add(source.locate(pointer, part), source.describe(pointer), { ...finding, related })
  }

  /** At a part of a text value: `index` and `length` count inside it. */
  within (source: Source, pointer: Pointer, index: number, length: number, finding: Finding): void {
    if (source.isBroken(pointer)) return
    const related = [...finding.related ?? [], ...source.via(pointer)]
    this.add(source.locateWithin(pointer, index, length), source.describe(pointer), { ...finding, related })
  }

  include (diagnostics: Iterable<Diagnostic>): void {
    for (const { range, path, ...finding } of diagnostics) this.add(range, path, finding)
  }

  get hasErrors (): boolean {
    for (const diagnostic of this.#diagnostics.values()) if (diagnostic.severity === 'error') return true
    return false
  }

  /** Errors before warnings, each in the order of the text. */
  list (): Diagnostic[] {
    return [...this.#diagnostics.values()].sort(compare)
  }
}
