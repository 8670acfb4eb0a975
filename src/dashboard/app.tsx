/** The frame around every view: where one is, whether the gateway answers, and what may be switched. */
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { GatewayStatus } from '../admin/api/types.ts'
import { long, plural, time } from './lib/format.ts'
import { href, usePlace, type Place } from './lib/location.ts'
import { forget, refresh, setPaused, useLiveness, useResource } from './lib/resource.ts'
import { STATUS } from './lib/paths.ts'
import { applyTheme, readTheme, THEMES, type Theme } from './lib/theme.ts'
import { Mark } from './parts/marks.tsx'
import { Certificates } from './views/certificates.tsx'
import { Config } from './views/config.tsx'
import { Consumers } from './views/consumers.tsx'
import { Explain } from './views/explain.tsx'
import { Limits } from './views/limits.tsx'
import { Login } from './views/login.tsx'
import { Overview } from './views/overview.tsx'
import { OneRequest } from './views/request.tsx'
import { Requests } from './views/requests.tsx'
import { OneRoute } from './views/route.tsx'
import { Routes } from './views/routes.tsx'
import { OneUpstream } from './views/upstream.tsx'
import { Upstreams } from './views/upstreams.tsx'

interface View {
  readonly title: string
  /** Of something with a name. */
  readonly one?: (name: string) => JSX.Element
  readonly all: () => JSX.Element
}

const VIEWS: Readonly<Record<string, View>> = {
  '': { title: 'Overview', all: () => <Overview /> },
  routes: { title: 'Routes', all: () => <Routes />, one: name => <OneRoute key={name} name={name} /> },
  requests: { title: 'Requests', all: () => <Requests />, one: id => <OneRequest key={id} id={id} /> },
  upstreams: { title: 'Upstreams', all: () => <Upstreams />, one: name => <OneUpstream key={name} name={name} /> },
  limits: { title: 'Limits', all: () => <Limits /> },
  consumers: { title: 'Consumers', all: () => <Consumers /> },
  certificates: { title: 'Certificates', all: () => <Certificates /> },
  config: { title: 'Config', all: () => <Config /> },
  explain: { title: 'Explain', all: () => <Explain /> }
}

