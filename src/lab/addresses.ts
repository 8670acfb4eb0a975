import type { Config, Service, Upstream } from '../config/model.ts'
import type { IdentityProvider } from './identity/provider.ts'
import type { Clock } from '../testing/clock.ts'
import { LabNames } from './names.ts'
import { type Addressee, addressOf, type Standing, type Stub, Stubs } from './stubs.ts'
import type { StubCertificates } from './tls/stub-certificates.ts'

export interface AddressesOptions {
  readonly config: Config
  /** Answers wherever the gateway looks for a provider. */
  readonly provider: IdentityProvider
  readonly clock: Pick<Clock, 'now'>
  readonly certificates?: StubCertificates | undefined
}

const GOOD: Standing = { stub: () => ({}), refused: false, certificate: 'good' }

/** What stands at the addresses that a gateway reaches: stubs, a provider, nothing. */
export class Addresses {
  /** Stands for all of them. */
  readonly server: Stubs
  readonly #options: AddressesOptions
  readonly #byAddress = new Map<string, Standing>()
  #others: Standing = GOOD
  #authorisers: Standing | null = null

  constructor (options: AddressesOptions) {
    this.#options = options
    this.server = new Stubs({ names: new LabNames(), now: options.clock.now, find: to => this.#find(to), certificates: options.certificates })
  }

  /**
   * Says what stands at an address.
   *
   * @param address `host:port` as the file names it, for services, targets, authorisers and providers; null: all services without a stub of their own
   */
  stub (address: string | null, stub: Stub, how: Partial<Omit<Standing, 'stub'>> = {}): void {
    const standing = { ...GOOD, ...how, stub }
    if (address === null) this.#others = standing
    else this.#byAddress.set(address.toLowerCase(), standing)
    this.server.review()
  }

  /** Says what stands for each authoriser without a stub of its own: nothing does otherwise. */
  stubAuthorisers (stub: Stub): void {
    this.#authorisers = { ...GOOD, stub }
  }

  /** As it was at the beginning: every service answers 200 with nothing. */
  clear (): void {
    this.#byAddress.clear()
    this.#others = GOOD
    this.#authorisers = null
    this.server.review()
  }

  /** Takes a server away, or puts it back: its address refuses connections. */
  refuse (address: string, refused: boolean): void {
    const { stub, ...how } = this.#byAddress.get(address.toLowerCase()) ?? this.#others
    this.stub(address, stub, { ...how, refused })
  }

  #find (to: Addressee): Standing | null {
    const own = this.#byAddress.get(addressOf(to).toLowerCase())
    if (to.purpose === 'provider') return this.#provided(own ?? GOOD)
    return own ?? (to.purpose === 'upstream' ? this.#others : this.#authorisers)
  }

  /** Where a stub says nothing, the provider answers. */
  #provided ({ stub, ...how }: Standing): Standing {
    const { provider } = this.#options
    return {
      ...how,
      async stub (request) {
        const answer = await stub(request)
        return Object.keys(answer).length === 0 ? provider.answer(request) : answer
      }
    }
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
