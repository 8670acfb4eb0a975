import type { Config, Importance, Route } from '../../config/model.ts'

const ORDER: readonly Importance[] = ['low', 'normal', 'high']

/**
 * Which routes go first when load is shed: 0 is the first. Only what the file uses has a rank, so that nothing is waited
 * for that isn't there.
 */
export interface Ranks {
  /** Different ranks; at least 1. */
  readonly count: number
  of (route: Route): number
}

export function ranksOf ({ routes, services }: Pick<Config, 'routes' | 'services'>): Ranks {
  const byService = new Map(services.map(service => [service.id, service.importance]))
  const importanceOf = (route: Route): Importance => route.importance ?? (route.service === null ? undefined : byService.get(route.service)) ?? 'normal'
  const used = new Set(routes.map(importanceOf))
  const ranks = ORDER.filter(importance => used.has(importance))
  return { count: Math.max(1, ranks.length), of: route => ranks.indexOf(importanceOf(route)) }
}
