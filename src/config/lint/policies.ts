import type { PluginEntry, Route } from '../model.ts'
import { nearest } from '../nearest.ts'
import type { Companion } from '../../plugin.ts'
import type { LintContext } from './context.ts'
import { enumerate } from './words.ts'

/** Policies that speak of a plugin which doesn't run where they decide: nobody could ever fulfil them. */
export function policyPlugins (context: LintContext): void {
  const { registry } = context.plugins
  const entries = context.config.plugins.filter(entry => entry.enabled && registry.get(entry.name)?.companions !== undefined)
  if (entries.length === 0) return
  const routes = routesOf(context)
  for (const entry of entries) {
    for (const companion of registry.get(entry.name)?.companions?.(entry.config as never) ?? []) {
      if (checkName(context, entry, companion)) checkRoutes(context, entry, companion, routes.get(entry) ?? [])
    }
  }
}

/** On which routes each entry decides. */
function routesOf (context: LintContext): Map<PluginEntry, Route[]> {
  const found = new Map<PluginEntry, Route[]>()
  for (const route of context.routes) {
    for (const { entries } of context.chainOf(route)) {
      for (const entry of entries) {
        const list = found.get(entry)
        if (list === undefined) found.set(entry, [route])
        else list.push(route)
      }
    }
  }
  return found
}

function checkName (context: LintContext, entry: PluginEntry, { path, plugin }: Companion): boolean {
  const { registry } = context.plugins
  if (registry.get(plugin)?.authentication === 'method') return true
  const methods = [...registry.values()].filter(({ authentication }) => authentication === 'method').map(({ name }) => name)
  const guess = nearest(plugin, methods)
  const pointer = `${entry.pointer}/config${path}`
  const name = context.quote(pointer, plugin, 'this')
  report(context, pointer, {
    cause: registry.has(plugin) ? `${name} doesn't authenticate anybody, so nobody can pass by it` : `there is no plugin ${name}, so nobody can pass by it`,
    mend: guess === undefined ? `Name a plugin that authenticates: ${methods.sort().join(', ')}.` : `Did you mean '${guess}'?`
  })
  return false
}

function checkRoutes (context: LintContext, entry: PluginEntry, { path, plugin }: Companion, routes: readonly Route[]): void {
  const without = routes.filter(route => !context.chainOf(route).some(({ name }) => name === plugin))
  const [first] = without
  if (first === undefined) return
  const several = without.length > 1
  report(context, `${entry.pointer}/config${path}`, {
    cause: `'${plugin}' doesn't run on ${enumerate(without.map(route => context.name('route', route)))}, so nobody can pass by it there`,
    mend: `Add an entry of '${plugin}' to ${several ? 'these routes' : 'this route'}, ${several ? 'their service' : 'its service'} or all, or give ${several ? 'them policies of their own' : 'it a policy of its own'}.`,
    related: [context.place(context.heading(first), 'it doesn\'t run here')]
  })
}

function report (context: LintContext, pointer: string, finding: { cause: string, mend: string, related?: ReturnType<LintContext['place']>[] }): void {
  context.report(pointer, { rule: 'policy-plugin', severity: 'error', ...finding })
}
