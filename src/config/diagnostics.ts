/** What is wrong with a file, where, and what to write instead. The words of `check`, `start` and a failed reload. */

/** A place in the source text. Lines and columns count from 1, columns in UTF-16 code units; the end is exclusive. */
export interface Range {
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

export type Severity = 'error' | 'warning'

export interface RelatedPlace {
  readonly range: Range
  readonly message: string
}

export interface Diagnostic {
  /** Stable id, kebab-case, documented in docs/check.md. */
  readonly rule: string
  readonly severity: Severity
  readonly file: string
  readonly range: Range
  /** The object in words that a user knows: `services[orders].routes[list].paths[0]`. */
  readonly path: string
  /** One sentence: what is wrong. */
  readonly cause: string
  /** One sentence: what to write instead. */
  readonly mend: string
  /** Other places that take part (the first of two duplicates, the route that shadows). */
  readonly related?: readonly RelatedPlace[]
}

export function hasErrors (diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(diagnostic => diagnostic.severity === 'error')
}
