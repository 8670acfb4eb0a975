import type { Socket } from 'node:net'
import { clientOptions, type UpstreamTls } from '../../tls/upstream-tls.ts'
import type { Outside } from '../../gateway/outside.ts'
import { Http1Connections } from './http1/connections.ts'
import { Http2Connections } from './http2/connections.ts'
import type { TargetConnections } from './target-connections.ts'
import { Turn } from '../turn.ts'

/** Where an attempt goes. */
export interface Target {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** `http://host:port`, IPv6 in brackets. */
  readonly origin: string
  readonly connections: TargetConnections
  /** Host field of requests to it; null: that of the service. */
  readonly hostHeader: string | null
}

export interface TargetOptions {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** null: plain http. */
  readonly tls: UpstreamTls | null
  /** HTTP/2 is spoken there, without TLS as well. */
  readonly http2?: boolean
  /** Connections that were made under one name are not used under another. */
  readonly name?: string
}

/** Connections to one target in this process. */
export interface PoolFacts {
  readonly target: string
  readonly busy: number
  readonly idle: number
}

interface Held {
  readonly target: Target
  users: number
}

/**
 * Connections to upstreams. They belong to the process and outlive snapshots: a reload asks for the same targets again
 * and finds the connections open; what no snapshot uses any more is closed once its requests have ended.
 */
export class Transport {
  readonly #held = new Map<string, Held>()
  /** When to send: shared by all targets. */
  readonly turn = new Turn()
  readonly #outside: Pick<Outside, 'dial' | 'trusts'> | undefined

  /** @param outside makes all connections; default: Node */
  constructor (outside?: Pick<Outside, 'dial' | 'trusts'>) {
    this.#outside = outside
  }

  /** The target with these options; give it back with `release`. */
  acquire (options: TargetOptions): Target {
    const key = `${options.protocol}|${options.host}|${options.port}|${options.tls?.id ?? ''}|${options.name ?? ''}|${options.http2 === true}`
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { target: open(options, this.#outside), users: 0 }
      this.#held.set(key, held)
    }
    held.users++
    return held.target
  }

  release (target: Target): void {
    for (const [key, held] of this.#held) {
      if (held.target !== target) continue
      if (--held.users === 0) {
        this.#held.delete(key)
        target.connections.close()
      }
      return
    }
  }

  facts (): PoolFacts[] {
    return [...this.#held.values()].map(({ target: { origin, connections: { size, idle } } }) => ({ target: origin, busy: size - idle, idle }))
  }

  async close (): Promise<void> {
    const targets = [...this.#held.values()].map(held => held.target)
    this.#held.clear()
    await Promise.all(targets.map(target => target.connections.destroy()))
  }
}

function open ({ protocol, host, port, tls, http2 }: TargetOptions, outside: Pick<Outside, 'dial' | 'trusts'> | undefined): Target {
  // a service has its brackets, an address of a target has none
  const bare = host.replace(/^\[|\]$/g, '')
  const origin = `${protocol}://${bare.includes(':') ? `[${bare}]` : bare}:${port}`
  const secure = tls === null ? null : clientOptions(outside?.trusts(tls) ?? tls)
  const dial = outside === undefined ? undefined : (clear2: boolean): Socket => outside.dial('upstream', { protocol, host: bare, port, http2: clear2 })
  const connections = new Http1Connections({ host: bare, port, secure, dial: dial === undefined ? undefined : () => dial(false) })
  return {
    protocol,
    host,
    port,
    origin,
    connections: http2 === true ? new Http2Connections({ origin, host: bare, port, secure, tunnels: connections, dial: dial === undefined ? undefined : () => dial(true) }) : connections,
    hostHeader: null
  }
}
