import { authenticates, guardOf } from './guards.ts'
import type { LintContext } from './context.ts'

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Routes that let anybody write, in files that authenticate elsewhere: forgotten, or meant and not said. A file without
 * any authentication has it somewhere else.
 */
export function openWrites (context: LintContext): void {
  const { registry } = context.plugins
  if (!authenticates(context.config.plugins, registry)) return
  const policies = [...registry.values()].filter(plugin => plugin.authentication === 'policy' && plugin.admitsAll !== undefined).map(plugin => plugin.name)
  const said = policies.length === 0 ? '' : `, or say that it is meant, with \`${policies[0]}\``
  for (const route of context.routes) {
    if (route.service === null || guardOf(context.chainOf(route), registry) !== 'none') continue
    const writes = route.methods?.filter(method => WRITES.has(method)) ?? null
    if (writes?.length === 0) continue
    context.warn(context.heading(route), {
      rule: 'write-without-auth',
      cause: `${context.name('route', route)} takes ${writes === null ? 'all methods' : writes.join(', ')} from anybody: no authentication plugin runs on it`,
      mend: `${writes === null ? 'Limit `methods` to those that only read' : 'Remove these methods'}, add an authentication plugin${said}.`
    })
  }
}
