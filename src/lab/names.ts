import type { NameServer } from '../upstream/dns/name-server.ts'

/** Seconds: for longer than any test. */
const TTL = 86_400

/** The network for tests of devices (RFC 2544): nobody lives there. */
const NETWORK = '198.18'

/** A name server that knows every name: each gets an address of its own, in the order in which they are asked for. */
export class LabNames implements NameServer {
  readonly #addresses = new Map<string, string>()
  readonly #names = new Map<string, string>()

  /** The name that an address was given for; the address itself where it was given for none. */
  nameOf (address: string): string {
    return this.#names.get(address) ?? address
  }

  async a (name: string): Promise<Array<{ address: string, ttl: number }>> {
    return [{ address: this.#addressOf(name), ttl: TTL }]
  }

  async aaaa (): Promise<[]> {
    return []
  }

  async srv (): Promise<[]> {
    return []
  }

  async local (name: string): Promise<Array<{ address: string, ttl: number }>> {
    return await this.a(name)
  }

  close (): void {}

  #addressOf (name: string): string {
    let address = this.#addresses.get(name)
    if (address === undefined) {
      const number = this.#addresses.size + 1
      address = `${NETWORK}.${number >> 8}.${number & 255}`
      this.#addresses.set(name, address)
      this.#names.set(address, name)
    }
    return address
  }
}
