import type { FileResult, Problem, RunResult, TestResult } from '../result.ts'

/** JUnit's XML, as CI servers read it: a suite for each file. */
export function junitReport ({ files, took }: RunResult): string {
  const all = files.flatMap(({ results }) => results)
  const broken = files.reduce((sum, { errors }) => sum + errors.length, 0)
  const head = attributes({ tests: all.length + broken, failures: failures(all), errors: broken, time: seconds(took) })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${files.map(suite).join('')}</testsuites>\n`
}

function suite ({ file, results, errors }: FileResult): string {
  const took = results.reduce((sum, result) => sum + result.took, 0)
  const head = attributes({ name: file, tests: results.length + errors.length, failures: failures(results), errors: errors.length, skipped: results.filter(({ status }) => status === 'skipped').length, time: seconds(took) })
  const broken = errors.map(({ diagnostics }) => {
    const text = diagnostics.map(({ file, range, cause, mend }) => `${file}:${range.line}:${range.column}: ${cause}. ${mend}`).join('\n')
    return `    <testcase${attributes({ name: 'the file can be run', classname: file })}>\n      <error${attributes({ message: diagnostics[0]?.cause ?? '' })}>${escape(text)}</error>\n    </testcase>\n`
  })
  return `  <testsuite${head}>\n${broken.join('')}${results.map(result => testcase(result, file)).join('')}  </testsuite>\n`
}

function testcase ({ name, status, reason, range, took, problems }: TestResult, file: string): string {
  const head = attributes({ name, classname: file, file, ...range === null ? {} : { line: range.line }, time: seconds(took) })
  if (status === 'passed') return `    <testcase${head}/>\n`
  if (status === 'skipped') return `    <testcase${head}>\n      <skipped${attributes({ message: reason ?? '' })}/>\n    </testcase>\n`
  return `    <testcase${head}>\n${problems.map(problem => `      <failure${attributes({ message: problem.message })}>${escape(described(problem, file))}</failure>\n`).join('')}    </testcase>\n`
}

function described ({ range, step, message, why }: Problem, file: string): string {
  return [`${range === null ? '' : `${file}:${range.line}:${range.column}: `}${message}${step === null ? '' : ` (${step})`}`, ...why].join('\n')
}

function failures (results: readonly TestResult[]): number {
  return results.filter(({ status }) => status === 'failed').length
}

function seconds (milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3)
}

function attributes (values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) => ` ${name}="${escape(String(value))}"`).join('')
}

/** XML 1.0 has no place for most control characters, however they are written. */
function escape (text: string): string {
  return text
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\n', '&#10;')
}
