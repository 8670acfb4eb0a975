/**
 * Lines over time. uPlot draws them; keyboard and screen reader get a slider over the same points, and a table.
 */
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import Plot from 'uplot'
import { time } from '../lib/format.ts'
import { onThemeChange } from '../lib/theme.ts'

export interface Line {
  readonly label: string
  /** Name of a colour of the style sheet: `--line-1`. */
  readonly colour: string
  readonly dash?: readonly number[]
  readonly fill?: boolean
  readonly values: ReadonlyArray<number | null>
}

interface ChartProps {
  readonly title: string
  /** Beginning of each step: milliseconds since the epoch. */
  readonly at: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  readonly empty: string
}

const HEIGHT = 168

export function Chart ({ title, at, lines, format, empty }: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | null>(null)
  const [chosen, setChosen] = useState<number | null>(null)
  const [open, setOpen] = useState(false)
  const data: Plot.AlignedData = [at.map(each => each / 1000), ...lines.map(line => [...line.values])]
  const latest = useRef({ data, format })
  latest.current = { data, format }

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new Plot(options(element, lines, value => latest.current.format(value), setChosen), latest.current.data, element)
    }
    draw()
    const observer = new ResizeObserver(() => { plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }) })
    observer.observe(element)
    const forget = onThemeChange(draw)
    return () => {
      forget()
      observer.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [lines.map(line => line.label).join()])

  useEffect(() => { plot.current?.setData(data) }, [at, lines])

  const last = at.length - 1
  const index = Math.min(chosen ?? last, last)
  const words = index < 0 ? empty : `${time(at[index] as number)}: ${lines.map(line => `${line.label} ${shown(line.values[index], format)}`).join(', ')}`

  function move (event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 12, PageDown: -12 }[event.key]
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? last : step === undefined ? null : Math.min(last, Math.max(0, index + step))
    if (event.key === 'Escape') choose(null)
    else if (to !== null) choose(to)
    else return
    event.preventDefault()
  }

  function choose (to: number | null): void {
    setChosen(to)
    const drawn = plot.current
    if (drawn === null) return
    if (to === null) drawn.setCursor({ left: -10, top: -10 }, false)
    else drawn.setCursor({ left: drawn.valToPos((at[to] as number) / 1000, 'x'), top: 0 }, false)
  }

  return (
    <figure class='chart'>
      <figcaption>
        <h3>{title}</h3>
        <p class='when faint'>{index < 0 ? '' : time(at[index] as number)}</p>
      </figcaption>
      <ul class='legend'>
        {lines.map(line => (
          <li key={line.label}><span class={`key ${line.colour.slice(2)} ${line.dash === undefined ? '' : 'dashed'}`} aria-hidden='true' />{line.label} <b class='num'>{shown(line.values[index], format)}</b></li>
        ))}
      </ul>
      <div
        class='plot' ref={box} role='slider' tabIndex={0} aria-label={`${title}: move through time with the arrow keys`} aria-orientation='horizontal'
        aria-valuemin={0} aria-valuemax={Math.max(0, last)} aria-valuenow={Math.max(0, index)} aria-valuetext={words} onKeyDown={move} onBlur={() => { choose(null) }}
      />
      {/* 60 rows a chart that nobody asked for would be built anew every 5 s */}
      <details class='values' onToggle={event => { setOpen(event.currentTarget.open) }}>
        <summary>Values<span class='sr'> of {title}</span></summary>
        {open ? <Values title={title} at={at} lines={lines} format={format} /> : null}
      </details>
    </figure>
  )
}

function shown (value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** The last minutes in numbers, newest first. */
function Values ({ title, at, lines, format }: Omit<ChartProps, 'empty'>): JSX.Element {
  const steps = at.map((_, i) => at.length - 1 - i).slice(0, 60)
  return (
    <div class='frame small' role='region' aria-label={`${title}, values`} tabIndex={0}>
      <table>
        <thead><tr><th scope='col'>Time</th>{lines.map(line => <th scope='col' class='num' key={line.label}>{line.label}</th>)}</tr></thead>
        <tbody>{steps.map(i => <tr key={at[i]}><th scope='row' class='num'>{time(at[i] as number)}</th>{lines.map(line => <td class='num' key={line.label}>{shown(line.values[i], format)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  )
}

/** Steps with something, between two with nothing. */
export function alone (values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (_, at) => at).filter(at => (values[at] ?? 0) > 0 && !((values[at - 1] ?? 0) > 0) && !((values[at + 1] ?? 0) > 0))
}

function options (element: HTMLElement, lines: readonly Line[], format: (value: number) => string, onCursor: (index: number | null) => void): Plot.Options {
  const style = getComputedStyle(element)
  // a canvas can't read light-dark(): a probe says what it comes to
  const colour = (name: string): string => {
    const probe = document.createElement('span')
    probe.style.color = `var(${name})`
    element.append(probe)
    const value = getComputedStyle(probe).color
    probe.remove()
    return value
  }
  const font = `11px ${style.fontFamily}`
  const axis = { stroke: colour('--faint'), font, ticks: { show: false }, grid: { stroke: colour('--rule'), width: 1 } }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [6, 2, 0, 0],
    legend: { show: false },
    cursor: { x: true, y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, max === null || max <= 0 ? 1 : max * 1.08] } },
    axes: [
      { ...axis, size: 26, space: 70, values: [[3600, '{HH}:{mm}', null, null, null, null, null, null, 1], [60, '{HH}:{mm}', null, null, null, null, null, null, 1], [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1]] },
      { ...axis, size: 58, space: 34, values: (_, ticks) => ticks.map(tick => format(tick)) }
    ],
    series: [{}, ...lines.map(line => ({
      label: line.label,
      stroke: colour(line.colour),
      width: 1.5,
      // a line of one point is none: steps that stand alone are dots
      points: { show: true, size: 6, fill: colour(line.colour), filter: (drawn: Plot, number: number) => alone(drawn.data[number] ?? []) },
      ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
      // where the system chooses the colours there is none that lets lines through
      ...(line.fill === true && !matchMedia('(forced-colors: active)').matches ? { fill: colour(`${line.colour}-fill`) } : {})
    }))],
    hooks: { setCursor: [drawn => { onCursor(drawn.cursor.left !== undefined && drawn.cursor.left >= 0 ? drawn.cursor.idx ?? null : null) }] }
  }
}
