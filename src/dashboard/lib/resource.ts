/**
 * Documents of the admin listener that keep themselves current.
 *
 * All views share one store, so that two that show the same document ask once, and a view that is opened again shows at
 * once what is known.
 */
import { useEffect, useReducer } from 'preact/hooks'
import { ApiError, get } from './api.ts'

export interface Resource<T> {
  /** The last answer; undefined: none came yet. Stays while later ones fail. */
  readonly data: T | undefined
  /** Why the last try failed; null: it did not. */
  readonly error: ApiError | null
  /** Of `data`: milliseconds since the epoch. */
  readonly at: number
  retry (): void
}

interface Entry {
  data: unknown
  error: ApiError | null
  at: number
  every: number
  users: Set<() => void>
  timer: number
  asking: boolean
}

/** Whether the gateway answers, whether it wants a token, and whether the reader wants updates. */
export interface Liveness {
  /** When it fell silent; null: it answers. */
  readonly silentSince: number | null
  readonly locked: boolean
  readonly paused: boolean
}

/** Between two tries to reach a gateway that fell silent. */
const RETRY = 2_000
/** Documents that nobody shows; the oldest are forgotten. */
const KEPT = 24

const entries = new Map<string, Entry>()
let liveness: Liveness = { silentSince: null, locked: false, paused: false }
const watchers = new Set<() => void>()

function setLiveness (change: Partial<Liveness>): void {
  const next = { ...liveness, ...change }
  if (next.silentSince === liveness.silentSince && next.locked === liveness.locked && next.paused === liveness.paused) return
  liveness = next
  for (const notify of watchers) notify()
}

async function ask (path: string, entry: Entry): Promise<void> {
  clearTimeout(entry.timer)
  if (entry.asking) return
  entry.asking = true
  try {
    entry.data = await get(path)
    entry.error = null
    entry.at = Date.now()
    setLiveness({ silentSince: null, locked: false })
  } catch (error) {
    entry.error = error as ApiError
    if (entry.error.status === 0) setLiveness({ silentSince: liveness.silentSince ?? Date.now() })
    else setLiveness({ silentSince: null, locked: entry.error.status === 401 })
  }
  entry.asking = false
  for (const notify of entry.users) notify()
  plan(path, entry)
}

/** What nobody sees is not asked for. */
function plan (path: string, entry: Entry): void {
  clearTimeout(entry.timer)
  if (entry.users.size === 0 || document.hidden || liveness.locked) return
  const silent = entry.error?.status === 0
  if (!silent && (entry.every === 0 || liveness.paused)) return
  entry.timer = window.setTimeout(() => { ask(path, entry).catch(() => {}) }, silent ? RETRY : entry.every)
}

/** Asks for everything that is shown. */
export function refresh (): void {
  for (const [path, entry] of entries) if (entry.users.size > 0) ask(path, entry).catch(() => {})
}

/** After a change: what is not shown is forgotten as well. */
export function forget (): void {
  for (const [path, entry] of entries) if (entry.users.size === 0) entries.delete(path)
  refresh()
}

export function unlock (): void {
  setLiveness({ locked: false })
  refresh()
}

export function setPaused (paused: boolean): void {
  setLiveness({ paused })
  if (!paused) refresh()
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden || liveness.paused) return
  refresh()
})

function entryOf (path: string): Entry {
  const known = entries.get(path)
  if (known !== undefined) return known
  for (const [other, entry] of entries) {
    if (entries.size < KEPT) break
    if (entry.users.size === 0) entries.delete(other)
  }
  const entry: Entry = { data: undefined, error: null, at: 0, every: 0, users: new Set(), timer: 0, asking: false }
  entries.set(path, entry)
  return entry
}

/**
 * @param path of the document; null: none
 * @param every milliseconds between two looks; 0: once
 */
export function useResource<T> (path: string | null, every = 0): Resource<T> {
  const [, render] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    if (path === null) return
    const notify = (): void => { render(undefined) }
    const entry = entryOf(path)
    entry.users.add(notify)
    entry.every = every
    ask(path, entry).catch(() => {})
    return () => {
      entry.users.delete(notify)
      if (entry.users.size === 0) clearTimeout(entry.timer)
    }
  }, [path, every])
  const entry = path === null ? undefined : entries.get(path)
  return {
    data: entry?.data as T | undefined,
    error: entry?.error ?? null,
    at: entry?.at ?? 0,
    retry: () => { if (path !== null) ask(path, entryOf(path)).catch(() => {}) }
  }
}

export function useLiveness (): Liveness {
  const [, render] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    const notify = (): void => { render(undefined) }
    watchers.add(notify)
    return () => { watchers.delete(notify) }
  }, [])
  return liveness
}
