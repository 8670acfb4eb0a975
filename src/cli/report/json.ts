import { compare, type Diagnostic } from '../../config/diagnostics.ts'

/** Shape of `--format json`; documented in docs/check.md. Fields may be added, none is removed or changes its meaning. */
export interface JsonReport {
  readonly version: 1
  readonly file: string
  readonly errors: number
  readonly warnings: number
  readonly diagnostics: readonly Diagnostic[]
}

export function jsonReport (diagnostics: readonly Diagnostic[], file: string): string {
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error').length
  const report: JsonReport = {
    version: 1,
    file,
    errors,
    warnings: diagnostics.length - errors,
    diagnostics: [...diagnostics].sort(compare)
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
