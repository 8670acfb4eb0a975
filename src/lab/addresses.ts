import type { Config, Service, Upstream } from '../config/model.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { LabNames } from './names.ts'
import { type Addressee, addressOf, type Stub, Stubs } from './stubs.ts'

export interface AddressesOptions {
  readonly config: Config
  /** Answers wherever the gateway looks for a provider. */
  readonly provider: IdentityProvider
}

const NOTHING: Stub = () => ({})

/** What stands at the addresses that a gateway reaches: stubs, a provider, nothing. */
export class Addresses {
  /** Stands for all of them. */
  readonly server: Stubs
  readonly #options: AddressesOptions
  readonly #byAddress = new Map<string, Stub>()
  #anyUpstream: Stub = NOTHING
  #othersRefused = false

  constructor (options: AddressesOptions) {
    this.#options = options
    this.server = new Stubs({ names: new LabNames(), find: to => this.#find(to) })
  }

  /**
   * Says what stands at an address.
   *
   * @param address `host:port` as the file names it, for services, targets and authorisers; null: all services without a stub of their own
   */
  stub (address: string | null, stub: Stub): void {
    if (address === null) {
      this.#anyUpstream = stub
      this.refuseOthers(false)
      return
    }
    this.refuse(address, false)
    this.#byAddress.set(address.toLowerCase(), stub)
  }

  /** As it was at the beginning: every service answers 200 with nothing. */
  clear (): void {
    for (const address of this.#byAddress.keys()) this.refuse(address, false)
    this.#byAddress.clear()
    this.refuseOthers(false)
    this.#anyUpstream = NOTHING
  }

  /** Takes a server away, or puts it back: its address refuses connections. */
  refuse (address: string, refused: boolean): void {
    this.server.refuse(address.toLowerCase(), refused)
  }

  /** Takes all servers without a stub of their own away, or puts them back. */
  refuseOthers (refused: boolean): void {
    if (refused === this.#othersRefused) return
    this.#othersRefused = refused
    const { config } = this.#options
    for (const address of config.services.flatMap(service => addressesOf(config, service))) {
      if (!this.#byAddress.has(address.toLowerCase())) this.refuse(address, refused)
    }
  }

  #find (to: Addressee): Stub | null {
    if (to.purpose === 'provider') return request => this.#options.provider.answer(request)
    const own = this.#byAddress.get(addressOf(to).toLowerCase())
    return own ?? (to.purpose === 'upstream' ? this.#anyUpstream : null)
  }
}

/** Where a service's requests go: its host, or the targets of its upstream. */
export function addressesOf (config: Config, service: Service): string[] {
  const upstream = config.upstreams.find(({ name }) => name === service.host)
  return upstream === undefined ? [addressOf(service)] : targetsOf(config, upstream)
}

export function targetsOf (config: Config, upstream: Upstream): string[] {
  return config.targets.filter(target => target.upstream === upstream.id).map(({ target }) => target)
}
