import { isIP } from 'node:net'
import { audienceOf, Chains, type Chain } from '../config/chains.ts'
import { guardOf, type Guard } from '../config/lint/guards.ts'
import type { Config, ListenSettings, PluginEntry, Pointer, Route, Service } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import type { LoadedPlugins } from '../plugins.ts'

/** An enabled entry, and the routes whose chain it is in. */
export interface Use {
  readonly entry: PluginEntry
  readonly routes: readonly Route[]
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** What rules look at: the configuration with its effective chains. */
export class AuditContext {
  readonly config: Config
  readonly source: Source
  readonly plugins: LoadedPlugins
  readonly now: number
  /** Of services that are enabled; without those that the gateway answers by itself. */
  readonly routes: readonly Route[]
  readonly services: readonly Service[]
  readonly #chains = new Map<Route, Chain>()
  readonly #uses = new Map<string, Use[]>()
  readonly #guards = new Map<Route, Guard>()
  readonly #byService = new Map<string, Route[]>()

  constructor (config: Config, source: Source, plugins: LoadedPlugins, now: number) {
    this.config = config
    this.source = source
    this.plugins = plugins
    this.now = now
    this.services = config.services.filter(service => service.enabled)
    const services = new Set(this.services.map(({ id }) => id))
    const chains = new Chains(config, plugins.registry)
    const all = config.routes.filter(route => route.service === null || services.has(route.service))
    const running = new Map<PluginEntry, Route[]>()
    for (const route of all) {
      const chain = chains.of(route)
      this.#chains.set(route, chain)
      for (const entry of chain.flatMap(({ entries }) => entries)) {
        const list = running.get(entry)
        if (list === undefined) running.set(entry, [route])
        else list.push(route)
      }
    }
    for (const entry of config.plugins) {
      // a global entry also answers where no route does, but nobody authenticates there; a file without routes is one that is begun
      const answers = all.length === 0 || plugins.registry.get(entry.name)?.authentication === undefined
      const isGlobal = answers && entry.enabled && entry.route === null && entry.service === null
      const routes = running.get(entry) ?? (isGlobal ? [] : undefined)
      if (routes === undefined) continue
      const list = this.#uses.get(entry.name) ?? []
      list.push({ entry, routes })
      this.#uses.set(entry.name, list)
    }
    this.routes = all.filter(route => route.service !== null && !this.#answersItself(route))
    for (const route of this.routes) {
      const list = this.#byService.get(route.service as string)
      if (list === undefined) this.#byService.set(route.service as string, [route])
      else list.push(route)
    }
  }

  routesOf ({ id }: Service): readonly Route[] {
    return this.#byService.get(id) ?? []
  }

  /** Enabled entries of these plugins that run somewhere. */
  uses (...names: string[]): Use[] {
    return names.flatMap(name => this.#uses.get(name) ?? [])
  }

  /** The entry of a plugin that runs on a route for everybody who has none of their own; null where there is none. */
  entryOn (route: Route, ...names: string[]): PluginEntry | null {
    for (const { name, entries } of this.#chains.get(route) ?? []) {
      const last = entries.at(-1)
      if (names.includes(name) && last !== undefined && audienceOf(last) === null) return last
    }
    return null
  }

  /** Of each plugin the one for everybody who has none of their own. */
  entriesOn (route: Route): PluginEntry[] {
    return (this.#chains.get(route) ?? []).flatMap(({ entries }) => {
      const last = entries.at(-1)
      return last !== undefined && audienceOf(last) === null ? [last] : []
    })
  }

  /** Whether any caller has to run through one of these on a route. */
  chainHas (route: Route, ...names: string[]): boolean {
    return (this.#chains.get(route) ?? []).some(({ name }) => names.includes(name))
  }

  guard (route: Route): Guard {
    let guard = this.#guards.get(route)
    if (guard === undefined) this.#guards.set(route, guard = guardOf(this.#chains.get(route) ?? [], this.plugins.registry))
    return guard
  }

  /** Nobody has to say who they are, and any address may call. */
  isOpen (route: Route): boolean {
    const list = this.entryOn(route, 'ip-restriction')?.config
    return this.guard(route) !== 'closed' && list?.['allow'] === undefined && list?.['allow_file'] === undefined
  }

  writes (route: Route): boolean {
    return route.methods?.some(method => !SAFE.has(method)) ?? true
  }

  takes (route: Route, method: string): boolean {
    return route.methods?.includes(method) ?? true
  }

  /** A word of the fixed parts of a route's paths, such as `graphql` in `/api/graphql`. */
  hasSegment (route: Route, word: RegExp): boolean {
    return route.paths?.some(path => path.replace(/^~/, '').split(/[/$?()|\\]/).some(part => word.test(part))) ?? false
  }

  /** Listeners that other machines reach. */
  get open (): Array<{ readonly listener: ListenSettings, readonly index: number }> {
    return this.config.gateway.listen.map((listener, index) => ({ listener, index })).filter(({ listener }) => !isLoopback(listener.host))
  }

  /** Listeners where clients of other machines speak without TLS, and nobody in front of the gateway speaks it for them. */
  get plain (): Array<{ readonly listener: ListenSettings, readonly index: number }> {
    return this.config.gateway.trusted_ips.length > 0 ? [] : this.open.filter(({ listener }) => !listener.tls)
  }

  get hasTls (): boolean {
    return this.config.gateway.listen.some(({ tls }) => tls)
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

  #answersItself (route: Route): boolean {
    const ending = this.entryOn(route, 'request-termination')
    return (ending !== null && ending.config['trigger'] === undefined) || this.entryOn(route, 'redirect') !== null
  }
}

/** An address that only this machine reaches. */
export function isLoopback (host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** Pointer of an option of an entry: `redis/ssl`. */
export function option ({ pointer }: PluginEntry, path: string): Pointer {
  return `${pointer}/config/${path}`
}
