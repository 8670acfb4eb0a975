/** What was tried: what ran, what runs, what was refused, and the way back. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ReloadResult, SnapshotView } from '../../admin/api/types.ts'
import { count, duration, time } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { forget } from '../lib/resource.ts'
import { ApiError } from '../lib/api.ts'
import { Differences } from './compare.tsx'
import { Confirm } from './confirm.tsx'
import { Mark, type Tone } from './marks.tsx'
import { order, words } from './reload-box.tsx'

/** Routes whose differences are known in a moment. */
const QUICK = 2_000
/** Changes that are shown before they are made. */
const FEW = 6

const TONES: Readonly<Record<SnapshotView['state'], Tone>> = { running: 'good', replaced: 'quiet', refused: 'bad' }

export function History ({ snapshots }: { readonly snapshots: readonly SnapshotView[] }): JSX.Element {
  const [chosen, setChosen] = useState<number | null>(null)
  const [result, setResult] = useState<ReloadResult | null>(null)
  const running = snapshots.find(each => each.state === 'running')

  async function rollBack (): Promise<void> {
    const answer = await order('/rollback', { snapshot: chosen })
    if (!answer.ok) throw new ApiError(409, words(answer))
    setResult(answer)
    forget()
  }

  return (
    <>
      <div aria-live='polite' class='live'>{result === null ? null : <p class='note good'>{words(result)}</p>}</div>
      <div class='frame' role='region' aria-label='History' tabIndex={0}>
        <table class='lines'>
          <caption class='sr'>Configurations that were tried, newest first</caption>
          <thead><tr><th scope='col'>Snapshot</th><th scope='col'>State</th><th scope='col'>When</th><th scope='col' class='medium'>By</th><th scope='col' class='num medium'>Took</th><th scope='col' class='num wide'>Routes</th><th scope='col' class='num wide'>Plugins</th><th scope='col' class='grow wide'>File</th><th scope='col'><span class='sr'>Actions</span></th></tr></thead>
          <tbody>
            {snapshots.map(each => (
              <tr key={each.id}>
                <th scope='row' class='num'>{each.snapshot === null ? <span class='faint'>none</span> : <a href={href(['config'], { snapshot: String(each.snapshot) })}>{each.snapshot}</a>}</th>
                <td><Mark tone={TONES[each.state]} {...(each.error === null ? {} : { title: each.error })}>{each.state}</Mark></td>
                <td class='num'>{time(each.at)}</td>
                <td class='medium'>{each.trigger}{each.of === null ? '' : ` to ${each.of}`}</td>
                <td class='num medium'>{duration(each.took)}</td>
                <td class='num wide'>{each.routes === null ? '–' : count(each.routes)}</td>
                <td class='num wide'>{each.plugins === null ? '–' : count(each.plugins)}</td>
                <td class='grow wide mono faint' title={each.hash ?? ''}>{each.error ?? each.hash?.slice(7, 19)}</td>
                <td>{each.can_roll_back && each.snapshot !== null ? <button type='button' class='small' onClick={() => { setChosen(each.snapshot) }}>Roll back…<span class='sr'> to snapshot {each.snapshot}</span></button> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen === null
        ? null
        : (
          <Confirm title={`Roll back to snapshot ${chosen}?`} action='Roll back' onConfirm={rollBack} onClose={() => { setChosen(null) }}>
            <p>Snapshot {chosen} runs again, as it was resolved then. The file is not touched: its next change takes over again.</p>
            {running === undefined || running.snapshot === null || (running.routes ?? 0) > QUICK ? null : <Differences before={String(running.snapshot)} after={String(chosen)} most={FEW} />}
            <p><a href={href(['config'], { a: String(running?.snapshot ?? ''), b: String(chosen) })} onClick={() => { setChosen(null) }}>{running === undefined || (running.routes ?? 0) > QUICK ? 'What would change' : 'All that would change'}</a></p>
          </Confirm>
          )}
    </>
  )
}
