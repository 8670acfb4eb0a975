import type { Endpoint } from '../endpoint.ts'
import { createViews } from '../views/views-of.ts'
import { configEndpoints } from './config.ts'
import { dashboardEndpoints } from './dashboard.ts'
import { entityEndpoints } from './entities.ts'
import { explainEndpoints } from './explain.ts'
import { limitEndpoints } from './limits.ts'
import { metaEndpoints } from './meta.ts'
import { probes } from './probes.ts'
import { snapshots } from './snapshots.ts'
import { traffic } from './traffic.ts'
import { upstreamEndpoints } from './upstreams.ts'

/** Everything that can be asked for, but for what plugins add. */
export function allEndpoints (): readonly Endpoint[] {
  const viewsOf = createViews()
  const endpoints = [
    ...probes, ...entityEndpoints(viewsOf), ...upstreamEndpoints(viewsOf), ...configEndpoints(), ...snapshots,
    ...limitEndpoints(viewsOf), ...traffic, ...explainEndpoints(), ...dashboardEndpoints()
  ]
  return [...endpoints, ...metaEndpoints(endpoints)]
}
