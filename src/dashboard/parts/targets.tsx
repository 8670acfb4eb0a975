/** The targets of one upstream, each address with how it fares. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { List, RequestView, TargetHealthView } from '../../admin/api/types.ts'
import { count, duration, share } from '../lib/format.ts'
import { endpoint, MANY, OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Breaker, Health, Mark, PlaceLink } from './marks.tsx'
import { Empty, Loaded } from './states.tsx'
import { Table, type Column } from './table.tsx'

interface Row {
  readonly id: string
  readonly target: TargetHealthView
  readonly address: TargetHealthView['addresses'][number] | null
  readonly weights: number
  readonly latency: Latency | undefined
}

interface Latency {
  readonly requests: number
  readonly p50: number
  readonly slowest: number
}

const COLUMNS: ReadonlyArray<Column<Row>> = [
  { key: 'target', head: 'Target', grow: true, by: row => row.target.target, cell: row => <span class='mono'>{row.target.target}{row.target.failover ? <> <Mark tone='quiet' title='Used while no other one can be'>failover</Mark></> : null}</span> },
  { key: 'address', head: 'Address', from: 'medium', by: row => row.address?.ip ?? '', cell: row => row.address === null ? <span class='faint'>none known</span> : <span class='mono'>{row.address.ip.includes(':') ? `[${row.address.ip}]` : row.address.ip}:{row.address.port}</span> },
  { key: 'health', head: 'Health', by: row => row.address?.health ?? row.target.health, cell: row => <Health of={row.address?.health ?? row.target.health} /> },
  { key: 'processes', head: 'Sick in', from: 'wide', title: 'Processes that hold it for unhealthy', cell: row => row.address === null ? '–' : <span class='num'>{row.address.unhealthy_in} of {row.address.processes}</span> },
  { key: 'weight', head: 'Weight', number: true, by: row => row.target.weight ?? 0, cell: row => <Weight of={row} /> },
  { key: 'breaker', head: 'Breaker', by: row => row.address?.circuit_breaker ?? '', cell: row => <Breaker state={row.address?.circuit_breaker ?? null} /> },
  { key: 'connections', head: 'Busy, idle', number: true, from: 'wide', title: 'Connections of the gateway to it', by: row => row.address?.connections.busy ?? 0, cell: row => row.address === null ? '–' : `${row.address.connections.busy}, ${row.address.connections.idle}` },
  { key: 'p50', head: 'p50', number: true, from: 'medium', title: 'Time to the head of its answer, of the requests that are still known', by: row => row.latency?.p50 ?? -1, cell: row => duration(row.latency?.p50) },
  { key: 'slowest', head: 'Slowest', number: true, from: 'medium', title: 'Of the requests that are still known', by: row => row.latency?.slowest ?? -1, cell: row => row.latency === undefined ? '–' : <>{duration(row.latency.slowest)} <span class='faint'>of {count(row.latency.requests)}</span></> },
  { key: 'place', head: 'Place', from: 'wide', cell: row => <PlaceLink place={row.target.place} /> }
]

function Weight ({ of: { target: { weight }, weights } }: { readonly of: Row }): JSX.Element {
  if (weight === null) return <code>***</code>
  if (weight === 0) return <Mark tone='quiet'>drained</Mark>
  return <>{count(weight)} <span class='faint medium-inline'>{share(weight, weights)}</span></>
}

export function Targets ({ upstream }: { readonly upstream: string }): JSX.Element {
  const targets = useResource<List<TargetHealthView>>(endpoint('upstreams', upstream, 'health'), OFTEN)
  const requests = useResource<List<RequestView>>(`/requests?size=${MANY}`, OFTEN)
  const known = useMemo(() => latencies(requests.data?.data ?? []), [requests.data])
  return (
    <Loaded of={targets} what={`the targets of ${upstream}`}>{({ data }) => (
      <Table label={`Targets of ${upstream}`} scope={`${upstream}.`} rows={rowsOf(data, known)} columns={COLUMNS} id={row => row.id} empty={<Empty title='It has no targets.'>Every request to it is answered with 503. Add <code>targets:</code> with <code>target: host:port</code>.</Empty>} />
    )}
    </Loaded>
  )
}

function rowsOf (targets: readonly TargetHealthView[], known: ReadonlyMap<string, Latency>): Row[] {
  const weights = targets.reduce((sum, each) => sum + (each.failover ? 0 : each.weight ?? 0), 0)
  return targets.flatMap((target): Row[] => target.addresses.length === 0
    ? [{ id: target.id, target, address: null, weights, latency: undefined }]
    : target.addresses.map(address => {
      const text = address.ip.includes(':') ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
      return { id: `${target.id} ${text}`, target, address, weights, latency: known.get(text) ?? known.get(target.target) }
    }))
}

/** By the address that was asked. */
function latencies (requests: readonly RequestView[]): Map<string, Latency> {
  const times = new Map<string, number[]>()
  for (const { upstream, latencies: { upstream: took } } of requests) {
    if (upstream === null || took === null) continue
    const key = upstream.replace(/^https?:\/\//, '')
    times.set(key, [...times.get(key) ?? [], took])
  }
  return new Map([...times].map(([key, list]) => {
    const sorted = list.sort((a, b) => a - b)
    return [key, { requests: sorted.length, p50: sorted[Math.floor((sorted.length - 1) / 2)] as number, slowest: sorted.at(-1) as number }]
  }))
}
