import { nearest } from '../../config/nearest.ts'
import { join } from '../../config/pointer.ts'
import { Report } from '../../config/report.ts'
import type { Config } from '../../config/model.ts'
import type { Diagnostic } from '../../config/diagnostics.ts'
import { LabError } from '../trial.ts'
import type { TestFile } from './read.ts'
import { timeOf } from './request.ts'
import type { ExpectSpec, StepSpec, StubsSpec, UpstreamSpec } from './schema.ts'
import { addressesNamed, ANY } from './stubs.ts'

/** What a file of tests says of its configuration has to be there: a test of a route that nobody has can't fail, or can't pass. */
export function checkAgainst (tests: TestFile, config: Config): Diagnostic[] {
  const report = new Report(tests.file)
  new Check(config, (at, problem, part) => { report.at(tests.source, at, problem, part) }).run(tests)
  return report.list()
}

/** The same of a step that a program has said. @returns one sentence for each mistake */
export function checkStep (step: StepSpec, config: Config): string[] {
  const found: string[] = []
  new Check(config, (at, { cause, mend }) => found.push(`${at.slice(1).replaceAll('/', '.')}: ${cause}. ${mend}`)).step(step, '')
  return found
}

type Add = (at: string, problem: { readonly rule: string, readonly cause: string, readonly mend: string }, part: 'key' | 'value') => void

class Check {
  readonly #config: Config
  readonly #found: Add

  constructor (config: Config, found: Add) {
    this.#config = config
    this.#found = found
  }

  run ({ spec }: TestFile): void {
    this.step(spec, '')
    const seen = new Set<string>()
    for (const [index, test] of spec.tests.entries()) {
      const at = `/tests/${index}`
      if (seen.has(test.name)) this.#add(`${at}/name`, 'not-unique', `another test is called '${test.name}'`, 'Choose another name.')
      seen.add(test.name)
      if (test.steps === undefined && test.request === undefined) this.#add(at, 'required', 'there is no request', 'Add `request` and `expect`, or `steps`.')
      if (test.steps !== undefined && test.request !== undefined) this.#add(`${at}/request`, 'field-conflict', 'a test has `request` or `steps`', 'Move the request into the steps.')
      if (test.steps?.every(({ expect }) => expect === undefined) === true) this.#add(`${at}/steps`, 'required', 'no step expects anything', 'Add `expect` to one.')
      this.step(test, at)
      for (const [number, step] of (test.steps ?? []).entries()) this.step(step, `${at}/steps/${number}`)
    }
  }

  step ({ clock, stubs, request, expect }: StepSpec, at: string): void {
    if (clock !== undefined) this.#try(`${at}/clock`, 'bad-format', 'Write a time like 2030-01-31T12:00:00Z.', () => timeOf(clock, 0))
    if (stubs !== undefined) this.#stubs(stubs, `${at}/stubs`)
    if (typeof request === 'object') {
      if (request.body !== undefined && request.json !== undefined) this.#add(`${at}/request/json`, 'field-conflict', 'a request has `body` or `json`', 'Keep one of the two.')
      if (request.consumer !== undefined) this.#consumer(request.consumer, `${at}/request/consumer`)
      const { issuer } = request.client_certificate ?? {}
      if (issuer !== undefined) this.#known(`${at}/request/client_certificate/issuer`, 'CA certificate', issuer, this.#config.ca_certificates.flatMap(({ name, id }) => name === null ? [id] : [name, id]))
      if (request.token?.consumer !== undefined) this.#consumer(request.token.consumer, `${at}/request/token/consumer`)
    }
    if (expect !== undefined) this.#expect(expect as ExpectSpec, `${at}/expect`)
  }

