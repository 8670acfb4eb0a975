import type { JSX } from 'preact'
import type { CertificateView, GatewayStatus, LimitView, List, RequestView, RouteTraffic, TrafficView, UpstreamView } from '../../admin/api/types.ts'
import { attention, type Point } from '../lib/attention.ts'
import { ago, bytes, count, duration, long, plural, rate, share } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { OFTEN, SELDOM, STATUS } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Fact, Facts, Health, Mark } from '../parts/marks.tsx'
import { RequestsTable } from '../parts/requests-table.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { TrafficCharts } from '../parts/traffic-charts.tsx'

/** Points that are shown. */
const MOST = 12

export function Overview (): JSX.Element {
  const status = useResource<GatewayStatus>(STATUS, 2_000)
  const traffic = useResource<TrafficView>('/traffic', OFTEN)
  const upstreams = useResource<List<UpstreamView>>('/upstreams', OFTEN)
  const failed = useResource<List<RequestView>>('/requests?status=5xx&size=8', OFTEN)
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <Loaded of={status} what='the status'>{now => (
        <>
          <Attention status={now} upstreams={upstreams.data?.data ?? []} />
          <Now status={now} traffic={traffic.data} />
        </>
      )}
      </Loaded>
      <Loaded of={traffic} what='the traffic'>{data => <TrafficCharts traffic={data} />}</Loaded>
      <div class='halves'>
        <section>
          <div class='row between'><h2>Busiest routes</h2><a href={href(['routes'], { sort: '-rate' })}>All routes</a></div>
          <Loaded of={traffic} what='the traffic'>{data => <Busiest routes={data.routes.slice(0, 8)} />}</Loaded>
        </section>
        <section>
          <div class='row between'><h2>Upstreams</h2><a href={href(['upstreams'])}>All upstreams</a></div>
          <Loaded of={upstreams} what='the upstreams'>{({ data }) => <UpstreamHealth upstreams={data} />}</Loaded>
        </section>
      </div>
      <section>
        <div class='row between'><h2>Last 5xx</h2><a href={href(['requests'], { status: '5xx' })}>All of them</a></div>
        <Loaded of={failed} what='the requests'>{({ data }) => <RequestsTable label='Last requests answered with 5xx' rows={data} scope='f' empty={<Empty title='None of the requests that are still known was answered with 5xx.' />} />}</Loaded>
      </section>
      <Loaded of={status} what='the status'>{now => <Process status={now} />}</Loaded>
    </>
  )
}

function Attention ({ status, upstreams }: { readonly status: GatewayStatus, readonly upstreams: readonly UpstreamView[] }): JSX.Element {
  const limits = useResource<List<LimitView>>('/limits', SELDOM)
  const certificates = useResource<List<CertificateView>>('/certificates', 60_000)
  const points = attention({ status, upstreams, limits: limits.data?.data ?? [], certificates: certificates.data?.data ?? [] })
  return (
    <section aria-label='What needs attention' aria-live='polite' class='attention'>
      {points.length === 0 ? <p class='calm'><Mark tone='good'>ok</Mark> Nothing needs attention.</p> : <ul>{points.slice(0, MOST).map(point => <AttentionPoint key={point.text} point={point} />)}{points.length > MOST ? <li>and {points.length - MOST} more</li> : null}</ul>}
    </section>
  )
}

function AttentionPoint ({ point: { tone, text, to } }: { readonly point: Point }): JSX.Element {
  return <li class={tone}><Mark tone={tone}>{tone === 'bad' ? 'fault' : 'warning'}</Mark> <a href={to}>{text}</a></li>
}

/** The last minute in numbers. */
function Now ({ status, traffic }: { readonly status: GatewayStatus, readonly traffic: TrafficView | undefined }): JSX.Element {
  const steps = traffic === undefined ? 0 : Math.round(60_000 / traffic.step)
  const minute = (list: readonly number[] | undefined): number => (list ?? []).slice(-steps - 1, -1).reduce((sum, value) => sum + value, 0)
  const requests = minute(traffic?.series.requests)
  const refused = minute(traffic?.series.refused)
  const errors = minute(traffic?.series.errors)
  const p = (key: 'p50' | 'p99'): number | null => traffic?.series[key].slice(-steps - 1).findLast(value => value !== null) ?? null
  const tiles: ReadonlyArray<readonly [string, string, string]> = [
    ['Requests', `${rate(requests / 60)}/s`, `${count(requests)} in the last minute`],
    ['5xx', share(errors, requests), plural(errors, 'request')],
    ['4xx', share(refused, requests), plural(refused, 'request')],
    ['p50', duration(p('p50')), 'half are faster, latest 5 s'],
    ['p99', duration(p('p99')), '1 in 100 is slower, latest 5 s'],
    ['In flight', count(status.requests.in_flight), plural(status.connections, 'connection')]
  ]
  return (
    <section aria-label='The last minute'>
      <dl class='tiles'>
        {tiles.map(([name, value, more]) => <div key={name}><dt>{name}</dt><dd class='num'>{value}</dd><dd class='faint'>{more}</dd></div>)}
      </dl>
    </section>
  )
}

