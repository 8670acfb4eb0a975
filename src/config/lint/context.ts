import type { LoadedPlugins } from '../../plugins.ts'
import { candidates, decidingField, type Candidate } from '../../router/order.ts'
import { Chains, type Chain } from '../chains.ts'
import type { RelatedPlace } from '../diagnostics.ts'
import type { Config, PluginEntry, Pointer, Route, Service } from '../model.ts'
import { referencesIn, referredTo } from '../references/plugin-references.ts'
import type { Finding, Report } from '../report.ts'
import type { Source } from '../source.ts'
import { subjectsOf, type Subject } from './criteria.ts'

/** What rules look at and report to. */
export class LintContext {
  readonly config: Config
  readonly source: Source
  readonly plugins: LoadedPlugins
  readonly services: ReadonlyMap<string, Service>
  /** Without those of disabled services: the router doesn't know them. */
  readonly routes: readonly Route[]
  readonly #report: Report
  // rules that refuse a file do without these three
  #candidates: readonly Candidate[] | null = null
  #subjects: readonly Subject[] | null = null
  #best: ReadonlyMap<Route, Candidate> | null = null
  #chains: Chains | null = null
  readonly #chainOf = new Map<Route, Chain>()
  readonly #refersTo = new Map<string, ReadonlySet<string>>()

  constructor (config: Config, source: Source, plugins: LoadedPlugins, report: Report) {
    this.config = config
    this.source = source
    this.plugins = plugins
    this.services = new Map(config.services.map(service => [service.id, service]))
    this.routes = config.routes.filter(route => route.service === null || this.services.get(route.service)?.enabled !== false)
    this.#report = report
  }

  /** In matching order. */
  get candidates (): readonly Candidate[] {
    this.#candidates ??= candidates(this.routes)
    return this.#candidates
  }

  get subjects (): readonly Subject[] {
    this.#subjects ??= subjectsOf(this.candidates)
    return this.#subjects
  }

  /** The entries that run on a route. */
  chainOf (route: Route): Chain {
    let chain = this.#chainOf.get(route)
    if (chain === undefined) {
      this.#chains ??= new Chains(this.config, this.plugins.registry)
      chain = this.#chains.of(route)
      this.#chainOf.set(route, chain)
    }
    return chain
  }

  /** Options of an entry whose schema says that they refer to such entities. */
  optionsThat (entry: PluginEntry, refersTo: string): unknown[] {
    const schema = this.plugins.registry.get(entry.name)?.schema ?? {}
    let known = this.#refersTo.get(entry.name)
    if (known === undefined) this.#refersTo.set(entry.name, known = new Set(referredTo(schema)))
    return known.has(refersTo) ? [...referencesIn(schema, entry.config)].filter(({ to }) => to === refersTo).map(({ value }) => value) : []
  }

  report (pointer: Pointer, finding: Finding): void {
    this.#report.at(this.source, pointer, finding)
  }

  warn (pointer: Pointer, finding: Finding, part: 'key' | 'value' = 'value'): void {
    this.#report.at(this.source, pointer, { severity: 'warning', ...finding }, part)
  }

  /** The other place that takes part. */
  place (pointer: Pointer, message: string): RelatedPlace {
    return { range: this.source.locate(pointer), message }
  }

  /** `route 'list'`, or where it stands when it has no name to show. */
  name (kind: 'route' | 'service', entity: Route | Service): string {
    const hidden = entity.name === null || this.source.isSecret(`${entity.pointer}/name`)
    return hidden ? `the ${kind} ${this.source.describe(entity.pointer)}` : `${kind} '${entity.name}'`
  }

  /** A value of the file for a message: in quotes, but `what` where it came from a reference. */
  quote (pointer: Pointer, value: string, what: string): string {
    return this.source.isSecret(pointer) ? what : `'${value}'`
  }

  /** Where to point for an entity: its name, else its first line. */
  heading (entity: { readonly pointer: Pointer }): Pointer {
    const name = `${entity.pointer}/name`
    return this.source.has(name) ? name : entity.pointer
  }

  /** Where one path of a route stands. */
  path (route: Route, path: string): Pointer {
    return `${route.pointer}/paths/${route.paths?.indexOf(path) ?? 0}`
  }

  /** What puts one route before another. */
  whyFirst (first: Route, second: Route): string {
    // the best-ranked candidate of each route: the last one that is set
    this.#best ??= new Map([...this.candidates].reverse().map(candidate => [candidate.route, candidate]))
    const [one, other] = [this.#best.get(first), this.#best.get(second)]
    const field = one === undefined || other === undefined ? null : decidingField(one, other)
    return reasons[field ?? 'declaration']
  }
}

const reasons: Readonly<Record<keyof Candidate['priority'], string>> = {
  criteria: 'it sets more criteria',
  plainHosts: 'its hosts have no wildcard',
  headers: 'it asks for more headers',
  regex: 'a regex goes before a prefix',
  regexPriority: 'its `regex_priority` is higher',
  length: 'its path is longer',
  declaration: 'it stands earlier in the file'
}
