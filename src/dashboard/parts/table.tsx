/**
 * The table of all views: sorted by its heads, searched from above, and windowed, so that 10,000 rows cost what 40 do.
 *
 * Rows have one height. Sort and search are part of the address. The order of rows that change while one looks is held as
 * long as the pointer or the focus is among them, and focus stays on its row.
 */
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../lib/format.ts'
import { narrow, usePlace } from '../lib/location.ts'

export interface Column<Row> {
  readonly key: string
  readonly head: string
  /** Explains the head. */
  readonly title?: string
  readonly cell: (row: Row) => ComponentChildren
  /** By what it is sorted; without, it is not. */
  readonly by?: (row: Row) => string | number
  /** A number, to the right; sorted from the largest. */
  readonly number?: boolean
  /** From which width of the page on it is shown. */
  readonly from?: 'medium' | 'wide'
  /** Is cut early. */
  readonly narrow?: boolean
  /** Takes the room that the others leave. */
  readonly grow?: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: ReadonlyArray<Column<Row>>
  readonly id: (row: Row) => string
  /** Text that the search looks through, lower case; without, there is no search. */
  readonly text?: (row: Row) => string
  readonly search?: string
  /** First order, `key` or `-key`; without, that of `rows`. */
  readonly order?: string
  readonly empty: ComponentChildren
  /** Names of the address's parts, where a view has several tables. */
  readonly scope?: string
  /** As many rows as there are, without a frame of its own to scroll. */
  readonly whole?: boolean
  /** Beside the search. */
  readonly tools?: ComponentChildren
}

/** Pixels, as in table.css. */
const ROW = 32
const OVERSCAN = 12
/** Rows that nobody has to search. */
const FEW = 10

export function Table<Row> (props: TableProps<Row>): JSX.Element {
  const { label, rows, columns, id, text, scope = '', empty } = props
  const { query } = usePlace()
  const wanted = query[`${scope}q`] ?? ''
  const order = query[`${scope}sort`] ?? props.order ?? ''
  const frame = useRef<HTMLDivElement>(null)
  const held = useRef<{ readonly order: string, readonly places: ReadonlyMap<string, number> } | null>(null)
  const [view, setView] = useState({ top: 0, height: 640 })

  const found = useMemo(() => search(rows, text, wanted), [rows, wanted])
  const sorted = useMemo(() => {
    const reading = frame.current?.querySelector('tbody')?.matches(':hover, :focus-within') === true
    if (reading && held.current !== null && held.current.order === order) return inPlaces(found, id, held.current.places)
    const next = sort(found, columns, order)
    held.current = { order, places: new Map(next.map((row, i) => [id(row), i])) }
    return next
  }, [found, order])

  const windowed = props.whole !== true && sorted.length > 60
  const first = windowed ? Math.min(Math.max(0, Math.floor(view.top / ROW) - OVERSCAN), Math.max(0, sorted.length - 1)) : 0
  const last = windowed ? Math.min(sorted.length, Math.ceil((view.top + view.height) / ROW) + OVERSCAN) : sorted.length
  keepFocus(frame)

  useLayoutEffect(() => {
    const element = frame.current
    if (element === null || !windowed) return
    const look = (): void => { setView({ top: element.scrollTop, height: element.clientHeight }) }
    look()
    element.addEventListener('scroll', look, { passive: true })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      observer.disconnect()
    }
  }, [windowed])

  // what was found stands at the top
  useLayoutEffect(() => { if (frame.current !== null) frame.current.scrollTop = 0 }, [wanted, order])

  const searched = text !== undefined && (rows.length > FEW || wanted !== '')
  const above = first * ROW
  const below = (sorted.length - last) * ROW
  return (
    <div class='table'>
      {!searched && props.tools === undefined
        ? null
        : (
          <div class='tools'>
            {!searched ? null : <Search label={props.search ?? `Search ${label.toLowerCase()}`} value={wanted} onInput={value => { narrow({ [`${scope}q`]: value }) }} />}
            {props.tools}
            <p class='found' role='status'>{wanted === '' ? `${count(rows.length)} in all` : `${count(sorted.length)} of ${count(rows.length)}`}</p>
          </div>
          )}
      {rows.length === 0
        ? empty
        : (
          <div class={`frame ${windowed ? 'windowed' : ''}`} ref={frame} role='region' aria-label={label} tabIndex={0}>
            <table aria-rowcount={windowed ? sorted.length + 1 : undefined}>
              <caption class='sr'>{label}</caption>
              <thead>
                <tr>{columns.map(column => <Head key={column.key} column={column} order={order} onOrder={next => { narrow({ [`${scope}sort`]: next === props.order ? undefined : next }) }} />)}</tr>
              </thead>
              <tbody>
                {above === 0 ? null : <tr key=' above' aria-hidden='true' class='gap'><td colSpan={columns.length} style={{ height: `${above}px` }} /></tr>}
                {sorted.slice(first, last).map((row, i) => (
                  <tr key={id(row)} data-row={id(row)} aria-rowindex={windowed ? first + i + 2 : undefined}>
                    {columns.map((column, at) => <Cell key={column.key} column={column} row={row} head={at === 0} />)}
                  </tr>
                ))}
                {below === 0 ? null : <tr key=' below' aria-hidden='true' class='gap'><td colSpan={columns.length} style={{ height: `${below}px` }} /></tr>}
              </tbody>
            </table>
            {sorted.length === 0 ? <p class='nothing'>Nothing has “{wanted}” in it. <button type='button' class='link' onClick={() => { narrow({ [`${scope}q`]: undefined }) }}>Show all</button></p> : null}
          </div>
          )}
    </div>
  )
}