export function App (): JSX.Element {
  const place = usePlace()
  const status = useResource<GatewayStatus>(STATUS, 2_000)
  const { locked } = useLiveness()
  const main = useRef<HTMLElement>(null)
  const [first = '', name] = place.parts
  const view = Object.hasOwn(VIEWS, first) ? VIEWS[first] : undefined
  const title = locked ? 'Log in' : view === undefined ? 'Not found' : name === undefined ? view.title : `${name} · ${view.title}`
  const where = `${first}/${name ?? ''}`
  const before = useRef(where)
  const snapshot = status.data?.configuration.snapshot

  useEffect(() => { document.title = `${title} · Sallyport` }, [title])
  // another configuration: what was read of the one before is old
  const known = useRef(snapshot)
  useEffect(() => {
    if (known.current !== undefined && snapshot !== undefined && known.current !== snapshot) forget()
    known.current = snapshot
  }, [snapshot])
  // a reader of the screen has to hear that the view is another one
  useLayoutEffect(() => {
    if (before.current === where) return
    before.current = where
    main.current?.querySelector('h1')?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [where])

  return (
    <>
      <a class='skip' href='#main' onClick={event => { event.preventDefault(); main.current?.focus() }}>Skip to the content</a>
      <Top status={status.data} at={status.at} first={first} locked={locked} />
      <main id='main' tabIndex={-1} ref={main}>
        <Silence retry={refresh} />
        {locked ? <Login /> : view === undefined ? <Missing place={place} /> : name === undefined || view.one === undefined ? view.all() : view.one(name)}
      </main>
    </>
  )
}

function Top ({ status, at, first, locked }: { readonly status: GatewayStatus | undefined, readonly at: number, readonly first: string, readonly locked: boolean }): JSX.Element {
  const [open, setOpen] = useState(false)
  useEffect(() => { setOpen(false) }, [first])
  return (
    <header class='top'>
      <div class='bar'>
        <a class='name' href='#/'>Sallyport</a>
        <Running status={status} at={at} />
        <div class='switches'>
          <Live />
          <Themes />
        </div>
        <button type='button' class='menu' aria-expanded={open} aria-controls='nav' onClick={() => { setOpen(!open) }}>Menu</button>
      </div>
      {locked
        ? null
        : (
          <nav id='nav' class={open ? 'open' : ''} aria-label='Views'>
            <ul>{Object.entries(VIEWS).map(([key, { title }]) => <li key={key}><a href={href(key === '' ? [] : [key])} aria-current={key === first ? 'page' : undefined}>{title}</a></li>)}</ul>
          </nav>
          )}
    </header>
  )
}

/** Milliseconds: status is asked for every other second. A machine that slept, a network that swallows: what is old says so. */
const OLD = 12_000

function Running ({ status, at }: { readonly status: GatewayStatus | undefined, readonly at: number }): JSX.Element {
  const { silentSince, locked } = useLiveness()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()) }, 2_000)
    return () => { clearInterval(timer) }
  }, [])
  if (silentSince !== null) return <p class='running'><Mark tone='bad'>no answer</Mark></p>
  if (status === undefined || locked) return <p class='running' />
  const file = status.configuration.file.split(/[\\/]/).at(-1) ?? ''
  return (
    <p class='running'>
      {now - at > OLD ? <Mark tone='warn'>as of {time(at)}</Mark> : <Mark tone={status.state === 'running' ? 'good' : 'warn'}>{status.state}</Mark>}
      <span class='detail'><span class='mono'>{file}</span>, snapshot <span class='num'>{status.configuration.snapshot}</span></span>
    </p>
  )
}

function Live (): JSX.Element {
  const { paused } = useLiveness()
  return <button type='button' aria-pressed={paused} onClick={() => { setPaused(!paused) }}>{paused ? 'Resume' : 'Pause'}<span class='sr'> live updates</span></button>
}

const NAMES: Readonly<Record<Theme, string>> = { system: 'Auto', light: 'Light', dark: 'Dark' }

function Themes (): JSX.Element {
  const [theme, setTheme] = useState(readTheme)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  return (
    <button type='button' onClick={() => { applyTheme(next); setTheme(next) }}>
      {NAMES[theme]}<span class='sr'> colours: change to {NAMES[next]}</span>
    </button>
  )
}

/** Says when the gateway falls silent, and when it is back. */
function Silence ({ retry }: { readonly retry: () => void }): JSX.Element {
  const { silentSince } = useLiveness()
  const [back, setBack] = useState<string | null>(null)
  const since = useRef<number | null>(null)
  useEffect(() => {
    if (silentSince !== null) {
      since.current = silentSince
      setBack(null)
      return
    }
    if (since.current === null) return
    setBack(`It answers again, after ${long(Math.max(1000, Date.now() - since.current))}.`)
    since.current = null
    const timer = setTimeout(() => { setBack(null) }, 8_000)
    return () => { clearTimeout(timer) }
  }, [silentSince])
  return (
    <div aria-live='assertive' class='silence'>
      {silentSince === null
        ? back === null ? null : <p class='note good'>{back}</p>
        : (
          <div class='note bad'>
            <p>The gateway has not answered since {time(silentSince)}: it is stopped, or not reachable from here. What you see is from before. It is asked again every 2 s.</p>
            <button type='button' onClick={retry}>Try now</button>
          </div>
          )}
    </div>
  )
}

function Missing ({ place }: { readonly place: Place }): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>No such view</h1>
      <p><code>#/{place.parts.join('/')}</code> is none of the {plural(Object.keys(VIEWS).length, 'view')}. <a href='#/'>To the overview</a></p>
    </>
  )
}
