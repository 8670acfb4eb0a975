import type { Credentials, PluginEntry, Route } from '../model.ts'
import { nearest } from '../nearest.ts'
import type { LintContext } from './context.ts'

/** Services that no route leads to. */
export function unusedServices (context: LintContext): void {
  const used = new Set(context.config.routes.map(route => route.service))
  const named = new Set([
    ...context.config.plugins.flatMap(entry => entry.enabled ? context.optionsThat(entry, 'service') : []),
    ...context.config.services.map(service => service.circuit_breaker?.fallback_service)
  ])
  for (const service of context.config.services) {
    if (used.has(service.id) || named.has(service.id) || named.has(service.name) || !service.enabled) continue
    context.warn(context.heading(service), {
      rule: 'service-without-route',
      cause: `no route leads to ${context.name('service', service)}: it never gets a request`,
      mend: 'Add a route to it, set `enabled: false`, or remove it.'
    })
  }
}

/** Consumers that nothing in the file speaks of. */
export function unusedConsumers (context: LintContext): void {
  const { consumers, credentials, plugins } = context.config
  const named = plugins.flatMap(entry => context.optionsThat(entry, 'consumer'))
  // the identity provider says who they are
  if (plugins.some(entry => context.optionsThat(entry, 'consumers').length > 0)) return
  const used = new Set([
    ...plugins.map(entry => entry.consumer),
    ...Object.values(credentials).flat().map(credential => credential.consumer),
    ...consumers.filter(({ id, username, groups }) => groups.length > 0 || named.includes(id) || named.includes(username)).map(({ id }) => id)
  ])
  for (const consumer of context.config.consumers) {
    if (used.has(consumer.id)) continue
    const key = ['username', 'custom_id'].find(field => context.source.has(`${consumer.pointer}/${field}`))
    const pointer = key === undefined ? consumer.pointer : `${consumer.pointer}/${key}`
    context.warn(pointer, {
      rule: 'unused-consumer',
      cause: `nothing in the file uses ${context.quote(pointer, consumer.username ?? consumer.custom_id ?? '', 'this consumer')}`,
      mend: 'Give it a credential or a plugin entry of its own, or remove it.'
    })
  }
}

/** Consumer groups without consumers, and those that nothing is different for. */
export function unusedGroups (context: LintContext): void {
  const { consumers, consumer_groups: groups, plugins } = context.config
  const members = new Set(consumers.flatMap(consumer => consumer.groups))
  const used = new Set(plugins.map(entry => entry.consumer_group))
  // a text says with one of its values that groups matter
  const matter = plugins.some(entry => context.optionsThat(entry, 'consumer-groups').some(value => typeof value !== 'string' || value === 'consumer-group'))
  const named = new Set(plugins.flatMap(entry => context.optionsThat(entry, 'consumer_group')))
  for (const group of groups) {
    if (members.has(group.id) && (matter || used.has(group.id) || named.has(group.id) || named.has(group.name))) continue
    const pointer = `${group.pointer}/name`
    context.warn(pointer, {
      rule: 'unused-group',
      cause: `${members.has(group.id) ? 'no plugin entry is for' : 'no consumer is in'} ${context.quote(pointer, group.name, 'this group')}`,
      mend: members.has(group.id) ? 'Give it a plugin entry, or remove it.' : 'Name its consumers, or remove it.'
    })
  }
}

/** Credentials that no plugin of the file reads. */
export function unusedCredentials (context: LintContext): void {
  const { credentials, plugins } = context.config
  const read = new Set(plugins.filter(entry => entry.enabled).map(entry => context.plugins.registry.get(entry.name)?.credentials))
  for (const [collection, list] of Object.entries(credentials) as Array<[keyof Credentials, ReadonlyArray<{ readonly pointer: string }>]>) {
    const first = list[0]
    if (first === undefined || read.has(collection)) continue
    const readers = [...context.plugins.registry.values()].filter(plugin => plugin.credentials === collection).map(plugin => plugin.name)
    context.warn(first.pointer, {
      rule: 'unused-credentials',
      cause: `no plugin of the file reads its '${collection}'`,
      mend: readers.length === 0 ? 'Remove them: no plugin knows them.' : `Add ${readers.join(' or ')} where they shall be asked for, or remove them.`
    })
  }
}

/** Limits of API keys that nothing counts. */
export function uncountedKeys (context: LintContext): void {
  const { registry } = context.plugins
  const entries = context.config.plugins.filter(entry => entry.enabled && registry.get(entry.name)?.limitsKeys === true)
  if (entries.length > 0) return unknownTiers(context, new Set(entries.flatMap(entry => [...registry.get(entry.name)?.keyTiers?.(entry.config as never) ?? []])))
  const counting = [...registry.values()].filter(plugin => plugin.limitsKeys === true).map(plugin => plugin.name)
  for (const key of context.config.credentials.keyauth_credentials) {
    if (key.rate_limit === null) continue
    context.warn(`${key.pointer}/rate_limit`, {
      rule: 'uncounted-limit',
      cause: 'no entry of the file counts the requests of a key: this limit has no effect',
      mend: `Add ${counting.join(' or ')} where the key is used.`
    }, 'key')
  }
}

/** Keys in tiers that no entry has. */
function unknownTiers (context: LintContext, tiers: ReadonlySet<string>): void {
  for (const key of context.config.credentials.keyauth_credentials) {
    const tier = key.rate_limit?.tier
    if (tier === undefined || tiers.has(tier)) continue
    const pointer = `${key.pointer}/rate_limit/tier`
    const guess = nearest(tier, tiers)
    context.report(pointer, {
      rule: 'unresolved-reference',
      cause: `no entry of the file has a tier ${context.quote(pointer, tier, 'of this name')}`,
      mend: guess === undefined ? `Add it to \`tiers\` of the entry that counts the key${tiers.size === 0 ? '' : `, or write one of ${[...tiers].join(', ')}`}.` : `Did you mean '${guess}'?`
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
    if (entry.service === null || entry.route !== null || (entry.consumer ?? entry.consumer_group) !== null || under.length === 0) continue
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

function scopeKey ({ name, service, route, consumer, consumer_group: group }: PluginEntry): string {
  return `${name} ${service} ${route} ${consumer ?? group}`
}

function report (context: LintContext, entry: PluginEntry, why: string, mend: string, other?: PluginEntry): void {
  context.warn(context.heading(entry), {
    rule: 'idle-plugin',
    cause: `this entry never runs: ${why}`,
    mend,
    related: other === undefined ? [] : [context.place(context.heading(other), 'one of the entries that win')]
  })
}
