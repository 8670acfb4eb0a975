import type { BoundAddress } from '../engine.ts'
import type { ReloadOutcome, ReloadTrigger } from './reload.ts'
import type { GatewayStatus } from './status.ts'

/** A running gateway. */
export interface Gateway {
  /** Opens the listeners; resolves when requests are served. @throws with everything closed again */
  listen (): Promise<void>
  /** Of the gateway itself, with the ports that the system chose. */
  readonly addresses: readonly BoundAddress[]
  /** Of the admin listener; null where there is none. */
  readonly adminAddress: BoundAddress | null
  /** Reads the file again. Never rejects: a file that can't run changes nothing, and the outcome says why. */
  reload (trigger?: ReloadTrigger): Promise<ReloadOutcome>
  status (): Promise<GatewayStatus>
  /** Has plugins open their log files again, after these were moved. */
  reopen (): Promise<void>
  /**
   * Stops in order: not ready, no new connections, at most `shutdown.timeout` for what runs.
   *
   * @param options.delayed waits `shutdown.delay` first, as a process behind a balancer should; default false
   * @returns whether every request ended by itself
   */
  close (options?: { readonly delayed?: boolean }): Promise<boolean>
}
