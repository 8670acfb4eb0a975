import type { Config, Service } from '../config/model.ts'
import type { Transport } from '../proxy/transport.ts'
import type { Destination } from './destination.ts'
import { SingleDestination } from './single-destination.ts'

/** The destinations of a snapshot: one for each service of its file. */
export class Destinations {
  readonly #byService: ReadonlyMap<string, Destination>

  constructor (config: Config, transport: Transport) {
    this.#byService = new Map(config.services.map(service => [service.id, destinationOf(service, transport)]))
  }

  /** @param service id of a service of the file */
  of (service: string): Destination {
    return this.#byService.get(service) as Destination
  }

  /** Gives back what they hold. */
  release (): void {
    for (const destination of this.#byService.values()) destination.release()
  }
}

function destinationOf (service: Service, transport: Transport): Destination {
  return new SingleDestination(transport, {
    protocol: service.protocol,
    host: service.host,
    port: service.port,
    connectTimeout: service.connect_timeout,
    verify: service.tls_verify
  })
}
