import { REDACTED, type Redactor } from '../observability/redaction.ts'
import type { ProcessFacts } from './engine.ts'

type Upstreams = ProcessFacts['upstreams']

/** What a process tells of itself, without hosts that came from references. */
export function cutFacts (facts: ProcessFacts, redactor: Redactor): ProcessFacts {
  // in the process that shows them, names may never have been resolved
  for (const { name, host, port } of facts.upstreams.flatMap(({ targets }) => targets)) redactor.resolved(name.replace(/:\d+$/, ''), port, host)
  return {
    ...facts,
    upstreams: cutTargets(facts.upstreams, redactor),
    circuit_breakers: facts.circuit_breakers.map(breaker => ({ ...breaker, target: breaker.target === null ? null : redactor.authority(breaker.target) })),
    pools: facts.pools.map(pool => ({ ...pool, target: redactor.authority(pool.target) }))
  }
}

export function cutTargets (upstreams: Upstreams, redactor: Redactor): Upstreams {
  return upstreams.map(upstream => ({
    ...upstream,
    targets: upstream.targets.map(target => {
      const name = redactor.authority(target.name)
      // the address that a secret name led to says as much
      return { ...target, name, host: name === target.name ? redactor.host(target.host, target.port) : REDACTED }
    })
  }))
}
