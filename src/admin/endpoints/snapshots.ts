/** What ran, what was refused, and the way back. */
import { Failure, list } from '../api/schemas/common.ts'
import { ReloadOrder, ReloadResult, RollbackOrder, SnapshotView } from '../api/schemas/running.ts'
import type * as types from '../api/types.ts'
import { listOf, Refused, type Answer } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { hasErrors } from '../../config/diagnostics.ts'
import type { Attempt } from '../../gateway/control/history.ts'
import type { ReloadOutcome } from '../../gateway/control/reload.ts'
import type { AdminSource } from '../source.ts'

/** Of each attempt: a large file can have thousands, and who has the list open asks for it every few seconds. */
const MOST_DIAGNOSTICS = 50

export const snapshots: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/snapshots',
    access: 'read',
    tag: 'configuration',
    summary: 'The last ten configurations that were tried, newest first, those that were refused included.',
    answers: { 200: list(SnapshotView, 'Configurations.') },
    run: ({ source }) => listOf(source.history.attempts.map(attempt => view(attempt, source)))
  }),
  endpoint({
    method: 'POST',
    path: '/reload',
    access: body => (body as types.ReloadOrder | undefined)?.dry_run === true ? 'read' : 'write',
    tag: 'configuration',
    summary: 'Reads the file again. With dry_run it is checked, and nothing changes.',
    body: ReloadOrder,
    answers: { 200: ReloadResult, 409: ReloadResult },
    async run ({ source, body }) {
      const before = source.running().source.text
      if ((body as types.ReloadOrder).dry_run === true) return await dryRun(source, before)
      return outcome(source, await source.reload(), before, null)
    }
  }),
  endpoint({
    method: 'POST',
    path: '/rollback',
    access: 'write',
    tag: 'configuration',
    summary: 'Puts a snapshot back that ran before. The next change of the file takes its place.',
    body: RollbackOrder,
    answers: { 200: ReloadResult, 404: Failure, 409: ReloadResult },
    async run ({ source, body }) {
      const { snapshot } = body as types.RollbackOrder
      const before = source.running().source.text
      const done = await source.rollBack(snapshot)
      if (done === null) throw new Refused(404, unknownSnapshot(snapshot, source))
      return outcome(source, done, before, snapshot)
    }
  })
]

/** One that was is told from one that never was. */
export function unknownSnapshot (wanted: number, { number }: Pick<AdminSource, 'number'>): string {
  return wanted >= 1 && wanted <= number ? `Snapshot ${wanted} is not known any more: GET /snapshots lists those that are` : `There never was a snapshot ${wanted}: the newest is ${number}`
}

function outcome (source: AdminSource, { ok, took, error, diagnostics }: ReloadOutcome, before: string, of: number | null): Answer {
  const result: types.ReloadResult = { ok, dry_run: false, changed: source.running().source.text !== before, snapshot: ok ? source.number : null, of, took, error, diagnostics }
  return { status: ok ? 200 : 409, body: result }
}

async function dryRun (source: AdminSource, before: string): Promise<Answer> {
  const start = performance.now()
  const result = { dry_run: true, snapshot: null, of: null }
  try {
    const { diagnostics, text } = await source.check()
    const ok = !hasErrors(diagnostics)
    const error = ok ? null : 'the file has errors'
    return { status: ok ? 200 : 409, body: { ...result, ok, changed: text !== before, took: Math.round(performance.now() - start), error, diagnostics } }
  } catch (error) {
    return { status: 409, body: { ...result, ok: false, changed: false, took: Math.round(performance.now() - start), error: (error as Error).message, diagnostics: [] } }
  }
}

function view ({ id, snapshot, trigger, of, at, took, hash, diagnostics, error, counts }: Attempt, source: AdminSource): types.SnapshotView {
  return {
    id,
    snapshot,
    state: snapshot === null ? 'refused' : snapshot === source.number ? 'running' : 'replaced',
    at: new Date(at).toISOString(),
    trigger,
    of,
    hash: hash === null ? null : `sha256:${hash}`,
    took,
    error,
    diagnostics: diagnostics.slice(0, MOST_DIAGNOSTICS),
    errors: diagnostics.filter(({ severity }) => severity === 'error').length,
    warnings: diagnostics.filter(({ severity }) => severity !== 'error').length,
    services: counts?.services ?? null,
    routes: counts?.routes ?? null,
    plugins: counts?.plugins ?? null,
    consumers: counts?.consumers ?? null,
    can_roll_back: snapshot !== null && snapshot !== source.number && source.history.file(snapshot) !== undefined
  }
}
