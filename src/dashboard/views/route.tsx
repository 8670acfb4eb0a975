import type { JSX } from 'preact'
import type { ChainItemView, List, RequestView, RouteDetails, TrafficView } from '../../admin/api/types.ts'
import { count, share } from '../lib/format.ts'
import { href, narrow, usePlace } from '../lib/location.ts'
import { withQuery } from '../lib/api.ts'
import { endpoint, MANY, OFTEN, WITH_THE_FILE } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Codes, Fact, Facts, Mark, PlaceLink, reasonText } from '../parts/marks.tsx'
import { RequestsTable } from '../parts/requests-table.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { TrafficCharts } from '../parts/traffic-charts.tsx'

export function OneRoute ({ name }: { readonly name: string }): JSX.Element {
  const route = useResource<RouteDetails>(endpoint('routes', name), WITH_THE_FILE)
  const traffic = useResource<TrafficView>(withQuery('/traffic', { route: name }), OFTEN)
  const requests = useResource<List<RequestView>>(withQuery('/requests', { route: name, size: MANY }), OFTEN)
  const end = usePlace().query['end']
  return (
    <>
      <p class='crumb'><a href={href(['routes'])}>Routes</a></p>
      <h1 tabIndex={-1} class='mono'>{name}</h1>
      <Loaded of={route} what='the route'>{data => (
        <div class='halves'>
          <section><h2>Matches</h2><Matches route={data} /></section>
          <section><h2>Chain</h2><Chain chain={data.chain} /></section>
        </div>
      )}
      </Loaded>
      <Loaded of={traffic} what='the traffic'>{data => <TrafficCharts traffic={data} />}</Loaded>
      <Loaded of={requests} what='the requests'>{({ data }) => (
        <>
          <section><h2>Ends, by reason</h2><Ends requests={data} chosen={end} /></section>
          <section>
            <h2>Recent requests</h2>
            <RequestsTable
              label='Recent requests' ofOneRoute rows={end === undefined ? data : data.filter(each => each.end === end)} searched
              empty={<Empty title={end === undefined ? 'No request of this route is known.' : `None ended with ${end}.`}>The gateway keeps the last few hundred of all routes.</Empty>}
            />
          </section>
        </>
      )}
      </Loaded>
    </>
  )
}

function Matches ({ route }: { readonly route: RouteDetails }): JSX.Element {
  const { service, upstream, headers } = route
  return (
    <Facts>
      <Fact name='Methods'><Codes of={route.methods} /></Fact>
      <Fact name='Hosts'><Codes of={route.hosts} /></Fact>
      <Fact name='Paths'><Codes of={route.paths} /></Fact>
      {headers === null ? null : <Fact name='Headers'><Codes of={Object.entries(headers).map(([name, values]) => `${name}: ${values.join(' | ')}`)} /></Fact>}
      {route.snis === null ? null : <Fact name='SNIs'><Codes of={route.snis} /></Fact>}
      <Fact name='Protocols'><Codes of={route.protocols} /></Fact>
      {route.regex_priority === 0 ? null : <Fact name='Priority'><span class='num'>{route.regex_priority}</span></Fact>}
      <Fact name='Goes to'>{service === null ? <span class='faint'>no service</span> : <><code>{service.name ?? service.id}</code>{upstream === null ? null : <> → <a class='mono' href={href(['upstreams', upstream.name ?? upstream.id])}>{upstream.name ?? upstream.id}</a></>}</>}</Fact>
      <Fact name='Path upstream'>{`${route.strip_path ? 'without what matched' : 'whole'}, ${route.path_handling}; Host ${route.preserve_host ? 'of the client' : 'of the service'}`}</Fact>
      {route.tags.length === 0 ? null : <Fact name='Tags'><Codes of={route.tags} /></Fact>}
      <Fact name='Stands at'><PlaceLink place={route.place} /></Fact>
    </Facts>
  )
}

function Chain ({ chain }: { readonly chain: readonly ChainItemView[] }): JSX.Element {
  if (chain.length === 0) return <Empty title='No plugin runs for this route.'>Whoever reaches the gateway reaches the upstream. Plugins stand under <code>plugins:</code> of the route, of its service, or of the file.</Empty>
  // on a phone a column that says the same of each has no room
  const all = chain.every(({ entries }) => entries.every(each => each.consumer === null && each.consumer_group === null)) ? 'medium' : ''
  return (
    <div class='frame' role='region' aria-label='Chain' tabIndex={0}>
      <table class='lines'>
        <caption class='sr'>Plugins in the order in which they run</caption>
        <thead><tr><th scope='col' class='num'>#</th><th scope='col' class='grow'>Plugin</th><th scope='col'>Stands at</th><th scope='col' class={all}>For</th><th scope='col' class='num medium'>Priority</th><th scope='col'>Place</th></tr></thead>
        <tbody>
          {chain.flatMap((item, i) => item.entries.map((entry, at) => (
            <tr key={`${item.plugin} ${entry.id}`}>
              <td class='num faint'>{at === 0 ? i + 1 : ''}</td>
              <th scope='row' class='mono grow'>{at === 0 ? item.plugin : <span class='faint'>or</span>}{entry.instance_name === null ? null : <span class='faint'> {entry.instance_name}</span>}</th>
              <td>{entry.scope.replace('_', ' ')}</td>
              <td class={all}>{entry.consumer === null && entry.consumer_group === null ? <span class='faint'>everybody</span> : <span class='mono'>{entry.consumer?.name ?? entry.consumer_group?.name ?? entry.consumer?.id}</span>}</td>
              <td class='num medium faint'>{at === 0 ? item.priority : ''}</td>
              <td><PlaceLink place={entry.place} /></td>
            </tr>
          )))}
        </tbody>
      </table>
    </div>
  )
}

/** How the known requests ended; a click narrows the list to one reason. */
export function Ends ({ requests, chosen }: { readonly requests: readonly RequestView[], readonly chosen: string | undefined }): JSX.Element {
  const counts = new Map<string, number>()
  for (const { end } of requests) counts.set(end, (counts.get(end) ?? 0) + 1)
  const rows = [...counts].sort((a, b) => b[1] - a[1])
  if (rows.length === 0) return <Empty title='No request is known yet.' />
  return (
    <ul class='ends'>
      {rows.map(([code, times]) => (
        <li key={code}>
          <button type='button' aria-pressed={chosen === code} onClick={() => { narrow({ end: chosen === code ? undefined : code }) }}>
            <Mark tone={code === '-' || code === 'LA' ? 'good' : 'warn'}>{code === '-' ? 'whole' : code}</Mark>
            <span class='num'>{count(times)}</span>
            <span class='faint num'>{share(times, requests.length)}</span>
            <span class='why'>{reasonText(code)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