  #stubs (stubs: StubsSpec, at: string): void {
    for (const [name, answers] of Object.entries(stubs)) {
      const place = join(at, name)
      if (name !== ANY && addressesNamed(this.#config, name) === null) this.#unknown(place, 'service or upstream', name, this.#servers(), ' An address is written as `host:port`.', 'key')
      for (const [index, answer] of [answers].flat().entries()) {
        const one = Array.isArray(answers) ? join(place, index) : place
        if (answer.body !== undefined && answer.json !== undefined) this.#add(`${one}/json`, 'field-conflict', 'an answer has `body` or `json`', 'Keep one of the two.')
        if (answer.when?.matches !== undefined) this.#regex(`${one}/when/matches`, answer.when.matches)
      }
    }
  }

  #expect (expect: ExpectSpec, at: string): void {
    const { routes, services, plugins, consumers } = this.#config
    const named = (list: ReadonlyArray<{ readonly name: string | null, readonly id: string }>): string[] => list.flatMap(({ name, id }) => name === null ? [id] : [name, id])
    if (expect.route != null) this.#known(`${at}/route`, 'route', expect.route, named(routes))
    if (expect.service != null) this.#known(`${at}/service`, 'service', expect.service, named(services))
    if (expect.consumer != null) this.#known(`${at}/consumer`, 'consumer', expect.consumer, consumers.flatMap(({ username, id }) => username === null ? [id] : [username, id]))
    const names = [...new Set(plugins.map(({ name }) => name))]
    for (const name of Object.keys(expect.plugins ?? {})) this.#known(join(`${at}/plugins`, name), 'plugin', name, names, 'key')
    if (expect.answered_by !== undefined) this.#known(`${at}/answered_by`, 'plugin', expect.answered_by, ['upstream', 'gateway', ...names])
    this.#texts(expect, at)
    if (expect.upstream == null) return
    const { service, count } = expect.upstream
    if (count === 0) {
      for (const name of Object.keys(expect.upstream).filter(name => name !== 'service' && name !== 'count')) {
        this.#add(`${at}/upstream/${name}`, 'field-conflict', '`count: 0` says that no request came: there is nothing to compare', 'Remove one of the two.', 'key')
      }
    }
    if (service !== undefined && addressesNamed(this.#config, service) === null) this.#unknown(`${at}/upstream/service`, 'service or upstream', service, this.#servers())
    this.#texts(expect.upstream, `${at}/upstream`)
  }

  /** Every regular expression, and every one in JSON. */
  #texts (part: ExpectSpec | UpstreamSpec, at: string): void {
    const look = (value: unknown, pointer: string): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [name, inner] of Object.entries(value)) {
        if ((name === 'matches' || name === '$matches') && typeof inner === 'string') this.#regex(join(pointer, name), inner)
        else look(inner, join(pointer, name))
      }
    }
    for (const name of ['body', 'headers', 'json', 'url', 'path', 'query', 'client_certificate', 'messages'] as const) look((part as Record<string, unknown>)[name], `${at}/${name}`)
  }

  #regex (at: string, regex: string): void {
    this.#try(at, 'bad-regex', 'Correct the regular expression.', () => new RegExp(regex, 'u'))
  }

  #consumer (name: string, at: string): void {
    this.#known(at, 'consumer', name, this.#config.consumers.flatMap(({ username, id }) => username === null ? [id] : [username, id]))
  }

  #servers (): string[] {
    return [...this.#config.services, ...this.#config.upstreams].flatMap(({ name }) => name === null ? [] : [name])
  }

  #known (at: string, kind: string, name: string, known: readonly string[], part: 'key' | 'value' = 'value'): void {
    if (!known.includes(name)) this.#unknown(at, kind, name, known, '', part)
  }

  #unknown (at: string, kind: string, name: string, known: readonly string[], more = '', part: 'key' | 'value' = 'value'): void {
    const guess = nearest(name, known)
    this.#add(at, 'unresolved-reference', `the configuration has no ${kind} '${name}'`, (guess === undefined ? 'Write the name of one that is there.' : `Did you mean '${guess}'?`) + more, part)
  }

  #try (at: string, rule: string, mend: string, run: () => unknown): void {
    try {
      run()
    } catch (error) {
      this.#add(at, rule, error instanceof LabError || error instanceof SyntaxError ? error.message : String(error), mend)
    }
  }

  #add (at: string, rule: string, cause: string, mend: string, part: 'key' | 'value' = 'value'): void {
    this.#found(at, { rule, cause, mend }, part)
  }
}
