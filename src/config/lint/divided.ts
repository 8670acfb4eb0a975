import type { LintContext } from './context.ts'

/** Limits that each worker process counts on its own. */
export function dividedLimits (context: LintContext): void {
  const { gateway: { workers }, plugins } = context.config
  if (workers === 1) return
  for (const entry of plugins) {
    if (!entry.enabled || context.plugins.registry.get(entry.name)?.dividedByWorkers?.(entry.config as never) !== true) continue
    context.warn(context.heading(entry), {
      rule: 'divided-limit',
      cause: `each of the ${workers === 'auto' ? '' : `${workers} `}worker processes counts on its own: a client on one connection gets that worker's share of a limit alone`,
      mend: 'Count where all workers see it, or run with `workers: 1`.'
    })
  }
}
