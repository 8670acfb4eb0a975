/** An explanation, from the request to the upstream. */
import type { ComponentChildren, JSX } from 'preact'
import type { Explanation } from '../../explain/types.ts'
import { plural } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { Fact, Facts, Mark } from './marks.tsx'

type Route = NonNullable<Explanation['route']>

const OUTCOMES: Readonly<Record<string, readonly ['good' | 'warn' | 'bad', string]>> = {
  upstream: ['good', 'goes to the service, unless a plugin answers before'],
  'no-service': ['warn', 'no service: 503, unless a plugin answers before'],
  'https-required': ['warn', 'wants https'],
  'not-found': ['bad', 'no route matches'],
  refused: ['bad', 'refused']
}

function Line ({ line }: { readonly line: number | null }): JSX.Element | null {
  return line === null ? null : <a class='mono' href={href(['config'], { line: String(line) })}>line {line}</a>
}

export function Explained ({ answer, title = 'Outcome' }: { readonly answer: Explanation, readonly title?: string }): JSX.Element {
  const { outcome, route, path, notes } = answer
  // what the gateway answers by itself goes nowhere
  const upstream = outcome.kind === 'https-required' ? null : answer.upstream
  const [tone, words] = OUTCOMES[outcome.kind] ?? ['warn', outcome.kind]
  return (
    <>
      <section>
        <h2>{title}</h2>
        <p class='outcome'><Mark tone={tone}>{outcome.status ?? 'upstream'}</Mark> {outcome.message ?? words}{outcome.code === null ? null : <> <code>{outcome.code}</code></>}{outcome.location === null ? null : <> → <code>{outcome.location}</code></>}</p>
        {notes.length === 0 ? null : <ul class='notes'>{notes.map(note => <li key={note}>{note}</li>)}</ul>}
        <Facts>
          {route === null ? null : <Fact name='Route'><RouteFact route={route} /></Fact>}
          {path === null || path.normal === null ? null : <Fact name='Path'><code>{path.normal}</code>{path.normal === path.received ? null : <span class='faint'> received as <code>{path.received}</code></span>}</Fact>}
          <Fact name='Client'><code>{answer.request.client_ip}</code> <span class='faint'>{answer.request.scheme}, host {answer.request.host}{answer.request.consumer === null ? '' : `, as ${answer.request.consumer}`}</span></Fact>
          {upstream === null ? null : <Fact name='Upstream'><code>{upstream.method} {upstream.url}</code></Fact>}
        </Facts>
      </section>
      {route === null ? null : <section><h2>Chain</h2><Chain answer={answer} /></section>}
      {upstream === null ? null : <section><h2>Headers upstream</h2><Headers answer={answer} /></section>}
      {answer.near.length === 0 ? null : <section><h2>Near, and not chosen</h2><Near answer={answer} /></section>}
    </>
  )
}

function RouteFact ({ route }: { readonly route: Route }): JSX.Element {
  return <><a class='mono' href={href(['routes', route.name ?? route.id])}>{route.name ?? route.id}</a> <Line line={route.line} /> <span class='faint'>{route.matched_path === null ? 'any path' : <>by <code>{route.matched_path}</code></>}, number {route.position} in order</span></>
}

function Lines ({ label, heads, children }: { readonly label: string, readonly heads: readonly string[], readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class='frame' role='region' aria-label={label} tabIndex={0}>
      <table class='lines'>
        <caption class='sr'>{label}</caption>
        <thead><tr>{heads.map((head, i) => <th key={head} scope='col' class={i === heads.length - 1 ? 'grow' : ''}>{head}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

function Chain ({ answer: { chain, left_out: left } }: { readonly answer: Explanation }): JSX.Element {
  if (chain.length === 0) return <p class='faint'>No plugin runs.</p>
  return (
    <>
      <Lines label='Chain' heads={['Plugin', 'Stands at', 'Place', 'Instead of']}>
        {chain.map(({ plugin, entry, alternatives }) => (
          <tr key={plugin}>
            <th scope='row' class='mono'>{plugin}</th>
            <td>{entry === null ? <Mark tone='quiet'>not for this consumer</Mark> : entry.scope}</td>
            <td>{entry === null ? null : <Line line={entry.line} />}</td>
            <td class='grow faint'>{alternatives.map(each => `${each.scope}${each.audience === null ? '' : ` (${each.audience})`}${each.line === null ? '' : `, line ${each.line}`}`).join('; ')}</td>
          </tr>
        ))}
      </Lines>
      {left.length === 0 ? null : <p class='faint'>Left out: {left.map(each => `${each.plugin} (${each.reason === 'disabled' ? 'disabled' : 'a more specific entry stands'})`).join(', ')}</p>}
    </>
  )
}

function Headers ({ answer: { upstream } }: { readonly answer: Explanation }): JSX.Element {
  return (
    <>
      <Lines label='Headers upstream' heads={['Name', 'From', 'Value']}>
        {upstream?.headers.map(({ name, value, by }, i) => <tr key={i}><th scope='row' class='mono'>{name}</th><td>{by}</td><td class='mono grow'>{value}</td></tr>)}
      </Lines>
      {upstream === null || upstream.dropped.length === 0 ? null : <p class='faint'>Dropped: {upstream.dropped.map(({ name, reason }) => `${name} (${reason})`).join(', ')}</p>}
    </>
  )
}

function Near ({ answer: { near, near_more: more } }: { readonly answer: Explanation }): JSX.Element {
  return (
    <>
      <Lines label='Near routes' heads={['Route', 'Place', 'Why not']}>
        {near.map((each, i) => (
          <tr key={i}>
            <th scope='row'><a class='mono' href={href(['routes', each.name ?? each.id])}>{each.name ?? each.id}</a></th>
            <td><Line line={each.line} /></td>
            <td class='grow'>{each.failed.map(({ criterion, name, wants, got }) => `${criterion}${name === null ? '' : ` ${name}`}: wants ${wants.join(' or ')}, got ${got ?? 'nothing'}`).join('; ')}{each.lost_by === null ? null : `accepts it too, but comes later: ${each.lost_by.rule.replaceAll('_', ' ')} ${JSON.stringify(each.lost_by.own)}, the winner's is ${JSON.stringify(each.lost_by.winner)}`}</td>
          </tr>
        ))}
      </Lines>
      {more === 0 ? null : <p class='faint'>and {plural(more, 'more', 'more')}</p>}
    </>
  )
}
