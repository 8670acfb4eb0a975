/** Asks before something is done that others notice. */
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../lib/api.ts'
import { Failure } from './states.tsx'

interface ConfirmProps {
  readonly title: string
  readonly children: ComponentChildren
  /** What the button says: a verb with its object. */
  readonly action: string
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

export function Confirm ({ title, children, action, onConfirm, onClose }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  // focus goes back to where it came from: the browser does that when the dialog closes
  useLayoutEffect(() => { dialog.current?.showModal() }, [])

  async function confirm (): Promise<void> {
    setBusy(true)
    setError(null)
    try {
      await onConfirm()
      dialog.current?.close()
    } catch (failure) {
      setError((failure as ApiError).message)
      setBusy(false)
    }
  }

  return (
    <dialog ref={dialog} aria-labelledby='confirm-title' onClose={onClose}>
      <h2 id='confirm-title'>{title}</h2>
      {children}
      {error === null ? null : <Failure message={error} />}
      <div class='actions'>
        <button type='button' onClick={() => { dialog.current?.close() }}>Cancel</button>
        <button type='button' class='primary' disabled={busy} onClick={() => { confirm().catch(() => {}) }}>{action}</button>
      </div>
    </dialog>
  )
}
