import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ExplainOrder } from '../../admin/api/types.ts'
import { post, type ApiError } from '../lib/api.ts'
import type { Explanation } from '../../explain/types.ts'
import { go, href, usePlace } from '../lib/location.ts'
import { Explained } from '../parts/explained.tsx'
import { Failure } from '../parts/states.tsx'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** `name: value`, a line each. @throws with the line that is none */
export function readHeaders (text: string): Array<[string, string]> {
  return text.split('\n').map(line => line.trim()).filter(line => line !== '').map(line => {
    const at = line.indexOf(':')
    if (at < 1) throw new Error(`“${line}” is no header: write name: value.`)
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
}

export function Explain (): JSX.Element {
  const { query } = usePlace()
  const [answer, setAnswer] = useState<Explanation | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function explain (form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form)
    const text = (name: string): string => String(fields.get(name) ?? '').trim()
    setBusy(true)
    setError(null)
    try {
      const order: ExplainOrder = {
        method: text('method') || 'GET',
        url: text('url'),
        headers: readHeaders(text('headers')),
        ...(text('ip') === '' ? {} : { ip: text('ip') }),
        ...(text('consumer') === '' ? {} : { consumer: text('consumer') })
      }
      setAnswer(await post<Explanation>('/explain', order))
      // headers may be secrets: they stay out of the address
      go(href(['explain'], { method: order.method, url: order.url, ip: text('ip'), consumer: text('consumer') }))
    } catch (failure) {
      setAnswer(null)
      setError((failure as ApiError | Error).message)
    }
    setBusy(false)
  }

  return (
    <>
      <h1 tabIndex={-1}>Explain</h1>
      <p class='lead'>What the running configuration would do with a request. Nothing is sent.</p>
      <form class='fields explain' onSubmit={event => { event.preventDefault(); explain(event.currentTarget).catch(() => {}) }}>
        <label>Method <input name='method' list='methods' size={8} defaultValue={query['method'] ?? 'GET'} spellcheck={false} autoComplete='off' /></label>
        <datalist id='methods'>{METHODS.map(each => <option key={each} value={each} />)}</datalist>
        <label class='grow'>URL <input name='url' required placeholder='https://api.example.com/orders/7?full=1, or /orders/7' defaultValue={query['url'] ?? ''} spellcheck={false} autoComplete='off' /></label>
        <label class='line'>Headers <textarea name='headers' rows={3} placeholder={'Host: api.example.com\nAccept: application/json'} spellcheck={false} autoComplete='off' /></label>
        <label>Client address <input name='ip' placeholder='127.0.0.1' defaultValue={query['ip'] ?? ''} spellcheck={false} autoComplete='off' /></label>
        <label>As consumer <input name='consumer' placeholder='nobody' defaultValue={query['consumer'] ?? ''} spellcheck={false} autoComplete='off' /></label>
        <button type='submit' class='primary' disabled={busy}>Explain</button>
      </form>
      <div aria-live='polite' class='live'>
        {error === null ? null : <Failure message={error} />}
        {answer === null ? null : <Explained answer={answer} />}
      </div>
    </>
  )
}
