/** What stands where data is missing: not yet, not reachable, not there. */
import type { ComponentChildren, JSX } from 'preact'
import type { Resource } from '../lib/resource.ts'
import { time } from '../lib/format.ts'

export function Failure ({ message, retry }: { readonly message: string, readonly retry?: () => void }): JSX.Element {
  return (
    <div class='note bad' role='alert'>
      <p>{message}</p>
      {retry === undefined ? null : <button type='button' onClick={retry}>Try again</button>}
    </div>
  )
}

export function Empty ({ title, children }: { readonly title: string, readonly children?: ComponentChildren }): JSX.Element {
  return (
    <div class='empty'>
      <p class='empty-title'>{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  )
}

interface LoadedProps<T> {
  readonly of: Resource<T>
  /** What it is, for the reader: `the routes`. */
  readonly what: string
  readonly children: (data: T) => ComponentChildren
}

/** Shows data as soon as there is some; what was known stays when a later look fails. */
export function Loaded<T> ({ of, what, children }: LoadedProps<T>): JSX.Element {
  const { data, error, at, retry } = of
  if (data === undefined) {
    if (error === null) return <p class='loading' aria-busy='true'>Reading {what}…</p>
    return <Failure message={error.status === 404 ? error.message : `Can't read ${what}: ${error.message}`} retry={retry} />
  }
  return (
    <>
      {/* a gateway that fell silent is told once, on top of the page */}
      {error === null || error.status === 0 ? null : <Failure message={`Can't read ${what} anew since ${time(at)}: ${error.message}`} retry={retry} />}
      {children(data)}
    </>
  )
}
