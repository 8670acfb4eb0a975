/** Entities of a file, as the admin listener shows them. */
import { Chains, type ChainItem } from '../../config/chains.ts'
import type { Config, PluginEntry, Route } from '../../config/model.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import type { ChainItemView, ConsumerView, PluginView, RouteDetails, RouteView, ServiceView } from '../api/types.ts'
import { Cut } from './cut.ts'
import { consumerName, Names } from './names.ts'

type Scope = PluginView['scope']

/** Views of one file. That of its routes is kept. */
export class EntityViews {
  readonly names: Names
  readonly cut: Cut
  readonly #file: RunnableFile
  readonly #upstreams: ReadonlyMap<string, string>
  readonly #services: ReadonlyMap<string, Config['services'][number]>
  #chains: Chains | null = null
  #routes: RouteView[] | null = null

  constructor (file: RunnableFile) {
    this.#file = file
    this.names = new Names(file.config, file.source)
    this.cut = new Cut(file)
    this.#upstreams = new Map(file.config.upstreams.map(({ id, name }) => [name, id]))
    this.#services = new Map(file.config.services.map(service => [service.id, service]))
  }

  * services (): Steps<Array<Omit<ServiceView, 'circuit_breakers'>>> {
    const counts = new Map<string, number>()
    for (const { service } of this.#file.config.routes) if (service !== null) counts.set(service, (counts.get(service) ?? 0) + 1)
    return yield * mapSteps(this.#file.config.services, service => ({
      ...this.cut.entity(service),
      upstream: this.names.reference(this.#upstreams.get(service.host) ?? null),
      routes: counts.get(service.id) ?? 0,
      place: this.names.place(service.pointer)
    }))
  }

  * routes (): Steps<readonly RouteView[]> {
    this.#routes ??= yield * mapSteps(this.#file.config.routes, route => this.#route(route))
    return this.#routes
  }

  /** @param key name or id; null: there is none */
  route (key: string): RouteDetails | null {
    const { routes } = this.#file.config
    const route = routes.find(({ name }) => name === key) ?? routes.find(({ id }) => id === key)
    if (route === undefined) return null
    return { ...this.#route(route), chain: this.#chainOf(route).map(item => this.#item(item)) }
  }

  * plugins (): Steps<PluginView[]> {
    return yield * mapSteps(this.#file.config.plugins, entry => ({
      id: entry.id,
      name: entry.name,
      instance_name: entry.instance_name,
      scope: scopeOf(entry),
      service: this.names.reference(entry.service),
      route: this.names.reference(entry.route),
      consumer: this.names.reference(entry.consumer),
      consumer_group: this.names.reference(entry.consumer_group),
      enabled: entry.enabled,
      protocols: entry.protocols,
      priority: this.#priority(entry.name),
      tags: entry.tags,
      config: this.cut.options(entry),
      place: this.names.place(entry.pointer)
    }))
  }

  * consumers (): Steps<ConsumerView[]> {
    const { consumers, consumer_groups: groups, credentials } = this.#file.config
    const groupNames = new Map(groups.map(({ id, name }) => [id, name]))
    const counts = new Map<string, Record<string, number>>()
    const acls = new Map<string, string[]>()
    for (const [collection, list] of Object.entries(credentials)) {
      if (collection === 'acls') continue
      for (const { consumer } of list as ReadonlyArray<{ consumer: string }>) {
        const known = counts.get(consumer) ?? {}
        known[collection] = (known[collection] ?? 0) + 1
        counts.set(consumer, known)
        yield
      }
    }
    for (const { consumer, group } of credentials.acls) acls.set(consumer, [...acls.get(consumer) ?? [], group])
    return yield * mapSteps(consumers, ({ id, username, custom_id: customId, groups, tags, pointer }) => ({
      id,
      username,
      custom_id: customId,
      groups: groups.map(group => groupNames.get(group) ?? group),
      acls: acls.get(id) ?? [],
      credentials: counts.get(id) ?? {},
      tags,
      place: this.names.place(pointer)
    }))
  }

  /** Id of the consumer with this username, custom_id or id. */
  consumerId (key: string): string | null {
    const { consumers } = this.#file.config
    return (consumers.find(consumer => consumerName(consumer) === key) ?? consumers.find(({ id, custom_id: custom }) => id === key || custom === key))?.id ?? null
  }

  #chainOf (route: Route): readonly ChainItem[] {
    this.#chains ??= new Chains(this.#file.config, this.#file.plugins.registry)
    return this.#chains.of(route)
  }

  #route (route: Route): RouteView {
    const service = route.service === null ? undefined : this.#services.get(route.service)
    return {
      ...this.cut.entity(route),
      service: this.names.reference(route.service),
      upstream: service === undefined ? null : this.names.reference(this.#upstreams.get(service.host) ?? null),
      plugins: this.#chainOf(route).map(({ name }) => name),
      place: this.names.place(route.pointer)
    }
  }

  #item ({ name, entries }: ChainItem): ChainItemView {
    return {
      plugin: name,
      priority: this.#priority(name),
      entries: entries.map(entry => ({
        id: entry.id,
        instance_name: entry.instance_name,
        scope: scopeOf(entry),
        consumer: this.names.reference(entry.consumer),
        consumer_group: this.names.reference(entry.consumer_group),
        place: this.names.place(entry.pointer)
      }))
    }
  }

  #priority (name: string): number {
    return this.#file.plugins.registry.get(name)?.priority ?? 0
  }
}

function scopeOf ({ consumer, consumer_group: group, route, service }: PluginEntry): Scope {
  if (consumer !== null) return 'consumer'
  if (group !== null) return 'consumer_group'
  return route !== null ? 'route' : service !== null ? 'service' : 'global'
}
