import type { JSX } from 'preact'
import type { LimitView, List } from '../../admin/api/types.ts'
import { count, share } from '../lib/format.ts'
import { where } from '../lib/limit-place.ts'
import { href } from '../lib/location.ts'
import { OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { LookUp } from '../parts/look-up.tsx'
import { Mark, PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'

/** `100 per minute, 5 per second` */
function windows (limit: LimitView): string {
  return limit.windows.map(({ name, period, limit: most }) => `${name === null ? '' : `${name}: `}${count(most)} ${/^\d+$/.test(period) ? `in ${period} s` : `per ${period}`}`).join(', ')
}

const COLUMNS: ReadonlyArray<Column<LimitView>> = [
  { key: 'plugin', head: 'Entry', by: row => row.instance_name ?? row.plugin, cell: row => <><span class='mono'>{row.instance_name ?? row.plugin}</span>{row.state === 'down' ? <span class='small-only'> <Mark tone='bad'>down</Mark></span> : null}</> },
  { key: 'where', head: 'Applies to', grow: true, by: where, cell: row => row.route === null ? where(row) : <a href={href(['routes', row.route.name ?? row.route.id])}>{where(row)}</a> },
  { key: 'windows', head: 'Allows', from: 'medium', cell: row => <span class='num' title={windows(row)}>{windows(row) || '–'}</span> },
  { key: 'by', head: 'Counted by', from: 'wide', by: row => row.limit_by ?? '', cell: row => row.limit_by ?? '–' },
  { key: 'store', head: 'Store', from: 'medium', by: row => row.state, cell: row => row.state === 'down' ? <Mark tone='bad'>{row.policy} down</Mark> : <span>{row.policy}</span> },
  { key: 'counters', head: 'Counters', number: true, from: 'wide', title: 'In the memory of the processes', by: row => row.counters, cell: row => count(row.counters) },
  { key: 'decisions', head: 'Decisions', number: true, from: 'medium', by: row => row.decisions, cell: row => count(row.decisions) },
  { key: 'refused', head: 'Refused', number: true, by: row => row.refused, cell: row => <>{count(row.refused)} <span class='faint medium-inline'>{share(row.refused, row.decisions)}</span></> },
  { key: 'errors', head: 'Errors', number: true, from: 'wide', title: 'Of the store', by: row => row.store_errors, cell: row => <span class={row.store_errors > 0 ? 'bad' : ''}>{count(row.store_errors)}</span> },
  { key: 'place', head: 'Place', from: 'wide', by: row => row.place.line, cell: row => <PlaceLink place={row.place} /> }
]

export function Limits (): JSX.Element {
  const limits = useResource<List<LimitView>>('/limits', OFTEN)
  return (
    <>
      <h1 tabIndex={-1}>Limits</h1>
      <Loaded of={limits} what='the limits'>{({ data }) => (
        <>
          <Table label='Limits' rows={data} columns={COLUMNS} id={row => row.entry} text={row => `${row.plugin} ${row.instance_name ?? ''} ${where(row)} ${row.limit_by ?? ''}`.toLowerCase()} empty={<Empty title='Nothing in the file counts requests.'>A plugin <code>rate-limiting</code> at a service, a route or a consumer does: <code>config: {'{ minute: 100, policy: local }'}</code>.</Empty>} />
          {data.some(each => each.can_look_up) ? <LookUp limits={data.filter(each => each.can_look_up)} /> : null}
        </>
      )}
      </Loaded>
    </>
  )
}
