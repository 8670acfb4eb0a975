import type { Route } from '../config/model.ts'
import type { BrandedPlugin } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Lab } from './lab.ts'
import type { Outcome } from './outcome.ts'
import type { Trial } from './trial.ts'

/** `refused`: the plugin has ended a request, in whatever way. */
export type Verdict = 'allowed' | 'refused'

/** What tests have seen of one plugin on one route. */
export interface PluginCoverage {
  readonly plugin: string
  /** What it can do. */
  readonly wanted: ReadonlySet<Verdict>
  readonly seen: Set<Verdict>
}

/** What tests have seen of one route. */
export interface RouteCoverage {
  readonly route: string
  /** JSON pointer into the configuration. */
  readonly pointer: string
  requests: number
  /** Plugins that decide about requests. */
  readonly plugins: readonly PluginCoverage[]
}

export interface CoverageTotals {
  readonly routes: { readonly covered: number, readonly total: number }
  readonly outcomes: { readonly covered: number, readonly total: number }
  /** Of routes and outcomes together, from 0 to 100, rounded down. */
  readonly percent: number
}

/** What of a configuration its tests have reached: routes, and on each of them plugins that let a request pass and refused one. */
export class Coverage {
  readonly routes: readonly RouteCoverage[]
  readonly #byRoute = new Map<string, RouteCoverage>()

  constructor (lab: Lab, registry: PluginRegistry) {
    const off = new Set(lab.config.services.filter(({ enabled }) => !enabled).map(({ id }) => id))
    this.routes = lab.config.routes.filter(({ service }) => service === null || !off.has(service)).map(route => {
      const coverage = { route: route.name ?? route.id, pointer: route.pointer, requests: 0, plugins: deciding(lab, route, registry) }
      this.#byRoute.set(route.id, coverage)
      return coverage
    })
  }

  see ({ route }: Trial, outcomes: ReadonlyMap<string, Outcome>): void {
    const covered = route === null ? undefined : this.#byRoute.get(route.id)
    if (covered === undefined) return
    covered.requests++
    for (const one of covered.plugins) {
      const verdict = verdictOf(outcomes.get(one.plugin))
      if (verdict !== null && one.wanted.has(verdict)) one.seen.add(verdict)
    }
  }

  get totals (): CoverageTotals {
    const reached = this.routes.filter(({ requests }) => requests > 0).length
    const plugins = this.routes.flatMap(route => route.plugins)
    const seen = plugins.reduce((sum, plugin) => sum + plugin.seen.size, 0)
    const wanted = plugins.reduce((sum, plugin) => sum + plugin.wanted.size, 0)
    const all = this.routes.length + wanted
    return {
      routes: { covered: reached, total: this.routes.length },
      outcomes: { covered: seen, total: wanted },
      percent: all === 0 ? 100 : Math.floor((reached + seen) * 100 / all)
    }
  }
}

/** Plugins of a route that can let a request pass and can refuse one. */
function deciding (lab: Lab, route: Route, registry: PluginRegistry): PluginCoverage[] {
  const chain = lab.chainOf(route)
  // where a policy decides, what it decides about refuses nobody
  const policed = chain.some(({ name }) => registry.get(name)?.authentication === 'policy')
  return chain.flatMap(({ name, entries }) => {
    const definition = registry.get(name)
    if (definition === undefined || (policed && definition.authentication === 'method')) return []
    const wanted = new Set(entries.flatMap(({ config }) => [...attainable(definition, config)]))
    return wanted.size === 0 ? [] : [{ plugin: name, wanted, seen: new Set<Verdict>() }]
  })
}

const BOTH: readonly Verdict[] = ['allowed', 'refused']

function attainable (definition: BrandedPlugin, config: unknown): Iterable<Verdict> {
  if (definition.outcomes !== undefined) return definition.outcomes(config as never)
  if (definition.admitsAll?.(config as never) === true || (definition.authentication === 'method' && hasAnonymous(config))) return ['allowed']
  return definition.authentication !== undefined || definition.protects !== undefined ? BOTH : []
}

/** Who fails is somebody else then, and goes on. */
function hasAnonymous (config: unknown): boolean {
  const { anonymous } = config as { readonly anonymous?: string }
  return anonymous !== undefined && anonymous !== ''
}

function verdictOf (outcome: Outcome | undefined): Verdict | null {
  if (outcome === 'allowed') return outcome
  return outcome === undefined || outcome === 'skipped' || outcome === 'absent' ? null : 'refused'
}
