import { resolve } from 'node:path'
import { compare } from '../lab/expect.ts'
import { mint, moveClock, requestOf } from '../lab/file/request.ts'
import type { ExpectSpec, RequestSpec, StubsSpec, TokenSpec } from '../lab/file/schema.ts'
import { applyStubs, knownAddresses } from '../lab/file/stubs.ts'
import { type Outcome, outcomesOf } from '../lab/outcome.ts'
import { type LoadedConfig, Runner } from '../lab/run.ts'
import type { Stub } from '../lab/stubs.ts'
import type { Trial } from '../lab/trial.ts'
import { closeAtEnd, type TestContext } from './test-context.ts'

export interface ConfigOptions {
  /** Variables for references of the file, before those of the process. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the clock stands at the start: `2030-01-31T12:00:00Z`; default: this hour's beginning. */
  readonly clock?: string
  /** What stands in the place of servers, as in a file of tests. */
  readonly stubs?: StubsSpec
}

/** An answer, with all that is known about how it came about. */
export interface ConfigAnswer extends Trial {
  /** What became of the request in each plugin of its route, in their order. */
  readonly outcomes: ReadonlyMap<string, Outcome>
  /** @throws Error that says what differs, and why, as `sallyport test` does; LabError for an expectation that a file could not have */
  expect (expected: ExpectSpec): void
}

/** A configuration that runs, with stubs in the place of everything outside of it. */
export interface ConfigTest {
  /** `GET /users/7`, or more. */
  request (request: RequestSpec): Promise<ConfigAnswer>
  /** Has these stubs stand from now on, or a function for one server: the name of a service or upstream, `host:port`, or `*`. */
  stub (stubs: StubsSpec): void
  stub (name: string, answer: Stub): void
  /** Token of the identity provider, which stands for every one that the file names. */
  token (options?: TokenSpec): string
  /** Identity providers sign with new keys from now on; `replace`: those before are not published any more. */
  rotateKeys (how?: 'add' | 'replace'): void
  /** Moves the clock: `+61s`, or a time. */
  clock (to: string): void
  /** Only needed without a test context. */
  close (): Promise<void>
}

/**
 * Runs a configuration.
 *
 * @param t closes everything when the test ends
 * @param file gateway.yaml, relative to the working directory
 * @throws Error with all diagnostics, when the file has errors
 */
export async function testConfig (t: TestContext, file: string, options?: ConfigOptions): Promise<ConfigTest>
export async function testConfig (file: string, options?: ConfigOptions): Promise<ConfigTest>
export async function testConfig (first: TestContext | string, second: string | ConfigOptions = {}, third: ConfigOptions = {}): Promise<ConfigTest> {
  const [file, options] = typeof first === 'string' ? [first, second as ConfigOptions] : [second as string, third]
  const runner = new Runner({ env: process.env, shown: () => file, wanted: () => true, coverage: false })
  const loaded = await runner.load(resolve(file), options.env ?? {})
  if (loaded.config === null) {
    const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error')
    throw new Error(errors.map(({ range, cause, mend }) => `${file}:${range.line}:${range.column}: ${cause}. ${mend}`).join('\n'))
  }
  const test = await openConfig(runner, loaded as LoadedConfig, options)
  if (typeof first !== 'string') closeAtEnd(first, test.close)
  return test
}

/** For one test. */
export async function openConfig (runner: Runner, loaded: LoadedConfig, options: ConfigOptions): Promise<ConfigTest> {
  const lab = await runner.open(loaded, options.clock)
  const test: ConfigTest = {
    async request (request) {
      runner.checkGiven({ request }, loaded.config)
      const trial = await lab.request(requestOf(lab, request))
      const outcomes = outcomesOf(trial, lab.chainOf(trial.route), id => lab.guards(id))
      runner.see(loaded.config, trial, outcomes)
      function expect (expected: ExpectSpec): void {
        runner.checkGiven({ expect: expected }, loaded.config)
        const failures = compare(trial, outcomes, expected, lab.config)
        if (failures.length === 0) return
        const error = new Error([
          ...failures.map(({ what, expected, got }) => `${what}: expected ${expected}, got ${loaded.source.redact(got)}`),
          ...runner.why(lab, loaded, trial, outcomes, failures).map(line => `  ${line}`)
        ].join('\n'))
        // the line that expects is the one that the stack begins with
        Error.captureStackTrace(error, expect)
        throw error
      }
      return { ...trial, outcomes, expect }
    },
    stub (first: StubsSpec | string, answer?: Stub) {
      if (typeof first !== 'string') {
        runner.checkGiven({ stubs: first }, loaded.config)
        applyStubs(lab, first)
      } else for (const address of knownAddresses(lab.config, first)) lab.addresses.stub(address, answer as Stub)
    },
    token: (token = {}) => mint(lab, token),
    rotateKeys: (how = 'add') => lab.provider.rotate(how === 'replace'),
    clock: to => moveClock(lab, to),
    close: async () => { await lab.close() }
  }
  if (options.stubs !== undefined) test.stub(options.stubs)
  return test
}

const brand = Symbol.for('sallyport.config-tests')

/** Tests of one configuration, for `sallyport test`. */
export interface ConfigTests {
  /** gateway.yaml, relative to the folder of the program. */
  readonly config: string
  readonly options: ConfigOptions
  readonly tests: Readonly<Record<string, (gateway: ConfigTest) => void | Promise<void>>>
}

/**
 * Tests for `sallyport test`, to be the default export of a `*.gateway-test.ts`.
 *
 * @param config gateway.yaml, relative to the folder of the program
 * @param tests by their names; each gets a gateway of its own, and fails by throwing
 */
export function configTests (config: string, tests: ConfigTests['tests'], options: ConfigOptions = {}): ConfigTests {
  return Object.freeze({ config, tests, options, [brand]: true })
}

export function isConfigTests (value: unknown): value is ConfigTests {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
