import type { Diagnostic } from './diagnostics.ts'

/** A file that can't run, with everything that is wrong with it. */
export class ConfigError extends Error {
  readonly code = 'SP_CONFIG'
  readonly diagnostics: readonly Diagnostic[]

  constructor (diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error')
    super(errors.map(({ file, range, cause }) => `${file}:${range.line}:${range.column}: ${cause}`).join('\n'))
    this.name = 'ConfigError'
    this.diagnostics = diagnostics
  }
}