function Search ({ label, value, onInput }: { readonly label: string, readonly value: string, readonly onInput: (value: string) => void }): JSX.Element {
  return <input type='search' aria-label={label} placeholder={label} value={value} autoComplete='off' spellcheck={false} onInput={event => { onInput(event.currentTarget.value) }} />
}

function classOf<Row> (column: Column<Row>): string {
  return `${column.number === true ? 'num ' : ''}${column.grow === true ? 'grow ' : ''}${column.narrow === true ? 'narrow ' : ''}${column.from ?? ''}`
}

function Head<Row> ({ column, order, onOrder }: { readonly column: Column<Row>, readonly order: string, readonly onOrder: (order: string) => void }): JSX.Element {
  if (column.by === undefined) return <th scope='col' class={classOf(column)} title={column.title}>{column.head}</th>
  const now = order === column.key ? 'ascending' : order === `-${column.key}` ? 'descending' : 'none'
  const next = now === 'none' ? (column.number === true ? `-${column.key}` : column.key) : now === 'ascending' ? `-${column.key}` : column.key
  return (
    <th scope='col' class={classOf(column)} aria-sort={now} title={column.title}>
      <button type='button' onClick={() => { onOrder(next) }}>{column.head}<span class='arrow' aria-hidden='true'>{now === 'ascending' ? '↑' : now === 'descending' ? '↓' : ''}</span></button>
    </th>
  )
}

function Cell<Row> ({ column, row, head }: { readonly column: Column<Row>, readonly row: Row, readonly head: boolean }): JSX.Element {
  if (head) return <th scope='row' class={classOf(column)}>{column.cell(row)}</th>
  return <td class={classOf(column)}>{column.cell(row)}</td>
}

function search<Row> (rows: readonly Row[], text: ((row: Row) => string) | undefined, wanted: string): readonly Row[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(word => word !== '')
  if (text === undefined || words.length === 0) return rows
  return rows.filter(row => {
    const has = text(row)
    return words.every(word => has.includes(word))
  })
}

const collator = new Intl.Collator('en', { numeric: true })

function sort<Row> (rows: readonly Row[], columns: ReadonlyArray<Column<Row>>, order: string): readonly Row[] {
  const down = order.startsWith('-')
  const by = columns.find(column => column.key === (down ? order.slice(1) : order))?.by
  if (by === undefined) return rows
  const keyed = rows.map(row => ({ row, key: by(row) }))
  keyed.sort((a, b) => typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : collator.compare(String(a.key), String(b.key)))
  if (down) keyed.reverse()
  return keyed.map(each => each.row)
}

/** As they stood; new ones at the end. */
function inPlaces<Row> (rows: readonly Row[], id: (row: Row) => string, places: ReadonlyMap<string, number>): readonly Row[] {
  return [...rows].sort((a, b) => (places.get(id(a)) ?? Infinity) - (places.get(id(b)) ?? Infinity) || 0)
}

/** A browser takes the focus from an element that is moved; this gives it back. */
function keepFocus (frame: { readonly current: HTMLDivElement | null }): void {
  const before = document.activeElement
  const row = before !== null && frame.current?.contains(before) === true ? before.closest('[data-row]')?.getAttribute('data-row') ?? null : null
  useLayoutEffect(() => {
    if (row === null || document.activeElement === before) return
    const again = frame.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"] :is(a, button)`)
    if (again === null || again === undefined) frame.current?.focus({ preventScroll: true })
    else again.focus({ preventScroll: true })
  })
}
