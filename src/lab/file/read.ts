import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Diagnostic } from '../../config/diagnostics.ts'
import { readText } from '../../config/file.ts'
import { boundedValue, readSource } from '../../config/read-source.ts'
import type { Source } from '../../config/source.ts'
import { createAjv, type ValidateFunction } from '../../config/validate/ajv.ts'
import { translate } from '../../config/validate/translate.ts'
import { ConfigTests, type ConfigTestsSpec } from './schema.ts'

/** A file of tests that can be run, as far as its own form goes. */
export interface TestFile {
  /** As it was named. */
  readonly file: string
  readonly source: Source
  readonly spec: ConfigTestsSpec
  /** Absolute path of the configuration. */
  readonly config: string
}

export interface ReadResult {
  /** null: it has errors. */
  readonly tests: TestFile | null
  readonly diagnostics: readonly Diagnostic[]
  readonly source: Source
}

/** Compiles once for many files. */
export function createReader (): (file: string) => Promise<ReadResult> {
  let validate: ValidateFunction | null = null
  /** @throws ConfigFileError for a file that can't be read */
  return async function read (file) {
    const { source, report } = readSource(file, await readText(file))
    const { root } = source
    const failed = (): ReadResult => ({ tests: null, diagnostics: report.list(), source })
    if (root === null) {
      if (!report.hasErrors) report.add(source.locate(''), '', { rule: 'required', cause: 'the file is empty', mend: 'Start with `tests:`.' })
      return failed()
    }
    const spec = boundedValue(root, source, report)
    if (spec === undefined) return failed()
    validate ??= createAjv(true).compile(ConfigTests)
    if (!validate(spec)) translate(validate.errors ?? [], source, report, { pointer: '' })
    if (report.hasErrors) return failed()
    const tests = spec as ConfigTestsSpec
    return { tests: { file, source, spec: tests, config: configOf(file, tests.config) }, diagnostics: [], source }
  }
}

/** The nearest gateway.yaml, from the folder of the tests upwards. @param missed told of nearer ones that aren't there */
export function configOf (file: string, named: string | undefined, missed: (file: string) => void = () => {}): string {
  const folder = dirname(resolve(file))
  if (named !== undefined) return resolve(folder, named)
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'gateway.yaml')
    if (existsSync(candidate)) return candidate
    missed(candidate)
    if (dirname(at) === at) return join(folder, 'gateway.yaml')
  }
}
