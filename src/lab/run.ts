import { dirname } from 'node:path'
import type { Range } from '../config/diagnostics.ts'
import { hasErrors } from '../config/diagnostics.ts'
import { loadConfig, type LoadResult } from '../config/load.ts'
import type { Config } from '../config/model.ts'
import { contentHash } from '../files/watch.ts'
import type { PluginModules } from '../plugin-modules.ts'
import { Coverage } from './coverage.ts'
import { compare, type Failure } from './expect.ts'
import { checkAgainst } from './file/check.ts'
import { createGivenCheck } from './file/given.ts'
import { configOf, createReader, type TestFile } from './file/read.ts'
import { moveClock, requestOf, timeOf } from './file/request.ts'
import type { ExpectSpec, StepSpec, TestSpec } from './file/schema.ts'
import { applyStubs } from './file/stubs.ts'
import { SigningKeys } from './identity/signing-keys.ts'
import { Lab } from './lab.ts'
import { nearbyRoutes } from './nearby.ts'
import { type Outcome, outcomesOf } from './outcome.ts'
import { Routers } from './routers.ts'
import type { FileResult, Problem, TestResult } from './result.ts'
import { LabError, type Trial } from './trial.ts'
import { whyOf } from './why.ts'

export interface RunnerOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the user calls a file. */
  readonly shown: (file: string) => string
  /** Runs tests whose name this says yes to. */
  readonly wanted: (name: string) => boolean
  /** Notes which routes and outcomes tests have seen. */
  readonly coverage: boolean
  /** Loads the plugins of configurations; default: as `start` does, once for the process. */
  readonly modules?: PluginModules | undefined
  /** Gets everything that is read: SHA-256 of the content by absolute path; '' for what can't be read. */
  readonly read?: Map<string, string>
}

/** A configuration without errors. */
export type LoadedConfig = LoadResult & { readonly config: Config }

const HOUR = 3_600_000

/** Runs files of tests: configurations are read once for all of them. */
export class Runner {
  /** By configuration, as the user calls it. */
  readonly coverage = new Map<string, Coverage>()
  /** Everything that was read, to be watched. */
  readonly read: Map<string, string>
  /** For programs. */
  readonly checkGiven = createGivenCheck()
  readonly #options: RunnerOptions
  readonly #keys: SigningKeys
  readonly #routers = new Routers()
  readonly #reader = createReader()
  readonly #configs = new Map<string, Promise<LoadResult>>()

  constructor (options: RunnerOptions, keys = new SigningKeys()) {
    this.#options = options
    this.#keys = keys
    this.read = options.read ?? new Map()
  }

