import type { Diagnostic, Range } from '../config/diagnostics.ts'
import type { Coverage } from './coverage.ts'

/** Why a test has failed. */
export interface Problem {
  /** Where the expectation stands; null: nobody knows. */
  readonly range: Range | null
  /** Which request of several. */
  readonly step: string | null
  /** One line. */
  readonly message: string
  readonly expected: string | null
  readonly got: string | null
  /** What became of the request. */
  readonly why: readonly string[]
}

export interface TestResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped. */
  readonly reason: string | null
  readonly range: Range | null
  /** Milliseconds. */
  readonly took: number
  readonly problems: readonly Problem[]
}

/** What came of one file of tests. */
export interface FileResult {
  /** What the user calls it. */
  readonly file: string
  /** Its text, for excerpts; '' for a program. */
  readonly text: string
  readonly results: readonly TestResult[]
  /** What keeps it from being run, of the file itself or of its configuration. */
  readonly errors: ReadonlyArray<{ readonly diagnostics: readonly Diagnostic[], readonly text: string }>
}

/** What came of all files. */
export interface RunResult {
  readonly files: readonly FileResult[]
  /** By configuration, as the user calls it. */
  readonly coverage: ReadonlyMap<string, Coverage>
  readonly took: number
}

export function failed ({ files }: Pick<RunResult, 'files'>): boolean {
  return files.some(({ errors, results }) => errors.length > 0 || results.some(({ status }) => status === 'failed'))
}