const BUSIEST: ReadonlyArray<Column<RouteTraffic>> = [
  { key: 'route', head: 'Route', grow: true, cell: row => row.route === null ? <a href={href(['requests'], { end: 'NR' })}>no route matched</a> : <a class='mono' href={href(['routes', row.route])}>{row.route}</a> },
  { key: 'rate', head: 'Req/s', number: true, cell: row => rate(row.per_second) },
  { key: 'refused', head: '4xx', number: true, from: 'medium', cell: row => share(row.refused, row.requests) },
  { key: 'errors', head: '5xx', number: true, cell: row => <span class={row.errors > 0 ? 'bad' : ''}>{share(row.errors, row.requests)}</span> },
  { key: 'p99', head: 'p99', number: true, cell: row => duration(row.p99) }
]

function Busiest ({ routes }: { readonly routes: readonly RouteTraffic[] }): JSX.Element {
  return <Table label='Busiest routes of the last minute' whole rows={routes} columns={BUSIEST} id={row => row.route ?? ''} scope='b' empty={<Empty title='No requests in the last minute.'>Send one through a listener, and it shows here within 5 s.</Empty>} />
}

const HEALTH: ReadonlyArray<Column<UpstreamView>> = [
  { key: 'name', head: 'Upstream', grow: true, cell: row => <a class='mono' href={href(['upstreams', row.name])}>{row.name}</a> },
  { key: 'health', head: 'Health', cell: row => <Health of={row.health} /> },
  { key: 'targets', head: 'Targets', number: true, cell: row => count(row.targets) }
]
const BADNESS = ['UNHEALTHY', 'DNS_ERROR', 'MIXED', 'HEALTHCHECKS_OFF', 'HEALTHY']

function UpstreamHealth ({ upstreams }: { readonly upstreams: readonly UpstreamView[] }): JSX.Element {
  const worst = [...upstreams].sort((a, b) => BADNESS.indexOf(a.health) - BADNESS.indexOf(b.health)).slice(0, 8)
  return <Table label='Upstreams, worst first' whole rows={worst} columns={HEALTH} id={row => row.id} scope='u' empty={<Empty title='The file has no upstreams.'>Services call their addresses directly. <a href={href(['upstreams'])}>Services</a></Empty>} />
}

function Process ({ status }: { readonly status: GatewayStatus }): JSX.Element {
  const { configuration: file, last_reload: last, workers } = status
  const memory = status.processes.reduce((sum, each) => sum + each.memory.rss, 0)
  return (
    <section>
      <h2>Process</h2>
      <Facts>
        <Fact name='Version'><span class='num'>{status.version}</span> on Node <span class='num'>{status.node}</span></Fact>
        <Fact name='Up'>{long(Date.now() - new Date(status.started_at).getTime())} <span class='faint'>pid {status.pid}</span></Fact>
        <Fact name='Listens on'><span class='codes'>{status.listen.map(each => <code key={each.port}>{each.scheme}://{each.host.includes(':') ? `[${each.host}]` : each.host}:{each.port}</code>)}</span></Fact>
        <Fact name='File'><code>{file.file}</code> <span class='faint'>{plural(file.services, 'service')}, {plural(file.routes, 'route')}, {plural(file.plugins, 'plugin')}, {plural(file.consumers, 'consumer')}</span></Fact>
        <Fact name='Snapshot'><span class='num'>{file.snapshot}</span> <span class='faint'>taken over {ago(file.loaded_at)}</span></Fact>
        <Fact name='Last reload'>{last === null ? <span class='faint'>none since the start</span> : <><Mark tone={last.ok ? 'good' : 'bad'}>{last.ok ? 'taken over' : 'refused'}</Mark> {ago(last.at)} <span class='faint'>by {last.trigger}, {duration(last.took)}</span></>}</Fact>
        <Fact name='Workers'><span class='num'>{workers.running} of {workers.configured}{workers.restarts > 0 ? `, ${plural(workers.restarts, 'restart')}` : ''}</span></Fact>
        <Fact name='Memory'><span class='num'>{bytes(memory)}</span></Fact>
        <Fact name='Since the start'>{plural(status.requests.total, 'request')}</Fact>
      </Facts>
    </section>
  )
}
