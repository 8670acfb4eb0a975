import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { List, RouteTraffic, RouteView, TrafficView, UpstreamView } from '../../admin/api/types.ts'
import { duration, rate, share } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { OFTEN, WITH_THE_FILE } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Health, PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'

interface Row {
  readonly route: RouteView
  readonly name: string
  readonly text: string
  readonly matches: string
  readonly traffic: RouteTraffic | undefined
  readonly health: UpstreamView['health'] | undefined
}

/** What it asks for, in one line. */
function matches ({ methods, hosts, paths, headers, snis }: RouteView): string {
  return [methods?.join(','), hosts?.join(' '), paths?.join(' '), Object.entries(headers ?? {}).map(([name, values]) => `${name}: ${values.join('|')}`).join(' '), snis === null ? '' : `sni ${snis.join(' ')}`]
    .filter(text => text !== undefined && text !== '').join('  ')
}

const COLUMNS: ReadonlyArray<Column<Row>> = [
  { key: 'name', head: 'Route', by: row => row.name, cell: row => <a class='mono' href={href(['routes', row.name])}>{row.name}</a> },
  { key: 'matches', head: 'Matches', grow: true, from: 'medium', by: row => row.route.paths?.[0] ?? '', cell: row => <span class='mono' title={row.matches}>{row.matches === '' ? 'everything' : row.matches}</span> },
  { key: 'service', head: 'Service', from: 'medium', by: row => row.route.service?.name ?? '', cell: row => row.route.service === null ? <span class='faint'>none</span> : <span class='mono'>{row.route.service.name ?? row.route.service.id}</span> },
  { key: 'chain', head: 'Chain', from: 'wide', narrow: true, title: 'Plugins in the order in which they run', by: row => row.route.plugins.length, cell: row => row.route.plugins.length === 0 ? <span class='faint'>none</span> : <span class='mono' title={row.route.plugins.join(' → ')}>{row.route.plugins.join(' → ')}</span> },
  { key: 'health', head: 'Upstream', from: 'wide', by: row => row.health ?? '', cell: row => row.health === undefined ? <span class='faint'>–</span> : <Health of={row.health} /> },
  { key: 'rate', head: 'Req/s', number: true, title: 'Over the last minute, as the next three', by: row => row.traffic?.per_second ?? 0, cell: row => row.traffic === undefined ? <span class='faint'>0</span> : rate(row.traffic.per_second) },
  { key: 'refused', head: '4xx', number: true, from: 'medium', by: row => row.traffic === undefined ? 0 : row.traffic.refused / row.traffic.requests, cell: row => row.traffic === undefined ? <span class='faint'>–</span> : share(row.traffic.refused, row.traffic.requests) },
  { key: 'errors', head: '5xx', number: true, by: row => row.traffic === undefined ? 0 : row.traffic.errors / row.traffic.requests, cell: row => row.traffic === undefined ? <span class='faint'>–</span> : <span class={row.traffic.errors > 0 ? 'bad' : ''}>{share(row.traffic.errors, row.traffic.requests)}</span> },
  { key: 'p99', head: 'p99', number: true, from: 'medium', by: row => row.traffic?.p99 ?? 0, cell: row => duration(row.traffic?.p99) },
  { key: 'place', head: 'Place', from: 'wide', by: row => row.route.place.line, cell: row => <PlaceLink place={row.route.place} /> }
]

export function Routes (): JSX.Element {
  const routes = useResource<List<RouteView>>('/routes', WITH_THE_FILE)
  const traffic = useResource<TrafficView>('/traffic', OFTEN)
  const upstreams = useResource<List<UpstreamView>>('/upstreams', OFTEN)
  const prepared = useMemo(() => routes.data?.data.map(prepare), [routes.data])
  const rows = useMemo(() => {
    const byName = new Map(traffic.data?.routes.map(each => [each.route, each]))
    const health = new Map(upstreams.data?.data.map(each => [each.id, each.health]))
    return prepared?.map(row => ({ ...row, traffic: byName.get(row.name), health: row.route.upstream === null ? undefined : health.get(row.route.upstream.id) }))
  }, [prepared, traffic.data, upstreams.data])
  return (
    <>
      <h1 tabIndex={-1}>Routes</h1>
      <Loaded of={routes} what='the routes'>{() => (
        <>
          {traffic.data?.uncounted_routes === true ? <p class='note warn'>There are so many routes that those used last have no numbers of their own.</p> : null}
          <Table label='Routes' rows={rows ?? []} columns={COLUMNS} id={row => row.route.id} text={row => row.text} search='Name, path, host, service, plugin…' empty={<Empty title='The file has no routes.'>A route says which requests a service gets: add <code>routes:</code> with <code>paths:</code> to a service. The file is read again when it is saved.</Empty>} />
        </>
      )}
      </Loaded>
    </>
  )
}

function prepare (route: RouteView): Omit<Row, 'traffic' | 'health'> {
  const name = route.name ?? route.id
  const what = matches(route)
  return { route, name, matches: what, text: `${name} ${what} ${route.service?.name ?? ''} ${route.plugins.join(' ')} ${route.tags.join(' ')}`.toLowerCase() }
}
