/** What somebody has used of a limit, and the way to begin anew. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { LimitCount, LimitReset, LimitView } from '../../admin/api/types.ts'
import { post, type ApiError } from '../lib/api.ts'
import { count, duration, plural } from '../lib/format.ts'
import { where } from '../lib/limit-place.ts'
import { narrow, usePlace } from '../lib/location.ts'
import { refresh } from '../lib/resource.ts'
import { Confirm } from './confirm.tsx'
import { Failure } from './states.tsx'

const EXAMPLES: Readonly<Record<string, string>> = { ip: 'ip:203.0.113.7', consumer: 'consumer:alice', credential: 'credential:…', header: 'header:…', path: 'path:/orders', service: 'service:orders' }

export function LookUp ({ limits }: { readonly limits: readonly LimitView[] }): JSX.Element {
  const { query } = usePlace()
  const entry = limits.find(each => each.entry === query['entry']) ?? limits[0] as LimitView
  const [found, setFound] = useState<LimitCount | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const [done, setDone] = useState('')
  const identifier = query['identifier'] ?? ''

  async function lookUp (): Promise<void> {
    setError(null)
    setDone('')
    try {
      setFound(await post<LimitCount>('/limits/look-up', { entry: entry.entry, identifier }))
    } catch (failure) {
      setFound(null)
      setError((failure as ApiError).message)
    }
  }

  async function reset (): Promise<void> {
    const { reset: thrown } = await post<LimitReset>('/limits/reset', { entry: entry.entry, identifier: found?.identifier ?? identifier })
    await lookUp()
    setDone(`${plural(thrown, 'counter')} thrown away: the limit begins anew.`)
    refresh()
  }

  return (
    <section>
      <h2>Look up a count</h2>
      <form class='fields' onSubmit={event => { event.preventDefault(); lookUp().catch(() => {}) }}>
        <label>Entry <select value={entry.entry} onChange={event => { narrow({ entry: event.currentTarget.value }); setFound(null) }}>{limits.map(each => <option key={each.entry} value={each.entry}>{each.instance_name ?? each.plugin}, {where(each)}</option>)}</select></label>
        <label class='grow'>Whose count <input type='text' required spellcheck={false} autoComplete='off' value={identifier} placeholder={EXAMPLES[entry.limit_by ?? ''] ?? 'ip:203.0.113.7'} onInput={event => { narrow({ identifier: event.currentTarget.value }); setFound(null) }} /></label>
        <button type='submit' class='primary'>Look up</button>
      </form>
      <div aria-live='polite' class='live'>
        {error === null ? null : <Failure message={error} />}
        {found === null ? null : <Count found={found} onReset={() => { setAsking(true) }} />}
        {done === '' ? null : <p class='note good'>{done}</p>}
      </div>
      {asking && found !== null
        ? (
          <Confirm title='Reset this count?' action='Reset the count' onConfirm={reset} onClose={() => { setAsking(false) }}>
            <p><code>{found.identifier}</code> gets the whole limit of <b>{entry.instance_name ?? entry.plugin}</b> ({where(entry)}) again, at once.</p>
          </Confirm>
          )
        : null}
    </section>
  )
}

function Count ({ found, onReset }: { readonly found: LimitCount, readonly onReset: () => void }): JSX.Element {
  return (
    <>
      <div class='frame' role='region' aria-label='Windows' tabIndex={0}>
        <table class='lines'>
          <caption class='sr'>What {found.identifier} has used</caption>
          <thead><tr><th scope='col' class='grow'>Window</th><th scope='col' class='num'>Used</th><th scope='col' class='num'>Limit</th><th scope='col' class='num'>Left</th><th scope='col' class='num'>Anew in</th></tr></thead>
          <tbody>{found.windows.map((window, i) => <tr key={i}><th scope='row' class='grow'>{window.name === null ? '' : `${window.name}, `}{window.period}</th><td class='num'>{count(window.used)}</td><td class='num'>{count(window.limit)}</td><td class={`num ${window.remaining <= 0 ? 'bad' : ''}`}>{count(window.remaining)}</td><td class='num'>{duration(window.reset)}</td></tr>)}</tbody>
        </table>
      </div>
      <button type='button' onClick={onReset}>Reset…</button>
    </>
  )
}
