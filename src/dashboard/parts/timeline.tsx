/** Where the time of one request went: a line a step, with its bar. */
import type { JSX } from 'preact'
import type { RequestDetails, TimelineView } from '../../admin/api/types.ts'
import { duration } from '../lib/format.ts'
import { Mark } from './marks.tsx'

interface Step {
  readonly name: string
  readonly what: string
  readonly from: number
  readonly to: number
  readonly outcome: string
  readonly tone: 'good' | 'warn' | 'bad' | 'quiet'
}

const TONES: Readonly<Record<TimelineView['plugins'][number]['outcome'], Step['tone']>> = { passed: 'good', answered: 'warn', failed: 'bad', unfinished: 'warn' }

export function Timeline ({ request }: { readonly request: RequestDetails }): JSX.Element {
  const { timeline } = request
  if (timeline === null) {
    return (
      <>
        <Bars total={request.latencies.total} steps={coarse(request)} />
        <p class='faint'>No step by step timeline was kept of this request. A debug token in the header <code>X-Sallyport-Debug</code> turns one on: <code>sallyport debug-token</code> makes it.</p>
      </>
    )
  }
  return (
    <>
      <Bars total={timeline.total} steps={fine(timeline)} />
      {timeline.cache === null ? null : <p>Cache: <code>{timeline.cache}</code></p>}
    </>
  )
}

function coarse ({ latencies: { total, gateway, upstream }, upstream_status: status, end }: RequestDetails): Step[] {
  const steps: Step[] = [{ name: 'gateway', what: 'before the upstream was called', from: 0, to: gateway, outcome: upstream === null && end !== '-' ? end : 'passed', tone: upstream === null && end !== '-' ? 'warn' : 'good' }]
  if (upstream !== null) {
    steps.push({ name: 'upstream', what: 'until the head of its answer', from: gateway, to: Math.min(total, gateway + upstream), outcome: String(status ?? end), tone: status !== null && status < 500 ? 'good' : 'bad' })
    steps.push({ name: 'answer', what: 'its body, on the way to the client', from: Math.min(total, gateway + upstream), to: total, outcome: 'sent', tone: 'quiet' })
  }
  return steps
}

function fine (timeline: TimelineView): Step[] {
  const plugins = timeline.plugins.map((each): Step => ({ name: each.plugin, what: each.phase, from: each.from, to: each.to, outcome: each.error ?? each.outcome, tone: TONES[each.outcome] }))
  const tries = timeline.tries.map((each): Step => ({
    name: `${each.host}:${each.port}`,
    what: each.head === null ? 'upstream' : `upstream, head after ${duration(each.head - each.from)}`,
    from: each.from,
    to: each.to,
    outcome: each.error ?? String(each.status ?? 'no answer'),
    tone: each.error === null && each.status !== null && each.status < 500 ? 'good' : 'bad'
  }))
  return [...plugins, ...tries].sort((a, b) => a.from - b.from || a.to - b.to)
}

function Bars ({ total, steps }: { readonly total: number, readonly steps: readonly Step[] }): JSX.Element {
  const percent = (value: number): string => `${Math.min(100, Math.max(0, total === 0 ? 0 : value / total * 100))}%`
  return (
    <div class='frame' role='region' aria-label='Timeline' tabIndex={0}>
      <table class='lines timeline'>
        <caption class='sr'>Steps in the order in which they began, of {duration(total)} in all</caption>
        <thead><tr><th scope='col'>Step</th><th scope='col' class='medium'>Phase</th><th scope='col'>Outcome</th><th scope='col' class='num medium'>At</th><th scope='col' class='num'>Took</th><th scope='col' class='grow medium'><span class='sr'>Bar</span></th></tr></thead>
        <tbody>
          {steps.map((step, i) => (
            <tr key={i}>
              <th scope='row' class='mono step'>{step.name}</th>
              <td class='medium faint'>{step.what}</td>
              <td><Mark tone={step.tone}>{step.outcome}</Mark></td>
              <td class='num medium'>{duration(step.from)}</td>
              <td class='num'>{duration(step.to - step.from)}</td>
              <td class='grow medium' aria-hidden='true'><div class='track'><div class={`span ${step.tone}`} style={{ marginLeft: percent(step.from), width: percent(step.to - step.from) }} /></div></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
