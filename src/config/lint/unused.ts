import type { PluginEntry, Route } from '../model.ts'
import type { LintContext } from './context.ts'

/** Services that no route leads to. */
export function unusedServices (context: LintContext): void {
  const used = new Set(context.config.routes.map(route => route.service))
  for (const service of context.config.services) {
    if (used.has(service.id) || !service.enabled) continue
    context.warn(context.heading(service), {
      rule: 'service-without-route',
      cause: `no route leads to ${context.name('service', service)}: it never gets a request`,
      mend: 'Add a route to it, set `enabled: false`, or remove it.'
    })
  }
}

/** Consumers that nothing in the file speaks of. */
export function unusedConsumers (context: LintContext): void {
  const used = new Set(context.config.plugins.map(entry => entry.consumer))
  for (const consumer of context.config.consumers) {
    if (used.has(consumer.id)) continue
    const key = ['username', 'custom_id'].find(field => context.source.has(`${consumer.pointer}/${field}`))
    const pointer = key === undefined ? consumer.pointer : `${consumer.pointer}/${key}`
    context.warn(pointer, {
      rule: 'unused-consumer',
      cause: `nothing in the file uses ${context.quote(pointer, consumer.username ?? consumer.custom_id ?? '', 'this consumer')}`,
      mend: 'Give it a plugin entry of its own, or remove it.'
    })
  }
}

/** Modules none of whose plugins has an entry. */
export function unusedModules (context: LintContext): void {
  const names = new Set(context.config.plugins.map(entry => entry.name))
  for (const [index, brought] of context.plugins.modules.entries()) {
    if (brought.some(name => names.has(name))) continue
    context.warn(`/gateway/modules/${index}`, {
      rule: 'unused-module',
      cause: `no entry of the file uses a plugin of this module${brought.length === 0 ? '' : ` (${brought.join(', ')})`}`,
      mend: 'Remove the module, or add an entry for its plugin.'
    })
  }
}

/**
 * Plugin entries that no request ever runs: for each plugin the most specific entry wins, so that a wider one is idle when
 * every route under it has its own. Global entries also serve requests without a route, and are never idle.
 */
export function idlePlugins (context: LintContext): void {
  const entries = context.config.plugins.filter(entry => entry.enabled)
  const routes = new Map(context.config.routes.map(route => [route.id, route]))
  const byService = group(context.routes)
  const byScope = new Map(entries.map(entry => [scopeKey(entry), entry]))
  for (const entry of entries) {
    const route = entry.route === null ? undefined : routes.get(entry.route)
    if (route !== undefined && entry.service !== null && route.service !== entry.service) {
      report(context, entry, `${context.name('route', route)} belongs to another service`, 'Name the service of the route, or leave `service` out.')
      continue
    }
    const under = entry.service === null ? [] : byService.get(entry.service) ?? []
    if (entry.service === null || entry.route !== null || entry.consumer !== null || under.length === 0) continue
    const own = under.map(one => winner(byScope, entry.name, one))
    if (own.every(other => other !== undefined)) {
      report(context, entry, 'every route of its service has an entry of its own for this plugin, which wins',
        'Remove this entry, or those of the routes where this one should apply.', own[0])
    }
  }
}

function group (routes: readonly Route[]): Map<string | null, Route[]> {
  const groups = new Map<string | null, Route[]>()
  for (const route of routes) {
    const list = groups.get(route.service)
    if (list === undefined) groups.set(route.service, [route])
    else list.push(route)
  }
  return groups
}

/** The entry that a route has for itself. */
function winner (byScope: ReadonlyMap<string, PluginEntry>, name: string, route: Route): PluginEntry | undefined {
  return byScope.get(`${name} ${route.service} ${route.id} null`) ?? byScope.get(`${name} null ${route.id} null`)
}

function scopeKey ({ name, service, route, consumer }: PluginEntry): string {
  return `${name} ${service} ${route} ${consumer}`
}

function report (context: LintContext, entry: PluginEntry, why: string, mend: string, other?: PluginEntry): void {
  context.warn(context.heading(entry), {
    rule: 'idle-plugin',
    cause: `this entry never runs: ${why}`,
    mend,
    related: other === undefined ? [] : [context.place(context.heading(other), 'one of the entries that win')]
  })
}
