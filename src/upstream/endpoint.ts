import type { Target } from '../proxy/transport/transport.ts'
import type { Address } from './address.ts'
import type { BalancedTarget } from './balanced-target.ts'
import type { AddressHealth } from './address-health.ts'
import { hashText } from './balancer/hash.ts'

export interface EndpointOptions {
  /** IP address, without brackets. */
  readonly host: string
  readonly port: number
  /** As the file writes the target: the name that led to the address, or the address. */
  readonly name: string
  /** The name that an SRV record gave; null: none did. */
  readonly srvName: string | null
  /** 0: drained. */
  readonly weight: number
  /** Used while no other can be. */
  readonly failover: boolean
}

/** One address of an upstream, as one snapshot sees it. */
export class Endpoint {
  readonly host: string
  readonly port: number
  readonly name: string
  readonly srvName: string | null
  readonly failover: boolean
  weight: number
  readonly address: Address
  /** null: nobody checks it. */
  readonly health: AddressHealth | null
  /** Tells it from the others of its upstream, the same in every gateway. */
  readonly seed: number
  /** State of the smooth round-robin. */
  current = 0
  /** One for each service that uses the upstream, by its place. */
  readonly targets: BalancedTarget[] = []
  #wasDown = false

  constructor ({ host, port, name, srvName, weight, failover }: EndpointOptions, address: Address, health: AddressHealth | null) {
    this.host = host
    this.port = port
    this.name = name
    this.srvName = srvName
    this.failover = failover
    this.weight = weight
    this.address = address
    this.health = health
    this.seed = hashText(`${host}|${port}`)
  }

  /** Whether a new attempt may go there. One that comes back after it was down starts slowly again. */
  usable (now: number): boolean {
    if (this.health === null) return true
    const up = this.health.usable(now)
    if (up && this.#wasDown) this.address.since = now
    this.#wasDown = !up
    return up
  }

  isAmong (tried: readonly Target[]): boolean {
    for (const target of tried) if ((target as BalancedTarget).endpoint === this) return true
    return false
  }

  close (): void {
    for (const target of this.targets) target.release()
  }
}
