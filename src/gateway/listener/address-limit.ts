import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings } from '../../config/model.ts'
import { clientNetwork } from '../../limits/client-network.ts'
import { createTrust, type Trust } from '../intake/trust.ts'

/** A flood of connections has one line a minute. */
const QUIET = 60_000

/**
 * How many connections each client has open in this process, over all listeners, and who has too many.
 *
 * An address counts by itself, IPv6 by its /64. Peers in `trusted_ips` are proxies, which speak for many.
 */
export class AddressLimit {
  readonly #open = new Map<string, number>()
  readonly #log: FastifyBaseLogger
  readonly #workers: number
  #limit = 0
  #trust: Trust = createTrust([])
  #saidAt = -QUIET
  refused = 0

  /** @param options.workers processes that run the same file: each admits its share */
  constructor ({ log, workers }: { readonly log: FastifyBaseLogger, readonly workers: number }) {
    this.#log = log
    this.#workers = workers
  }

  /** Takes over the settings of a configuration. What is open stays. */
  apply ({ limits, trusted_ips: trusted }: Pick<GatewaySettings, 'limits' | 'trusted_ips'>): void {
    this.#limit = Math.ceil(limits.connections_per_address / this.#workers)
    this.#trust = createTrust(trusted)
  }

  /** Counts a connection until it is closed. @returns false: it is one too many, and has been closed */
  admit (socket: Socket): boolean {
    const address = socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '')
    // it has gone already
    if (address === undefined) return true
    const client = clientNetwork(address)
    const open = this.#open.get(client) ?? 0
    if (this.#limit !== 0 && open >= this.#limit && !this.#trust.has(address)) {
      this.#refuse(socket, client)
      return false
    }
    this.#open.set(client, open + 1)
    socket.once('close', () => {
      const left = (this.#open.get(client) as number) - 1
      if (left === 0) this.#open.delete(client)
      else this.#open.set(client, left)
    })
    return true
  }

  #refuse (socket: Socket, client: string): void {
    this.refused++
    socket.on('error', () => {})
    socket.destroy()
    const now = performance.now()
    if (now - this.#saidAt < QUIET) return
    this.#saidAt = now
    this.#log.warn({ client, limit: this.#limit, refused: this.refused }, 'a client has as many connections as it may (gateway.limits.connections_per_address): no more are taken from it')
  }
}
