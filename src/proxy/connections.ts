import type { Client } from 'undici'

/**
 * Connections to one target, each for one request at a time.
 *
 * undici's `Pool` looks through all its clients for each request, twice, and tells the world about each that has become
 * free; a stack of idle ones does neither and costs 3 µs less a request. Each client is told that it may pipeline, and
 * never gets to: so it goes on at once instead of a turn of the event loop later. That turn is taken here, for all
 * clients that became free in it: bytes that an upstream sent beyond its answer are seen before the next request goes
 * out, and cut the connection.
 */
export class Connections {
  readonly #open: () => Client
  readonly #all = new Set<Client>()
  readonly #idle: Client[] = []
  readonly #returned: Client[] = []
  #closing = false

  // one function for the life of the pool: a request makes none
  readonly #takeBack = (): void => {
    for (const client of this.#returned) {
      if (this.#closing) this.#discard(client)
      else this.#idle.push(client)
    }
    this.#returned.length = 0
  }

  /** @param open makes a client: `pipelining` 2, and its connection is made when the first request comes */
  constructor (open: () => Client) {
    this.#open = open
  }

  /** A client for one request: give it back when that has ended, well or not. The last one that became idle comes first. */
  take (): Client {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    const client = this.#open()
    this.#all.add(client)
    return client
  }

  give (client: Client): void {
    this.#returned.push(client)
    if (this.#returned.length === 1) setImmediate(this.#takeBack)
  }

  /** Closes each connection when its request has ended. */
  close (): void {
    this.#closing = true
    for (const client of this.#idle.splice(0)) this.#discard(client)
  }

  /** Cuts all connections and their requests. */
  async destroy (): Promise<void> {
    this.#closing = true
    this.#idle.length = 0
    await Promise.all([...this.#all].map(client => client.destroy()))
    this.#all.clear()
  }

  #discard (client: Client): void {
    this.#all.delete(client)
    client.close().catch(() => {})
  }
}
