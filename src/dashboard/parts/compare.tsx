/** What two configurations differ in. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { ConfigView, SnapshotView } from '../../admin/api/types.ts'
import { withQuery } from '../lib/api.ts'
import { configDiff, type Change } from '../lib/config-diff.ts'
import { count, plural, time } from '../lib/format.ts'
import { narrow, usePlace } from '../lib/location.ts'
import { useResource } from '../lib/resource.ts'
import { Mark } from './marks.tsx'
import { Empty, Loaded } from './states.tsx'

/** Changes that are shown. */
const MOST = 500

export function Compare ({ snapshots }: { readonly snapshots: readonly SnapshotView[] }): JSX.Element {
  const known = snapshots.filter(each => each.snapshot !== null && (each.state === 'running' || each.can_roll_back))
  const { query } = usePlace()
  const running = String(known.find(each => each.state === 'running')?.snapshot ?? '')
  const before = query['a'] ?? String(known.filter(each => String(each.snapshot) !== running)[0]?.snapshot ?? '')
  const after = query['b'] ?? running
  const label = (each: SnapshotView): string => `${each.snapshot}, ${time(each.at)}${each.state === 'running' ? ', runs' : ''}`
  const choices = known.map(each => <option key={each.id} value={String(each.snapshot)}>{label(each)}</option>)
  if (known.length < 2) return <p class='faint'>Differences show here once there are two.</p>
  return (
    <details class='compare' open={query['a'] !== undefined || query['b'] !== undefined}>
      <summary>What differs between two</summary>
      <div class='fields'>
        <label>Before <select value={before} onChange={event => { narrow({ a: event.currentTarget.value }) }}>{choices}</select></label>
        <label>After <select value={after} onChange={event => { narrow({ b: event.currentTarget.value }) }}>{choices}</select></label>
      </div>
      <Differences before={before} after={after} />
    </details>
  )
}

/** @param most changes that are shown */
export function Differences ({ before, after, most = MOST }: { readonly before: string, readonly after: string, readonly most?: number }): JSX.Element {
  const old = useResource<ConfigView>(before === '' ? null : withQuery('/config', { snapshot: before }))
  const now = useResource<ConfigView>(after === '' ? null : withQuery('/config', { snapshot: after }))
  const changes = useMemo(() => old.data === undefined || now.data === undefined ? null : configDiff(old.data, now.data), [old.data, now.data])
  return (
    <Loaded of={old} what={`snapshot ${before}`}>{() => (
      <Loaded of={now} what={`snapshot ${after}`}>{() => changes === null || changes.length === 0
        ? <Empty title='They mean the same.' />
        : (
          <>
            <p role='status'>{plural(changes.length, 'change')} from {before} to {after}</p>
            <ul class='changes'>{changes.slice(0, most).map((change, i) => <li key={i}><ChangeLine change={change} /></li>)}{changes.length > most ? <li class='faint'>and {count(changes.length - most)} more</li> : null}</ul>
          </>
          )}
      </Loaded>
    )}
    </Loaded>
  )
}

function ChangeLine ({ change: { kind, what, field, before, after } }: { readonly change: Change }): JSX.Element {
  return (
    <>
      <Mark tone={kind === 'added' ? 'good' : kind === 'removed' ? 'bad' : 'warn'}>{kind}</Mark> <b>{what}</b>
      {field === '' ? null : <span class='mono'> {field}</span>}
      {kind === 'changed' ? <>: <code class='old'>{before}</code> → <code>{after}</code></> : null}
    </>
  )
}
