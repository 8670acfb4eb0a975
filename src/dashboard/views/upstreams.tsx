import type { JSX } from 'preact'
import type { List, ServiceView, UpstreamView } from '../../admin/api/types.ts'
import { count, duration } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Breaker, Health, PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Targets } from '../parts/targets.tsx'

/** So many upstreams are shown with their targets at once. */
const AT_ONCE = 6

const UPSTREAMS: ReadonlyArray<Column<UpstreamView>> = [
  { key: 'name', head: 'Upstream', by: row => row.name, grow: true, cell: row => <a class='mono' href={href(['upstreams', row.name])}>{row.name}</a> },
  { key: 'health', head: 'Health', by: row => row.health, cell: row => <Health of={row.health} /> },
  { key: 'targets', head: 'Targets', number: true, by: row => row.targets, cell: row => count(row.targets) },
  { key: 'algorithm', head: 'Algorithm', from: 'medium', by: row => row.algorithm, cell: row => row.algorithm },
  { key: 'services', head: 'Used by', from: 'medium', by: row => row.services.length, cell: row => <span class='mono'>{row.services.map(each => each.name ?? each.id).join(' ')}</span> },
  { key: 'place', head: 'Place', from: 'wide', by: row => row.place.line, cell: row => <PlaceLink place={row.place} /> }
]

type State = ServiceView['circuit_breakers'][number]['state'] | null

/** The one that lets the fewest through. */
function worst ({ circuit_breakers: breakers }: ServiceView): State {
  return breakers.find(each => each.state === 'open')?.state ?? breakers.find(each => each.state === 'half-open')?.state ?? breakers[0]?.state ?? null
}

const SERVICES: ReadonlyArray<Column<ServiceView>> = [
  { key: 'name', head: 'Service', by: row => row.name ?? row.id, cell: row => <span class='mono'>{row.name ?? row.id}</span> },
  { key: 'address', head: 'Address', grow: true, by: row => row.host, cell: row => <span class='mono'>{row.protocol}://{row.upstream === null ? `${row.host}:${row.port ?? '***'}` : <a href={href(['upstreams', row.upstream.name ?? row.upstream.id])}>{row.host}</a>}{row.path}</span> },
  { key: 'routes', head: 'Routes', number: true, by: row => row.routes, cell: row => <a href={href(['routes'], { q: row.name ?? row.id })}>{count(row.routes)}</a> },
  { key: 'breaker', head: 'Breaker', by: row => worst(row) ?? '', cell: row => <Breaker state={worst(row)} /> },
  { key: 'connect', head: 'Connect', number: true, from: 'wide', title: 'Longest time', by: row => row.connect_timeout ?? 0, cell: row => duration(row.connect_timeout) },
  { key: 'read', head: 'Read', number: true, from: 'wide', title: 'Longest time', by: row => row.read_timeout ?? 0, cell: row => duration(row.read_timeout) },
  { key: 'retries', head: 'Retries', number: true, from: 'wide', by: row => row.retries ?? 0, cell: row => row.retries === null ? '***' : count(row.retries) },
  { key: 'place', head: 'Place', from: 'medium', by: row => row.place.line, cell: row => <PlaceLink place={row.place} /> }
]

export function Upstreams (): JSX.Element {
  const upstreams = useResource<List<UpstreamView>>('/upstreams', OFTEN)
  const services = useResource<List<ServiceView>>('/services', OFTEN)
  return (
    <>
      <h1 tabIndex={-1}>Upstreams</h1>
      <Loaded of={upstreams} what='the upstreams'>{({ data }) => (
        <>
          <Table label='Upstreams' rows={data} columns={UPSTREAMS} id={row => row.id} whole={data.length <= 60} text={row => `${row.name} ${row.algorithm} ${row.services.map(each => each.name).join(' ')} ${row.tags.join(' ')}`.toLowerCase()} empty={<Empty title='The file has no upstreams.'>Services call their addresses directly. An upstream spreads requests over several targets and takes sick ones out: <code>upstreams:</code> with <code>targets:</code>, and a service whose <code>host</code> is its name.</Empty>} />
          {data.length > AT_ONCE ? null : data.map(each => <section key={each.id}><h2 class='mono'>{each.name}</h2><Targets upstream={each.name} /></section>)}
        </>
      )}
      </Loaded>
      <section>
        <h2>Services</h2>
        <Loaded of={services} what='the services'>{({ data }) => <Table label='Services' scope='s' rows={data} columns={SERVICES} id={row => row.id} text={row => `${row.name ?? ''} ${row.host} ${row.path ?? ''} ${row.tags.join(' ')}`.toLowerCase()} empty={<Empty title='The file has no services.'>A service is an API behind the gateway: <code>services:</code> with <code>name</code>, <code>url</code> and <code>routes</code>.</Empty>} />}</Loaded>
      </section>
    </>
  )
}
