import type { Problem, RunResult } from '../result.ts'

/** Test Anything Protocol, version 14: a subtest for each file. */
export function tapReport ({ files }: RunResult): string {
  const out = ['TAP version 14']
  for (const [index, { file, results, errors }] of files.entries()) {
    const failed = errors.length > 0 || results.some(({ status }) => status === 'failed')
    out.push(`# Subtest: ${escape(file)}`)
    for (const [number, { name, status, reason, took, problems }] of results.entries()) {
      const skip = status === 'skipped' ? ` # SKIP ${escape(reason ?? '')}` : ''
      out.push(`    ${status === 'failed' ? 'not ok' : 'ok'} ${number + 1} - ${escape(name)}${skip}${skip === '' ? ` # time=${Math.round(took)}ms` : ''}`)
      if (problems.length > 0) out.push(...details(problems, file).map(line => `      ${line}`))
    }
    out.push(`    1..${results.length}`, `${failed ? 'not ok' : 'ok'} ${index + 1} - ${escape(file)}`)
    if (errors.length > 0) {
      out.push('  ---', '  errors:', ...errors.flatMap(({ diagnostics }) => diagnostics.map(({ file, range, cause }) => `    - ${JSON.stringify(`${file}:${range.line}:${range.column}: ${cause}`)}`)), '  ...')
    }
  }
  out.push(`1..${files.length}`)
  return `${out.join('\n')}\n`
}

function details (problems: readonly Problem[], file: string): string[] {
  return ['---', 'problems:', ...problems.flatMap(({ message, range, step, why }) => [
    `  - message: ${JSON.stringify(message)}`,
    ...range === null ? [] : [`    at: ${JSON.stringify(`${file}:${range.line}:${range.column}`)}`],
    ...step === null ? [] : [`    step: ${JSON.stringify(step)}`],
    ...why.length === 0 ? [] : ['    why:', ...why.map(line => `      - ${JSON.stringify(line)}`)]
  ]), '...']
}

/** `#` begins a directive, and a test is one line. */
function escape (text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('#', '\\#').replace(/\s+/g, ' ')
}
