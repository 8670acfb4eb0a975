import type { ComponentChildren, JSX } from 'preact'
import type { RequestView } from '../../admin/api/types.ts'
import { bytes, duration, time } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { End, Status } from './marks.tsx'
import { Table, type Column } from './table.tsx'

/** Path and query: scheme and host are the same on most lines. */
export function target (url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/'
}

const COLUMNS: ReadonlyArray<Column<RequestView>> = [
  { key: 'at', head: 'Time', by: row => row.at, cell: row => <a class='num' href={href(['requests', row.id])} aria-label={`${time(row.at)}: ${row.method} ${target(row.url)}`}>{time(row.at)}</a> },
  { key: 'status', head: 'Status', number: true, by: row => row.status, cell: row => <Status code={row.status} /> },
  { key: 'end', head: 'End', title: 'Why it ended: docs/end-reasons.md', by: row => row.end, cell: row => <End code={row.end} /> },
  { key: 'request', head: 'Request', grow: true, by: row => target(row.url), cell: row => <span class='mono' title={row.url}>{row.method} {target(row.url)}</span> },
  { key: 'route', head: 'Route', from: 'medium', by: row => row.route ?? '', cell: row => row.route === null ? <span class='faint'>none</span> : <a class='mono' href={href(['routes', row.route])}>{row.route}</a> },
  { key: 'consumer', head: 'Consumer', from: 'wide', by: row => row.consumer ?? '', cell: row => row.consumer === null ? <span class='faint'>–</span> : <span class='mono'>{row.consumer}</span> },
  { key: 'plugin', head: 'Ended by', from: 'medium', by: row => row.plugin ?? '', cell: row => row.plugin === null ? <span class='faint'>–</span> : <span class='mono'>{row.plugin}</span> },
  { key: 'total', head: 'Total', number: true, from: 'medium', by: row => row.latencies.total, cell: row => duration(row.latencies.total) },
  { key: 'upstream', head: 'Upstream', number: true, from: 'wide', title: 'Until the head of the upstream\'s answer', by: row => row.latencies.upstream ?? -1, cell: row => duration(row.latencies.upstream) },
  { key: 'bytes', head: 'Sent', number: true, from: 'wide', by: row => row.response_bytes, cell: row => bytes(row.response_bytes) }
]

const WITHOUT_ROUTE = COLUMNS.filter(column => column.key !== 'route')

interface RequestsTableProps {
  readonly label: string
  readonly rows: readonly RequestView[]
  readonly empty: ComponentChildren
  readonly scope?: string
  /** Says no route: it is known. */
  readonly ofOneRoute?: boolean
  readonly searched?: boolean
  readonly tools?: ComponentChildren
}

export function RequestsTable ({ label, rows, empty, scope = '', ofOneRoute = false, searched = false, tools }: RequestsTableProps): JSX.Element {
  const text = (row: RequestView): string => `${row.id} ${row.method} ${row.url} ${row.status} ${row.route ?? ''} ${row.consumer ?? ''} ${row.client_ip} ${row.error ?? ''} ${row.plugin ?? ''}`.toLowerCase()
  return <Table label={label} rows={rows} columns={ofOneRoute ? WITHOUT_ROUTE : COLUMNS} id={row => row.id} scope={scope} empty={empty} {...(searched ? { text, search: 'Path, id, address, consumer…' } : {})} {...(tools === undefined ? {} : { tools })} />
}
