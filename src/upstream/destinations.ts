import type { Config, Service } from '../config/model.ts'
import type { CircuitBreakerOptions } from '../config/entities/circuit-breaker.ts'
import { runAll } from '../gateway/run-all.ts'
import type { Transport } from '../proxy/transport/transport.ts'
import { upstreamTls } from '../tls/upstream-tls.ts'
import type { Breakers } from './breaker/breakers.ts'
import { guard } from './breaker/guard.ts'
import { BalancedDestination } from './balanced-destination.ts'
import type { Destination } from './destination.ts'
import { Memberships, type MembershipServices } from './memberships.ts'
import { ShiftedDestination } from './shifted-destination.ts'
import { SingleDestination } from './single-destination.ts'

/** What destinations share: it belongs to the process and outlives snapshots. */
export interface DestinationServices extends MembershipServices {
  readonly transport: Transport
  readonly breakers: Breakers
}

/** A circuit breaker of a plugin entry. */
export interface EntryBreaker {
  /** Of the entry, whatever its options are. */
  readonly identity: string
  /** Name or id of the entry's route; null: it is of more than one. */
  readonly route: string | null
  readonly options: CircuitBreakerOptions
}

/** The destinations of a snapshot: one for each service of its file, and those that entries put breakers before. */
export class Destinations {
  readonly #services: DestinationServices
  readonly #config: Config
  readonly #byService = new Map<string, Destination>()
  readonly #guarded = new Map<string, Destination>()
  readonly #all: Destination[] = []
  readonly #shiftedBy = new Map<Destination, Destination>()
  readonly #memberships: Memberships

  constructor (config: Config, services: DestinationServices) {
    this.#services = services
    this.#config = config
    this.#memberships = new Memberships(services)
  }

  /**
   * Makes them. Resolves when the names of targets are known, or nobody wants to wait for them any longer; where it fails,
   * `release` gives back what it had taken.
   */
  async open (): Promise<void> {
    this.#memberships.open(this.#config)
    for (const service of this.#config.services) this.#byService.set(service.id, this.#of(service))
    await this.#memberships.ready()
  }

  /** @param service id of a service of the file */
  of (service: string): Destination {
    return this.#byService.get(service) as Destination
  }

  /** The same behind the breakers of these entries; a global entry has one for each service. */
  behind (breakers: Iterable<EntryBreaker>, service: Service): Destination {
    let destination = this.of(service.id)
    let key = service.id
    for (const { identity, route, options } of breakers) {
      key = `${identity}|${key}`
      destination = this.#guarded.get(key) ?? this.#guard(destination, key, service, route, options)
      this.#guarded.set(key, destination)
    }
    return this.#shifted(destination)
  }

  /** Gives back what they hold; one that fails at that is logged, and keeps nothing else open. */
  async release (): Promise<void> {
    await runAll([
      ...this.#all.map(destination => () => destination.release()),
      ...this.#memberships.releases()
    ], this.#services.log)
  }

  #of (service: Service): Destination {
    const destination = this.#keep(this.#plain(service))
    return service.circuit_breaker === null ? destination : this.#guard(destination, service.id, service, null, service.circuit_breaker)
  }

  #plain (service: Service): Destination {
    const membership = this.#memberships.get(service.host)
    if (membership !== undefined) return new BalancedDestination(service, membership, this.#services.transport, service.protocol === 'https' ? upstreamTls(this.#config, service, membership.upstream) : null)
    return new SingleDestination(this.#services.transport, {
      protocol: service.protocol,
      host: service.host,
      port: service.port,
      tls: service.protocol === 'https' ? upstreamTls(this.#config, service, null) : null,
      http2: service.http2
    })
  }

  #guard (inner: Destination, key: string, service: Service, route: string | null, options: CircuitBreakerOptions): Destination {
    const { fallback_service: name } = options
    const { outside } = this.#services
    const fallback = name === undefined ? null : this.#config.services.find(one => one.id === name.toLowerCase() || one.name === name) ?? null
    return this.#keep(guard(inner, {
      breakers: this.#services.breakers,
      key,
      owner: { service: service.name ?? service.id, route },
      options,
      ...outside === undefined ? {} : { tick: () => performance.now() + outside.shift() },
      // a plugin's breaker may stand before the fallback, too
      fallback: fallback === service ? null : fallback
    }))
  }

  /** By the clock of a lab; what is there, lives by its own. */
  #shifted (destination: Destination): Destination {
    const { outside } = this.#services
    if (outside === undefined) return destination
    const known = this.#shiftedBy.get(destination) ?? new ShiftedDestination(destination, () => outside.shift())
    this.#shiftedBy.set(destination, known)
    return known
  }

  #keep (destination: Destination): Destination {
    this.#all.push(destination)
    return destination
  }
}
