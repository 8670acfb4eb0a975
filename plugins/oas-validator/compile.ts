import { type BodyCheck, type CheckContext, type CheckFinding, compileBody, compileParameters, type FastifyRequest, type JsonLimits, type Violation } from '../../src/plugin.ts'
import { Drift } from './drift.ts'
import { fieldsOf, OpenApi, type Place } from './document.ts'
import { operationsOf } from './methods.ts'
import type { ApiState, Operation, PathItem } from './operation.ts'
import { contentsOf, type ParameterEntry, parametersOf } from './parts.ts'
import { PathTree } from './path-tree.ts'
import type { ResponseRule } from './response.ts'
import type { Config } from './schema.ts'
import { basePaths } from './servers.ts'

/** What `check` has to say. */
export function * checkConfig (config: Config, { directory, reads }: CheckContext): Generator<CheckFinding> {
  const compiler = new Compiler(config, directory, reads)
  try {
    compiler.compile()
  } catch (error) {
    // what no finding explains
    if (!compiler.findings.some(isError)) yield { path: '/spec_file', message: `the document doesn't compile: ${(error as Error).message}`, mend: 'Mend the schema that is named.' }
  }
  yield * compiler.findings
}

/** @throws Error where `checkConfig` finds an error: the document has changed since */
export function compileDocument (config: Config, directory: string): ApiState {
  const compiler = new Compiler(config, directory)
  const state = compiler.compile()
  const problem = compiler.findings.find(isError)
  if (problem !== undefined) throw new Error(problem.message)
  return state
}

function isError ({ severity }: CheckFinding): boolean {
  return severity !== 'warning'
}

class Compiler {
  readonly #config: Config
  readonly #request: OpenApi
  readonly #response: OpenApi | null
  readonly #own: CheckFinding[] = []
  readonly #limits: JsonLimits

  constructor (config: Config, directory: string, reads?: CheckContext['reads']) {
    this.#config = config
    this.#request = new OpenApi(config.spec_file, directory, 'request', reads)
    this.#response = config.response === 'off' ? null : new OpenApi(config.spec_file, directory, 'response', reads)
    this.#limits = { depth: config.max_depth, totalMembers: config.max_members, members: Infinity, items: Infinity, nameLength: Infinity, textLength: Infinity }
  }

  /** The same mistake is found in both directions. */
  get findings (): CheckFinding[] {
    const all = [...this.#request.findings, ...this.#response?.findings ?? [], ...this.#own]
    return all.filter((finding, index) => all.findIndex(other => other.message === finding.message) === index)
  }

  compile (): ApiState {
    const tree = new PathTree<PathItem>()
    const { root } = this.#request
    const paths = root === null ? null : this.#request.get(root, 'paths')
    if (root !== null && Object.keys(fieldsOf(paths?.value)).every(path => !path.startsWith('/'))) {
      this.#request.report(root, 'the document has no paths', 'Name the document that describes the API.')
    }
    for (const template of Object.keys(fieldsOf(paths?.value))) {
      if (template.startsWith('x-')) continue
      const place = this.#request.get(paths as Place, template)
      if (place !== null) this.#path(tree, root as Place, template, place)
    }
    return { find: path => tree.find(path), running: new WeakMap(), drift: new Drift() }
  }

  #path (tree: PathTree<PathItem>, root: Place, template: string, place: Place): void {
    const operations = new Map<string, Operation>()
    for (const { method, steps, place: operation } of operationsOf(this.#request, place)) operations.set(method, this.#operation(template, steps, place, operation))
    const get = operations.get('GET')
    // a HEAD is a GET without its body (RFC 9110 section 9.3.2)
    if (get !== undefined && !operations.has('HEAD')) operations.set('HEAD', get)
    const item: PathItem = { template, operations, allowed: [...operations.keys()].join(', ') }
    const bases = this.#config.base_path === undefined ? basePaths(this.#request, root, place) : [this.#config.base_path.replace(/\/$/, '')]
    for (const base of bases) {
      if (!tree.add(base + template, item)) this.#request.report(place, `'${base}${template}' is there already, with other names for its parameters`, 'Keep one of the two.')
    }
  }

  #operation (template: string, steps: readonly string[], item: Place, operation: Place): Operation {
    const { max_errors: most } = this.#config
    const entries = parametersOf(this.#request, template, item, operation)
    const bodyPlace = this.#request.get(operation, 'requestBody')
    const body = this.#body(bodyPlace)
    const rules = new Map<string, ResponseRule>()
    if (this.#response !== null) this.#responses(this.#response, template, steps, rules)
    const free = { parameters: () => null, surplus: () => null, body, responses: { rules, limits: this.#limits, most } }
    // nothing is compiled of a document that is wrong: `check` goes on to look for more
    if (this.findings.some(isError)) return free
    return { ...free, parameters: compileParameters(this.#request.set, entries.map(entry => entry.parameter), most, this.#limits), surplus: createSurplus(entries, most) }
  }

  #body (place: Place | null): BodyCheck {
    const contents = place === null ? [] : contentsOf(this.#request, place)
    if (this.findings.some(isError)) return () => null
    if (place === null) return request => Buffer.isBuffer(request.body) && request.body.length > 0 ? UNEXPECTED : null
    const required = fieldsOf(place.value)['required'] === true
    return compileBody(this.#request.set, {
      contents,
      required: () => required,
      exactParameters: false,
      limits: this.#limits,
      duplicates: this.#config.allow_duplicate_members,
      most: this.#config.max_errors
    })
  }

  #responses (document: OpenApi, template: string, steps: readonly string[], rules: Map<string, ResponseRule>): void {
    const place = document.root === null ? null : document.get(document.root, 'paths', template)
    const operation = place === null ? null : document.get(place, ...steps)
    const responses = operation === null ? null : document.get(operation, 'responses')
    for (const status of Object.keys(fieldsOf(responses?.value))) {
      const response = status.startsWith('x-') ? null : document.get(responses as Place, status)
      if (response === null) continue
      const contents = contentsOf(document, response)
      if (this.findings.some(isError)) continue
      rules.set(status.toUpperCase().replace('DEFAULT', 'default'), { contents: contents.map(({ range, schema }) => ({ range, validator: schema === null ? null : document.set.compile(schema) })) })
    }
  }
}

const UNEXPECTED = { status: 400 as const, found: [{ in: 'body' as const, keyword: 'unexpected', message: 'is not part of the operation' }] }

/** Says which query arguments an operation doesn't have. */
function createSurplus (entries: readonly ParameterEntry[], most: number): (request: FastifyRequest) => Violation[] | null {
  const inQuery = entries.filter(({ parameter }) => parameter.in === 'query')
  const names = new Set(inQuery.flatMap(({ parameter, members }) => [parameter.name, ...members]))
  const deep = inQuery.filter(({ parameter }) => parameter.style === 'deepObject').map(({ parameter }) => `${parameter.name}[`)
  return function surplus ({ gateway }) {
    const query = gateway.upstream?.query ?? ''
    if (query === '') return null
    const found: Violation[] = []
    for (const name of new URLSearchParams(query).keys()) {
      if (names.has(name) || deep.some(start => name.startsWith(start))) continue
      found.push({ in: 'query', name: name.slice(0, 100), keyword: 'unexpected', message: 'is not part of the operation' })
      if (found.length === most) break
    }
    return found.length === 0 ? null : found
  }
}
