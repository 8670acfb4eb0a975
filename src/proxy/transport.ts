import { buildConnector, Client } from 'undici'
import { clientOptions, type UpstreamTls } from '../tls/upstream-tls.ts'
import { calmSockets } from './calm-socket.ts'
import { failOnWrongName } from './certificate-name.ts'
import { Connections, type ClientLease, type TargetConnections } from './connections.ts'
import { Http2Connections } from './http2/connections.ts'
import { tolerateContinue } from './interim.ts'
import { knowFields, OWN_NAMES } from './known-fields.ts'
import { letEndWait } from './late-end.ts'
import { failOnReset } from './resets.ts'
import { Turn } from './turn.ts'

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

/** Idle connections are closed a little before common servers' own limits (Node 5 s, others 60 s and more) would. */
const IDLE = 4_000
const IDLE_MAXIMUM = 60_000

knowFields(OWN_NAMES)

/**
 * Connections to upstreams. They belong to the process and outlive snapshots: a reload asks for the same targets again
 * and finds the connections open; what no snapshot uses any more is closed once its requests have ended.
 */
export class Transport {
  readonly #held = new Map<string, Held>()
  /** When to send: shared by all targets. */
  readonly turn = new Turn()
  readonly #connector: buildConnector.connector | undefined

  /** @param connector makes all connections; default: Node's, with the options of the target */
  constructor (connector?: buildConnector.connector) {
    this.#connector = connector
  }

  /** The target with these options; give it back with `release`. */
  acquire (options: TargetOptions): Target {
    const key = `${options.protocol}|${options.host}|${options.port}|${options.tls?.id ?? ''}|${options.name ?? ''}|${options.http2 === true}`
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { target: open(options, this.#connector), users: 0 }
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

function open (options: TargetOptions, given: buildConnector.connector | undefined): Target {
  const { protocol, host, port } = options
  // a service has its brackets, an address of a target has none
  const origin = `${protocol}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
  const secure = options.tls === null ? {} : clientOptions(options.tls)
  // a handful: connect_timeout of the services and entries that send their requests here
  const connectors = new Map<number, buildConnector.connector>()
  function connectorOf (timeout: number): buildConnector.connector {
    let connector = connectors.get(timeout)
    if (connector === undefined) {
      connector = calmSockets(failOnReset(letEndWait(tolerateContinue(failOnWrongName(given ?? buildConnector({
        timeout,
        ...secure,
        // Node tries all addresses of a name in turn, so that a dead IPv6 route does not cost the connect timeout
        autoSelectFamily: true
      }))))))
      connectors.set(timeout, connector)
    }
    return connector
  }
  const connections = new Connections(() => {
    const lease: ClientLease = {
      connectTimeout: 0,
      client: new Client(origin, {
        connect: (connectOptions, callback) => connectorOf(lease.connectTimeout)(connectOptions, callback),
        // see Connections: never more than one
        pipelining: 2,
        allowH2: false,
        keepAliveTimeout: IDLE,
        keepAliveMaxTimeout: IDLE_MAXIMUM,
        // decided per request from its read_timeout
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: 65_536
      })
    }
    return lease
  })
  const http2 = options.http2 === true ? new Http2Connections({ origin, host, port, secure: options.tls === null ? null : clientOptions(options.tls), tunnels: connections }) : null
  return { protocol, host, port, origin, connections: http2 ?? connections, hostHeader: null }
}
