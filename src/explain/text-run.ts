/** What a run showed, for people. */
import type { Painter } from '../cli/paint.ts'
import { at, block, wrap } from './text-parts.ts'
import type { Change, ExplainedRun, RunStep } from './run-types.ts'

export function runText (run: ExplainedRun | null, file: string, paint: Painter): string {
  if (run === null) return ''
  return [
    ...block('RUN, with stubs in the place of all other servers', [
      ...run.steps.filter(shown).flatMap(step => stepLines(step, file, paint)),
      ...run.not_reached.length === 0 ? [] : wrap(`not reached: ${run.not_reached.join(', ')}`),
      ...run.failed_tries.flatMap(text => wrap(text, paint.warning('! '))),
      ...run.missing.flatMap(to => wrap(`no stub stands for ${to}: the connection failed`, paint.warning('! ')))
    ], paint),
    ...run.sent.flatMap(({ to, purpose, method, target, headers, body }) => block(`${purpose === 'upstream' ? 'SERVICE' : 'SERVER OF A PLUGIN'} ${to} GOT`, [
      ...wrap(`${method} ${target}`),
      ...headers.flatMap(({ name, value }) => wrap(`${name}: ${value}`, '  ', '      ')),
      ...bodyLines(body),
      ...purpose === 'upstream' ? [] : wrap(`A stub has answered: --stub ${to}=403, say, has it answer something else.`)
    ], paint)),
    ...block('ANSWER', [
      ...wrap(`${statusText(run.answer.status, paint)} by ${run.answered_by === 'upstream' ? 'the service' : run.answered_by}${run.end_reason === null || run.end_reason === '-' ? '' : ` (${run.end_reason})`}${run.consumer === null ? '' : `, for ${run.consumer}`}`),
      ...run.answer.headers.flatMap(({ name, value }) => wrap(`${name}: ${value}`, '  ', '      ')),
      ...bodyLines(run.answer.body)
    ], paint)
  ].map(line => `${line.trimEnd()}\n`).join('')
}

/** A response hook that left the answer alone is no news. */
function shown ({ phase, outcome, changes }: RunStep): boolean {
  return phase !== 'response' || outcome !== 'passed' || changes.length > 0
}

function stepLines ({ plugin, entry, phase, outcome, status, code, changes }: RunStep, file: string, paint: Painter): string[] {
  const words = {
    passed: changes.length === 0 ? 'let it pass' : 'changed',
    answered: `${paint.warning('answered')} ${status ?? ''}`,
    refused: `${paint.error('refused')} with ${status ?? ''}${code === null ? '' : ` (${code})`}`,
    assumed: 'taken for granted'
  }
  return [
    ...wrap(`${plugin}, ${phase}: ${words[outcome]}${at(entry, file)}`),
    ...changes.flatMap(change => changeLines(change, paint))
  ]
}

function changeLines ({ of, what, name, before, after }: Change, paint: Painter): string[] {
  const label = `${of === 'answer' ? 'answer ' : ''}${what === 'header' ? name ?? '' : what}`
  if (before === null) return wrap(`${label}: ${after ?? ''}`, `  ${paint.good('+')} `, '        ')
  if (after === null) return wrap(`${label}: ${before}`, `  ${paint.error('-')} `, '        ')
  return wrap(`${label}: ${before} → ${after}`, '  ~ ', '        ')
}

function bodyLines (body: string | null): string[] {
  return body === null ? [] : ['', ...body.split('\n').map(line => `  ${line}`)]
}

function statusText (status: number, paint: Painter): string {
  return status < 400 ? paint.good(String(status)) : paint.error(String(status))
}
