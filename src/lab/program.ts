import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as contract from '../plugin.ts'
import { localFiles } from '../plugin-modules.ts'
import * as testing from '../testing/index.ts'
import { type ConfigTests, isConfigTests, openConfig } from '../testing/test-config.ts'
import { LabError } from './trial.ts'
import type { FileResult, TestResult } from './result.ts'
import { crash, type LoadedConfig, type Runner, type RunnerOptions } from './run.ts'

/** Runs tests that are written as a program: TypeScript is understood, whatever Node can. */
export async function runProgram (runner: Runner, file: string, { shown, wanted }: Pick<RunnerOptions, 'shown' | 'wanted'>): Promise<FileResult> {
  // before it runs: what is written meanwhile is a change
  for (const { path, hash } of localFiles(file)) runner.read.set(path, hash)
  const result = { file: shown(file), text: '', errors: [] }
  const broken = (error: unknown): FileResult => ({ ...result, results: [{ name: 'the program can be run', status: 'failed', reason: null, range: null, took: 0, problems: [crash(null, error)] }] })
  let tests: ConfigTests
  try {
    tests = await importTests(file)
  } catch (error) {
    return broken(error)
  }
  const config = resolve(dirname(file), tests.config)
  const loaded = await runner.load(config, tests.options.env ?? {})
  if (loaded.config === null) {
    return { ...result, results: [], errors: [{ diagnostics: loaded.diagnostics.filter(({ severity }) => severity === 'error').map(diagnostic => ({ ...diagnostic, file: shown(config) })), text: loaded.source.text }] }
  }
  const results: TestResult[] = []
  for (const [name, test] of Object.entries(tests.tests)) {
    if (!wanted(name)) continue
    const begun = performance.now()
    const done = (status: TestResult['status'], problems: TestResult['problems']): TestResult => ({ name, status, reason: null, range: null, took: performance.now() - begun, problems })
    try {
      const gateway = await openConfig(runner, loaded as LoadedConfig, tests.options)
      try {
        await test(gateway)
      } finally {
        await gateway.close()
      }
      results.push(done('passed', []))
    } catch (error) {
      results.push(done('failed', [failure(error, file)]))
    }
  }
  return { ...result, results }
}

async function importTests (file: string): Promise<ConfigTests> {
  const { createJiti } = await import('jiti')
  // nothing is kept: a file that is watched is read again
  const jiti = createJiti(pathToFileURL(file).href, {
    moduleCache: false,
    fsCache: false,
    // those of the gateway that tests: no package beside the file is needed, and none of another version is taken
    virtualModules: { 'sallyport/testing': testing, 'sallyport/plugin': contract }
  })
  const value = await jiti.import(file, { default: true })
  if (!isConfigTests(value)) throw new TypeError('its default export is not what configTests() of sallyport/testing gives')
  if (Object.keys(value.tests).length === 0) throw new LabError('there are no tests in it: configTests() got none')
  return value
}

/** The first line of an error says what, the others why; the stack knows the line of the program. */
function failure (error: unknown, file: string): TestResult['problems'][number] {
  if (!(error instanceof Error)) return crash(null, error)
  const [message = '', ...why] = error.message.split('\n')
  const at = error.stack?.split('\n').find(line => line.includes(file))?.match(/:(\d+):(\d+)\)?$/)
  const [line, column] = [Number(at?.[1]), Number(at?.[2])]
  return {
    ...crash(null, error),
    message: error.name === 'Error' ? message : `${error.name}: ${message}`,
    range: at == null ? null : { line, column, endLine: line, endColumn: column + 1 },
    why: why.map(text => text.trim()).filter(text => text !== '')
  }
}
