import type { Output } from '../cli/io.ts'
import { findTests, isProgram } from './find.ts'
import { guardNetwork } from './guard.ts'
import { runProgram } from './program.ts'
import { junitReport } from './report/junit.ts'
import { prettyEnd, prettyFile } from './report/pretty.ts'
import { tapReport } from './report/tap.ts'
import { failed, type FileResult, type RunResult } from './result.ts'
import { Runner, type RunnerOptions } from './run.ts'

export interface SessionOptions extends Omit<RunnerOptions, 'coverage'> {
  /** Absolute; empty: the usual places in `directory`. */
  readonly named: readonly string[]
  readonly directory: string
  readonly reporter: 'pretty' | 'tap' | 'junit'
  /** Report what is not covered. */
  readonly coverage: boolean
  /** Percent; null: nobody asks. */
  readonly failUnder: number | null
}

export interface SessionOutcome {
  readonly passed: boolean
  /** There was nothing to run. */
  readonly empty: boolean
}

/** Runs all tests that are asked for, and reports. @throws ConfigFileError for a file that can't be read */
export async function runTests (options: SessionOptions, output: Output, complaints: Pick<Output, 'write'>): Promise<SessionOutcome> {
  const { named, directory, reporter, coverage, failUnder } = options
  const begun = performance.now()
  const runner = new Runner({ ...options, coverage: coverage || failUnder !== null })
  const files: FileResult[] = []
  const free = guardNetwork()
  try {
    for (const file of findTests(named, directory)) {
      const result = isProgram(file) ? await runProgram(runner, file, options) : await runner.run(file)
      if (result.results.length === 0 && result.errors.length === 0) continue
      files.push(result)
      if (reporter === 'pretty') output.write(prettyFile(result, output.paint))
    }
  } finally {
    free()
  }
  const run: RunResult = { files, coverage: runner.coverage, took: performance.now() - begun }
  if (files.length === 0) return { passed: false, empty: true }
  if (reporter === 'pretty') output.write(prettyEnd(run, coverage || failUnder !== null, output.paint))
  else output.write(reporter === 'tap' ? tapReport(run) : junitReport(run))
  const enough = covered(run, failUnder, reporter, output, complaints)
  return { passed: enough && !failed(run), empty: false }
}

/** Each configuration for itself: one that is tested well makes up for no other. */
function covered ({ coverage }: RunResult, least: number | null, reporter: SessionOptions['reporter'], output: Output, complaints: Pick<Output, 'write'>): boolean {
  if (least === null) return true
  const below = [...coverage].filter(([, { totals }]) => totals.percent < least)
  for (const [file, { totals }] of below) {
    const text = `${file}: ${totals.percent} % of routes and outcomes are covered, --fail-under asks for ${least} %\n`
    if (reporter === 'pretty') output.write(`${output.paint.error('error:')} ${text}`)
    else if (reporter === 'tap') output.write(`# ${text}`)
    // what CI servers read has no place for it
    else complaints.write(`error: ${text}`)
  }
  return below.length === 0
}
