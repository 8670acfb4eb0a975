/** Where the reader is: `#/routes/orders?sort=p99`. What narrows or sorts a view is part of it, so that links carry it. */
import { useEffect, useReducer } from 'preact/hooks'
import { withQuery } from './api.ts'

export interface Place {
  /** Decoded; [] is the overview. */
  readonly parts: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

export function readPlace (hash: string): Place {
  const [path = '', search = ''] = split(hash.replace(/^#\/?/, ''))
  return {
    parts: path.split('/').filter(part => part !== '').map(decode),
    query: Object.fromEntries(new URLSearchParams(search))
  }
}

function split (text: string): [string, string] {
  const at = text.indexOf('?')
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decode (part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function href (parts: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  return withQuery(`#/${parts.map(encodeURIComponent).join('/')}`, query)
}

export function usePlace (): Place {
  const [, render] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    const notify = (): void => { render(undefined) }
    window.addEventListener('hashchange', notify)
    return () => { window.removeEventListener('hashchange', notify) }
  }, [])
  return readPlace(window.location.hash)
}

/** Changes what narrows the view, without a step in the history. */
export function narrow (change: Readonly<Record<string, string | undefined>>): void {
  const { parts, query } = readPlace(window.location.hash)
  const next = href(parts, { ...query, ...change })
  if (next === window.location.hash) return
  history.replaceState(null, '', next)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

export function go (to: string): void {
  window.location.hash = to
}
