import type { RawEntity } from '../collect.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Resolved } from '../resolve/resolve.ts'
import type { Source } from '../source.ts'

/** Services that stand in for one whose circuit breaker is open must be there, be on, and be another one. */
export function checkFallbacks (entities: readonly RawEntity[], { resolved, source, report }: { resolved: Resolved, source: Source, report: Report }): void {
  for (const { kind, id, fields, pointer } of entities) {
    if (kind !== 'service' || typeof fields !== 'object' || fields === null) continue
    const breaker = fields['circuit_breaker'] as { fallback_service?: unknown } | undefined
    const name = breaker?.fallback_service
    if (typeof name !== 'string') continue
    const at = join(join(pointer, 'circuit_breaker'), 'fallback_service')
    const found = resolved.index.resolve(name, 'service', at)
    if (found === null) continue
    if (found.id === id) {
      report.at(source, at, { rule: 'circuit-breaker', cause: 'a service can\'t stand in for itself', mend: 'Name another one, or remove `fallback_service`.' })
    } else if (found.fields['enabled'] === false) {
      report.at(source, at, { rule: 'circuit-breaker', cause: `service '${name}' is off (\`enabled: false\`)`, mend: 'Switch it on, or name another one.' })
    }
  }
}
