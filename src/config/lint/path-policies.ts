import { normalizePath } from '../../router/normalize.ts'
import type { LintContext } from './context.ts'

/** Literal paths that the policy of every listener and of their route refuses, or reads as another path. */
export function unreadablePaths (context: LintContext): void {
  const { gateway } = context.config
  for (const route of context.routes) {
    for (const path of route.paths ?? []) {
      if (path.startsWith('~') || !/[%;]/.test(path)) continue
      const readings = gateway.listen.map(listen => normalizePath(path, { ...gateway.path_policy, ...listen.path_policy, ...route.path_policy }))
      if (readings.includes(path)) continue
      const pointer = context.path(route, path)
      const [reading] = readings
      context.warn(pointer, {
        rule: 'path-policy',
        cause: reading === null || reading === undefined ? `the path policy refuses requests for ${context.quote(pointer, path, 'this path')}` : `the path policy reads requests for ${context.quote(pointer, path, 'this path')} as another path`,
        mend: reading === null || reading === undefined ? 'Give the route a `path_policy` that keeps it, or write another path.' : `Write ${context.quote(pointer, reading, 'the path that it is read as')}, or give the route a \`path_policy\` that keeps it.`
      })
    }
  }
}
