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
  /** The object in words that a user knows: `services[orders].routes[list].paths[0]`; '' for the whole file. */
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

/** For `sort`: errors before warnings, each in the order of the text. */
export function compare (a: Diagnostic, b: Diagnostic): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1
  return a.range.line - b.range.line || a.range.column - b.range.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
}

/** `2 errors, 1 warning`. */
export function count (diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = []
  if (errors > 0) parts.push(errors === 1 ? '1 error' : `${errors} errors`)
  if (warnings > 0) parts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`)
  return parts.length === 0 ? 'no errors' : parts.join(', ')
}
