/** One of the two configurations, with all that is asked of it. */
import { LintContext } from '../config/lint/context.ts'
import { secretFields } from '../config/lint/secrets.ts'
import type { Config, Entity, Pointer, Route, Service } from '../config/model.ts'
import { Report } from '../config/report.ts'
import type { Source } from '../config/source.ts'
import type { LoadedPlugins } from '../plugins.ts'
import { accessOf, type Access } from './access.ts'
import type { Place, SideName } from './change.ts'

/** What is asked about the text of a side. */
export type PlanSource = Pick<Source, 'has' | 'locate' | 'describe' | 'isSecret' | 'redact' | 'textOf'>

/** What a side is made of: a loaded file, or what a gateway says that it runs. */
export interface SideInput {
  readonly config: Config
  readonly source: PlanSource
  readonly plugins: LoadedPlugins
  /** What the user calls the file, in front of its lines. */
  readonly shown: string
  /** What the user calls the side; missing: the same. */
  readonly title?: string
}

/** What stands for a value that must not be shown. */
const CUT = '***'
const LONGEST = 80

/** Options and settings that hold secrets, by the last step to them; in fields that nothing marks, and in those of other versions. */
const SECRET_NAME = /(?:^|[_-])(?:key|secret|password|passphrase|token)$/i

export class Side {
  readonly name: SideName
  readonly config: Config
  readonly source: PlanSource
  readonly shown: string
  /** Routes in matching order, their combinations, and the chains. */
  readonly context: LintContext
  readonly services: ReadonlyMap<string, Service>
  readonly #plugins: LoadedPlugins
  readonly #access = new Map<Route, Access>()
  #secrets: ReadonlySet<Pointer> | null = null

  constructor (name: SideName, { config, source, plugins, shown }: SideInput) {
    this.name = name
    this.config = config
    this.source = source
    this.shown = shown
    // nothing is reported, and no more of the text asked for
    this.context = new LintContext(config, source as Source, plugins, new Report(shown))
    this.services = this.context.services
    this.#plugins = plugins
  }

  get registry (): LoadedPlugins['registry'] {
    return this.#plugins.registry
  }

  /** Whether a plugin is one that `gateway.modules` brings. */
  isForeign (plugin: string): boolean {
    return this.#plugins.modules.some(names => names.includes(plugin))
  }

  /** Who may use a route. */
  access (route: Route): Access {
    let access = this.#access.get(route)
    if (access === undefined) this.#access.set(route, access = accessOf(this.context.chainOf(route), this.registry))
    return access
  }

  place (pointer: Pointer, part: 'key' | 'value' = 'value'): Place {
    const { line, column } = this.source.locate(pointer, part)
    return { side: this.name, file: this.shown, line, column, path: this.source.describe(pointer) }
  }

  /** Where an entity is named. */
  heading (entity: Entity): Place {
    return this.place(this.context.heading(entity))
  }

  /** What an entity is called; where it stands, if it has no name to show. */
  nameOf (entity: Entity & { readonly name?: string | null, readonly username?: string | null, readonly custom_id?: string | null }): string {
    for (const field of ['name', 'username', 'custom_id'] as const) {
      const name = entity[field]
      if (name != null && !this.isSecret(`${entity.pointer}/${field}`)) return `'${name}'`
    }
    return this.source.describe(entity.pointer)
  }

  /** The service of a route in words. */
  serviceOf (route: Route): string {
    const service = route.service === null ? undefined : this.services.get(route.service)
    return service === undefined ? 'no service' : `service ${this.nameOf(service)}`
  }

  /** From a reference, of a field for secrets, or of a name for them. */
  isSecret (pointer: Pointer, value?: unknown): boolean {
    this.#secrets ??= secretFields(this.config, this.source, this.registry)
    for (let end = pointer.length; end > 0; end = pointer.lastIndexOf('/', end - 1)) if (this.#secrets.has(pointer.slice(0, end))) return true
    if (typeof value === 'string' && SECRET_NAME.test(pointer.slice(pointer.lastIndexOf('/') + 1))) return true
    return this.source.isSecret(pointer)
  }

  /** A value for people, on one line. */
  show (value: unknown, pointer: Pointer): string {
    if (value === undefined || value === null) return 'nothing'
    if (this.isSecret(pointer, value)) return CUT
    const text = typeof value === 'string' && /^[\w./:*@~+-]+$/.test(value) ? value : JSON.stringify(this.#masked(value, pointer))
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
  }

  /** A value with what is secret inside of it cut. */
  #masked (value: unknown, pointer: Pointer): unknown {
    if (this.isSecret(pointer, value)) return CUT
    if (Array.isArray(value)) return value.map((item, index) => this.#masked(item, `${pointer}/${index}`))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#masked(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)]))
  }
}
