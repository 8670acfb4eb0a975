import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { get, keepToken, type ApiError } from '../lib/api.ts'
import { unlock } from '../lib/resource.ts'

export function Login (): JSX.Element {
  const field = useRef<HTMLInputElement>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  useLayoutEffect(() => { field.current?.focus() }, [])

  async function logIn (): Promise<void> {
    const token = field.current?.value.trim() ?? ''
    if (token === '') return
    setBusy(true)
    keepToken(token)
    try {
      await get('/status')
      unlock()
    } catch (failure) {
      const { status, message } = failure as ApiError
      keepToken(null)
      setError(status === 401 ? 'That is not the token of this gateway.' : message)
      setBusy(false)
      field.current?.select()
    }
  }

  return (
    <form class='login' onSubmit={event => { event.preventDefault(); logIn().catch(() => {}) }}>
      <h1 tabIndex={-1}>Log in</h1>
      <p>The admin listener wants its token: the value of <code>gateway.admin.token</code>.</p>
      <label for='token'>Token</label>
      <input id='token' type='password' ref={field} autoComplete='current-password' spellcheck={false} aria-invalid={error !== null} aria-describedby='token-error token-kept' />
      <p id='token-error' class='bad' role='alert'>{error}</p>
      <button type='submit' class='primary' disabled={busy}>Log in</button>
      <p id='token-kept' class='faint'>It is kept until this tab is closed, and sent to this gateway alone.</p>
    </form>
  )
}
