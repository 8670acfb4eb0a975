import type { LintContext } from './context.ts'

/** `importance` where the gateway is never overloaded. */
export function unusedImportance (context: LintContext): void {
  const { config: { gateway: { overload }, services, routes }, source } = context
  if (overload.event_loop_delay > 0 || overload.heap_used > 0 || overload.rss > 0 || overload.in_flight > 0) return
  for (const entity of [...services, ...routes]) {
    const pointer = `${entity.pointer}/importance`
    if (!source.has(pointer)) continue
    context.warn(pointer, {
      rule: 'unused-importance',
      cause: 'nothing is ever refused for its importance: `gateway.overload` has no limit',
      mend: 'Set a limit in `gateway.overload`, or remove `importance`.'
    }, 'key')
    // one setting mends them all
    return
  }
}