  /** @throws ConfigFileError for a file that can't be read */
  async run (file: string): Promise<FileResult> {
    const { shown } = this.#options
    this.read.set(file, '')
    const { tests, diagnostics, source } = await this.#reader(file)
    this.read.set(file, contentHash(source.text))
    const result = { file: shown(file), text: source.text }
    const named = (list: typeof diagnostics, name: string): typeof diagnostics => list.map(diagnostic => ({ ...diagnostic, file: name }))
    if (tests === null) return { ...result, results: [], errors: [{ diagnostics: named(diagnostics, shown(file)), text: source.text }] }
    // one that comes there takes the place of the one that is tested
    configOf(file, tests.spec.config, nearer => { this.read.set(nearer, '') })
    const loaded = await this.load(tests.config, tests.spec.env ?? {})
    if (loaded.config === null) return { ...result, results: [], errors: [{ diagnostics: named(loaded.diagnostics.filter(({ severity }) => severity === 'error'), shown(tests.config)), text: loaded.source.text }] }
    const wrong = checkAgainst(tests, loaded.config)
    if (hasErrors(wrong)) return { ...result, results: [], errors: [{ diagnostics: named(wrong, shown(file)), text: source.text }] }
    const results: TestResult[] = []
    const labs = new Labs(async () => await this.open(loaded as LoadedConfig, tests.spec.clock), tests.spec.isolated !== false)
    try {
      for (const [index, test] of tests.spec.tests.entries()) {
        if (this.#options.wanted(test.name)) results.push(await this.#test(tests, loaded as LoadedConfig, labs, test, `/tests/${index}`))
      }
      // all of them are skipped: nothing of the configuration is covered, which has to be known for --fail-under
      if (this.#options.coverage && results.length > 0 && !this.coverage.has(shown(tests.config))) await labs.take()
    } finally {
      await labs.close()
    }
    return { ...result, results, errors: [] }
  }

  /** Reads a configuration, once for the same environment. @throws ConfigFileError */
  async load (file: string, env: Readonly<Record<string, string>>): Promise<LoadResult> {
    const key = JSON.stringify([file, env])
    let loading = this.#configs.get(key)
    if (loading === undefined) {
      loading = this.#load(file, env)
      this.#configs.set(key, loading)
    }
    return await loading
  }

  async #load (file: string, env: Readonly<Record<string, string>>): Promise<LoadResult> {
    const { modules } = this.#options
    this.read.set(file, '')
    const loaded = await loadConfig({ file, env: { ...this.#options.env, ...env }, errorsOnly: true, ...modules === undefined ? {} : { modules } })
    this.read.set(file, contentHash(loaded.source.text))
    for (const { path, hash } of [...loaded.files, ...modules?.files ?? []]) this.read.set(path, hash)
    return loaded
  }

  /** @param clock as in a file */
  async open (loaded: LoadedConfig, clock?: string): Promise<Lab> {
    const { config, plugins } = loaded
    const now = Date.now() - Date.now() % HOUR
    const lab = await Lab.create({ config, registry: plugins.registry, directory: dirname(config.file), keys: this.#keys, routers: this.#routers, now: clock === undefined ? now : timeOf(clock, now) })
    const shown = this.#options.shown(config.file)
    if (this.#options.coverage && !this.coverage.has(shown)) this.coverage.set(shown, new Coverage(lab, plugins.registry))
    return lab
  }

  /** What became of a request that was to become something else; and where it could have gone, if it is about the route. */
  why (lab: Lab, loaded: LoadedConfig, trial: Trial, outcomes: ReadonlyMap<string, Outcome>, failures: readonly Failure[]): string[] {
    const shown = this.#options.shown(loaded.config.file)
    const lines = whyOf(lab, trial, outcomes, { source: loaded.source, shown })
    if (trial.route !== null && !failures.some(({ pointer }) => pointer === '/route' || pointer === '/service')) return lines
    const [first = '', ...rest] = lines
    return [first, ...nearbyRoutes(loaded, trial.request, shown).map(line => loaded.source.redact(line)), ...rest]
  }

  /** Counts what a request has reached. */
  see ({ file }: Config, trial: Trial, outcomes: ReadonlyMap<string, Outcome>): void {
    this.coverage.get(this.#options.shown(file))?.see(trial, outcomes)
  }

  async #test (tests: TestFile, loaded: LoadedConfig, labs: Labs, test: TestSpec, pointer: string): Promise<TestResult> {
    const { source, spec } = tests
    const range = source.locate(`${pointer}/name`)
    const begun = performance.now()
    const done = (status: TestResult['status'], problems: readonly Problem[], reason: string | null = null): TestResult => ({ name: test.name, status, reason, range, took: performance.now() - begun, problems })
    if (test.skip !== undefined) return done('skipped', [], test.skip)
    try {
      const lab = await labs.take()
      if (spec.stubs !== undefined) applyStubs(lab, spec.stubs)
      const steps: Array<readonly [StepSpec, string]> = test.steps === undefined ? [[test, pointer]] : [[{ ...pick(test) }, pointer], ...test.steps.map((step, index): [StepSpec, string] => [step, `${pointer}/steps/${index}`])]
      const problems: Problem[] = []
      for (const [index, [step, at]] of steps.entries()) {
        problems.push(...await this.#step(lab, tests, loaded, step, at, test.steps === undefined ? null : `step ${index}`))
        // what follows builds on what has failed
        if (problems.length > 0) break
      }
      return done(problems.length === 0 ? 'passed' : 'failed', problems)
    } catch (error) {
      return done('failed', [crash(range, error)])
    } finally {
      await labs.give()
    }
  }

  async #step (lab: Lab, { source }: TestFile, loaded: LoadedConfig, step: StepSpec, at: string, number: string | null): Promise<Problem[]> {
    const label = number === null ? null : step.name === undefined ? number : `${number}, ${step.name}`
    const { clock, stubs, rotate_keys: rotate, request, repeat = 1, expect } = step
    try {
      if (stubs !== undefined) applyStubs(lab, stubs)
      if (clock !== undefined) moveClock(lab, clock)
      if (rotate !== undefined) lab.provider.rotate(rotate === 'replace')
    } catch (error) {
      return [crash(source.locate(`${at}/clock`), error, label)]
    }
    if (request === undefined) return []
    for (let time = 1; time <= repeat; time++) {
      try {
        const trial = await lab.request(requestOf(lab, request))
        const outcomes = outcomesOf(trial, lab.chainOf(trial.route), id => lab.guards(id))
        this.see(lab.config, trial, outcomes)
        const failures = expect === undefined ? [] : compare(trial, outcomes, expect as ExpectSpec, lab.config)
        if (failures.length === 0) continue
        const why = this.why(lab, loaded, trial, outcomes, failures)
        const which = repeat === 1 ? label : `${label === null ? '' : `${label}, `}request ${time} of ${repeat}`
        return failures.map(({ pointer, what, expected, got }, index) => ({
          range: source.locate(`${at}/expect${pointer}`),
          step: which,
          message: `${what}: expected ${expected}, got ${loaded.source.redact(got)}`,
          expected,
          got: loaded.source.redact(got),
          why: index === failures.length - 1 ? why : []
        }))
      } catch (error) {
        return [crash(source.locate(`${at}/request`), error, label)]
      }
    }
    return []
  }
}

/** A lab for each test, or one for all of them. */
class Labs {
  readonly #open: () => Promise<Lab>
  readonly #isolated: boolean
  #lab: Lab | null = null

  constructor (open: () => Promise<Lab>, isolated: boolean) {
    this.#open = open
    this.#isolated = isolated
  }

  async take (): Promise<Lab> {
    this.#lab ??= await this.#open()
    this.#lab.addresses.clear()
    return this.#lab
  }

  /** After each test. */
  async give (): Promise<void> {
    if (this.#isolated) await this.close()
  }

  async close (): Promise<void> {
    const lab = this.#lab
    this.#lab = null
    await lab?.close()
  }
}

/** What a test with steps does before the first of them. */
function pick ({ clock, stubs, rotate_keys: rotate }: TestSpec): StepSpec {
  return { ...clock === undefined ? {} : { clock }, ...stubs === undefined ? {} : { stubs }, ...rotate === undefined ? {} : { rotate_keys: rotate } }
}

/** Of a test that could not go on. */
export function crash (range: Range | null, error: unknown, step: string | null = null): Problem {
  const message = error instanceof LabError ? error.message : error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { range, step, message, expected: null, got: null, why: [] }
}
