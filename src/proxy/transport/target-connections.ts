import type { Outgoing, Receiver } from './flow.ts'

/** Connections to one target, of whatever version. */
export interface TargetConnections {
  readonly size: number
  readonly idle: number
  /**
   * Sends a request on one of them, which may have to be made.
   *
   * @throws Error `UND_ERR_INVALID_ARG` for a request that may not be sent: its receiver is told nothing
   */
  send (request: Outgoing, receiver: Receiver): void
  /** Closes each connection when its requests have ended. */
  close (): void
  /** Cuts all connections and their requests. */
  destroy (): Promise<void>
}
