import type { Change, Risk } from '../change.ts'
import type { Plan } from '../plan.ts'

/** What `--format json` prints. */
export interface JsonPlan {
  readonly version: 1
  readonly old: string
  readonly new: string
  readonly counts: Readonly<Record<Risk, number>>
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
}

export function jsonReport ({ old, next, counts, changes, notes }: Plan): string {
  const report: JsonPlan = { version: 1, old, new: next, counts, changes, notes }
  return `${JSON.stringify(report, null, 2)}\n`
}
