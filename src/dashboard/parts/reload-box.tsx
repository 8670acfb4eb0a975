/** Has the file checked, and taken over. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ReloadResult } from '../../admin/api/types.ts'
import { ApiError, post } from '../lib/api.ts'
import { duration, plural } from '../lib/format.ts'
import { forget } from '../lib/resource.ts'
import { Confirm } from './confirm.tsx'
import { Findings } from './source.tsx'
import { Failure } from './states.tsx'

/** A refusal is an answer too. */
export async function order (path: string, body: unknown): Promise<ReloadResult> {
  try {
    return await post<ReloadResult>(path, body)
  } catch (error) {
    if (error instanceof ApiError && error.status === 409 && typeof (error.body as Partial<ReloadResult> | null)?.ok === 'boolean') return error.body as ReloadResult
    throw error
  }
}

export function ReloadBox (): JSX.Element {
  const [result, setResult] = useState<ReloadResult | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(false)

  async function check (): Promise<void> {
    setBusy(true)
    setError(null)
    try {
      setResult(await order('/reload', { dry_run: true }))
    } catch (failure) {
      setError((failure as ApiError).message)
    }
    setBusy(false)
  }

  async function reload (): Promise<void> {
    setResult(await order('/reload', {}))
    forget()
  }

  return (
    <section aria-label='Reload'>
      <div class='row'>
        <button type='button' disabled={busy} onClick={() => { check().catch(() => {}) }}>Check the file</button>
        <button type='button' onClick={() => { setAsking(true) }}>Reload…</button>
        <p class='faint'>A check changes nothing. A saved file is taken over by itself where it is watched.</p>
      </div>
      <div aria-live='polite' class='live'>
        {error === null ? null : <Failure message={error} />}
        {result === null ? null : <Result result={result} />}
      </div>
      {asking
        ? (
          <Confirm title='Reload the file?' action='Reload the file' onConfirm={reload} onClose={() => { setAsking(false) }}>
            <p>The file is read and checked, and takes over as a whole where nothing is wrong with it. Running requests finish on the configuration they began with.</p>
          </Confirm>
          )
        : null}
    </section>
  )
}

function Result ({ result }: { readonly result: ReloadResult }): JSX.Element {
  return (
    <>
      <p class={`note ${result.ok ? 'good' : 'bad'}`}>{words(result)}</p>
      <Findings findings={result.diagnostics} />
    </>
  )
}

export function words (result: ReloadResult): string {
  const { ok, dry_run: dry, changed, snapshot, of, took, error, diagnostics } = result
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const found = diagnostics.length === 0 ? '' : ` ${plural(diagnostics.length, errors > 0 ? 'finding' : 'warning')}:`
  if (!ok) return `${dry ? 'A reload would be refused' : 'Refused'}: ${error ?? 'the file has errors'}. Nothing has changed.${found}`
  const fine = diagnostics.length === 0 ? 'Nothing is wrong with the file.' : 'The file has no errors.'
  if (dry) return `${fine} ${changed ? 'It differs from what runs: a reload would take it over.' : 'It is what runs.'} (${duration(took)})${found}`
  if (of !== null) return `Rolled back to snapshot ${of}: it runs as snapshot ${snapshot ?? '?'} after ${duration(took)}. The next change of the file takes over again.`
  return `Taken over as snapshot ${snapshot ?? '?'} after ${duration(took)}.${found}`
}
