import { createBreath } from '../breath.ts'
import type { Copy } from '../proxy/copy.ts'
import { Transport } from '../proxy/transport/transport.ts'
import { Breakers } from '../upstream/breaker/breakers.ts'
import { HealthChecks } from '../upstream/health/health-checks.ts'
import type { GatewayServerOptions } from './gateway-server.ts'
import { KeptState } from './keep.ts'
import { Overload } from './overload/overload.ts'
import { measureProcess } from './overload/vitals.ts'
import type { SnapshotServices } from './snapshot-services.ts'

/** What outlives snapshots. */
export class Shared {
  readonly services: Pick<SnapshotServices, 'transport' | 'breakers' | 'health' | 'kept' | 'overload' | 'copies' | 'breath'>
  /** There are requests that want their turn. */
  serving = false

  constructor ({ log, outside, measure = measureProcess }: Pick<GatewayServerOptions, 'log' | 'outside' | 'measure'>) {
    const breath = createBreath()
    this.services = {
      transport: new Transport(outside),
      breakers: new Breakers(log),
      health: new HealthChecks(log, outside),
      kept: new KeptState(),
      copies: new Set<Copy>(),
      overload: new Overload({ log, measure }),
      breath: async () => { if (this.serving) await breath() }
    }
  }
}
