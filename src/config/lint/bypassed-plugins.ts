import type { PluginEntry, Route, Service } from '../model.ts'
import { join } from '../pointer.ts'
import { referencesIn } from '../references/plugin-references.ts'
import type { LintContext } from './context.ts'

/**
 * Entries of a service that don't run for requests that a plugin or a breaker sends there: the chain is that of the route. An
 * error, since what is passed by may be what protects the service.
 */
export function bypassedPlugins (context: LintContext): void {
  const { config: { plugins, services } } = context
  const byService = new Map<string, PluginEntry[]>()
  for (const entry of plugins) {
    if (!entry.enabled || entry.service === null || entry.route !== null) continue
    byService.set(entry.service, [...byService.get(entry.service) ?? [], entry])
  }
  if (byService.size === 0) return
  const find = (value: unknown): Service | undefined => typeof value !== 'string' ? undefined : services.find(({ id, name }) => id === value.toLowerCase() || name === value)
  for (const from of services) {
    const to = find(from.circuit_breaker?.fallback_service)
    const own = to === undefined ? undefined : byService.get(to.id)
    if (to === undefined || own === undefined) continue
    const routes = context.routes.filter(route => route.service === from.id)
    reportBypassed(context, routes, to, own, `${from.pointer}/circuit_breaker/fallback_service`)
  }
  for (const entry of plugins) {
    if (!entry.enabled) continue
    for (const { to, value, path } of referencesIn(context.plugins.registry.get(entry.name)?.schema ?? {}, entry.config)) {
      if (to !== 'service') continue
      const service = find(value)
      const own = service === undefined ? undefined : byService.get(service.id)
      if (service === undefined || own === undefined) continue
      const pointer = path.reduce<string>(join, `${entry.pointer}/config`)
      const routes = context.routes.filter(route => route.service !== service.id && runs(context, route, entry))
      reportBypassed(context, routes, service, own, pointer)
    }
  }
}

function reportBypassed (context: LintContext, routes: readonly Route[], service: Service, own: readonly PluginEntry[], pointer: string): void {
  const told = new Set<string>()
  for (const { name, pointer: place } of own) {
    const route = routes.find(each => !context.chainOf(each).some(item => item.name === name))
    if (route === undefined || told.has(name)) continue
    told.add(name)
    context.report(pointer, {
      rule: 'bypassed-plugin',
      cause: `requests of ${context.name('route', route)} come to ${context.name('service', service)} past its '${name}': plugins are those of the route`,
      mend: `Give the route an entry of '${name}' as well, or move that of the service to its routes.`,
      related: [context.place(`${place}/name`, 'the entry that does not run')]
    })
  }
}

function runs (context: LintContext, route: Route, entry: PluginEntry): boolean {
  return context.chainOf(route).some(item => item.entries.some(({ id }) => id === entry.id))
}
