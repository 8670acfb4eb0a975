import type { Upstream } from '../../config/model.ts'
import type { Balancer } from './balancer.ts'
import { ConsistentHashing } from './consistent-hashing.ts'
import { hashInput } from './hash-input.ts'
import { Latency } from './latency.ts'
import { LeastConnections } from './least-connections.ts'
import { RoundRobin } from './round-robin.ts'
import { StickySessions } from './sticky-sessions.ts'

/** @param random from 0 to 1, as Math.random gives it */
export function createBalancer (upstream: Upstream, random: () => number = Math.random): Balancer {
  const { slow_start: slowStart } = upstream
  switch (upstream.algorithm) {
    case 'round-robin': return new RoundRobin(slowStart, random)
    case 'least-connections': return new LeastConnections(slowStart, random)
    case 'latency': return new Latency(slowStart, random)
    case 'consistent-hashing': return new ConsistentHashing(hashInput(upstream), new RoundRobin(0, random))
    case 'sticky-sessions': return new StickySessions(upstream.name, upstream.sticky_sessions_cookie as string, upstream.sticky_sessions_cookie_path, new RoundRobin(slowStart, random))
  }
}
