import type { Painter } from '../../cli/paint.ts'
import { excerpt } from '../../cli/report/excerpt.ts'
import { textReport } from '../../cli/report/text.ts'
import { Lines } from '../../config/yaml/lines.ts'
import type { Coverage } from '../coverage.ts'
import type { FileResult, Problem, RunResult, TestResult } from '../result.ts'

/** Lines about what is not covered; a large file has thousands. */
const MOST = 40

/** What a person reads: one line a test, and for each that failed the place, expected and got, and why. */
export function prettyFile (result: FileResult, paint: Painter): string {
  const out = [paint.strong(result.file)]
  for (const { diagnostics, text } of result.errors) out.push(textReport(diagnostics, text, paint).trimEnd())
  const lines = new Lines(result.text)
  for (const test of result.results) out.push(...testLines(test, result.file, lines, paint))
  return `${out.join('\n').trimEnd()}\n\n`
}

function testLines ({ name, status, reason, problems }: TestResult, file: string, lines: Lines, paint: Painter): string[] {
  if (status === 'passed') return [`  ${paint.good('ok')}      ${name}`]
  if (status === 'skipped') return [`  ${paint.warning('skipped')} ${name} ${paint.faint(`(${reason ?? ''})`)}`]
  return [`  ${paint.error('failed')}  ${paint.strong(name)}`, ...problems.flatMap(problem => problemLines(problem, file, lines, paint))]
}

function problemLines ({ range, step, message, why }: Problem, file: string, lines: Lines, paint: Painter): string[] {
  const place = range === null ? '' : `${file}:${range.line}:${range.column}: `
  const out = [`    ${paint.strong(place)}${message}${step === null ? '' : paint.faint(` (${step})`)}`]
  if (range !== null && range.line <= lines.count) out.push(...excerpt(lines, range, String(range.line).length, paint.error, paint.faint).split('\n').map(line => `    ${line}`))
  if (why.length > 0) out.push(...why.map((line, index) => `    ${index === 0 ? paint.faint('why:') : '    '} ${line}`), '')
  return out
}

/** The count at the end, after the coverage if it is wanted. */
export function prettyEnd ({ files, coverage, took }: RunResult, wantsCoverage: boolean, paint: Painter): string {
  const all = files.flatMap(({ results }) => results)
  const count = (status: TestResult['status']): number => all.filter(result => result.status === status).length
  const broken = files.filter(({ errors }) => errors.length > 0).length
  const parts = [
    `${all.length} ${all.length === 1 ? 'test' : 'tests'}: ${paint.good(`${count('passed')} passed`)}`,
    ...count('failed') > 0 ? [paint.error(`${count('failed')} failed`)] : [],
    ...count('skipped') > 0 ? [paint.warning(`${count('skipped')} skipped`)] : [],
    ...broken > 0 ? [paint.error(`${broken} ${broken === 1 ? 'file' : 'files'} with errors`)] : []
  ]
  const report = wantsCoverage ? [...coverage].map(([file, one]) => coverageText(file, one, paint)).join('') : ''
  return `${report}${parts.join(', ')} in ${took < 1_000 ? `${Math.round(took)} ms` : `${(took / 1_000).toFixed(1)} s`}\n`
}

function coverageText (file: string, { routes, totals }: Coverage, paint: Painter): string {
  const missing = routes.flatMap(({ route, requests, plugins }) => {
    if (requests === 0) return [[route, 'no request']]
    const gaps = plugins.flatMap(({ plugin, wanted, seen }) => [...wanted].filter(verdict => !seen.has(verdict)).map(verdict => `${plugin} never ${verdict === 'allowed' ? 'allows' : 'refuses'}`))
    return gaps.length === 0 ? [] : [[route, gaps.join(', ')]]
  })
  const width = Math.max(0, ...missing.slice(0, MOST).map(([route = '']) => route.length))
  const out = [
    `${paint.strong(`coverage of ${file}:`)} ${totals.percent} % (routes: ${totals.routes.covered} of ${totals.routes.total}, outcomes of plugins: ${totals.outcomes.covered} of ${totals.outcomes.total})`,
    ...missing.slice(0, MOST).map(([route = '', gaps]) => `  ${route.padEnd(width)}  ${gaps}`),
    ...missing.length > MOST ? [`  and ${missing.length - MOST} more`] : []
  ]
  return `${out.join('\n')}\n\n`
}
