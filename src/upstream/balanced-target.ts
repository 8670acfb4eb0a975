import type { TargetConnections } from '../proxy/transport/target-connections.ts'
import type { Target, TargetOptions, Transport } from '../proxy/transport/transport.ts'
import type { Endpoint } from './endpoint.ts'

/** An endpoint as one service reaches it. The connections may be shared with others that reach it in the same way. */
export class BalancedTarget implements Target {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly origin: string
  readonly connections: TargetConnections
  readonly hostHeader: string
  readonly endpoint: Endpoint
  readonly #held: Target
  readonly #transport: Transport

  constructor (transport: Transport, options: TargetOptions, hostHeader: string, endpoint: Endpoint) {
    const held = transport.acquire(options)
    this.protocol = held.protocol
    this.host = held.host
    this.port = held.port
    this.origin = held.origin
    this.connections = held.connections
    this.hostHeader = hostHeader
    this.endpoint = endpoint
    this.#held = held
    this.#transport = transport
  }

  release (): void {
    this.#transport.release(this.#held)
  }
}
