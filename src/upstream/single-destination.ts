import type { Target, TargetOptions, Transport } from '../proxy/transport/transport.ts'
import type { Turn } from '../proxy/turn.ts'
import type { Destination } from './destination.ts'

/** A service that names its one host. */
export class SingleDestination implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  readonly #target: Target
  readonly #transport: Transport

  constructor (transport: Transport, options: TargetOptions) {
    this.#transport = transport
    this.#target = transport.acquire(options)
    this.protocol = options.protocol
    this.host = options.host
    this.port = options.port
    this.turn = transport.turn
  }

  admit (): void {}

  pick (): Target {
    return this.#target
  }

  begin (): void {}

  head (): void {}

  end (): void {}

  release (): void {
    this.#transport.release(this.#target)
  }
}
