import t from 'tap'
import { compare, count, hasErrors } from '../../src/config/diagnostics.ts'
import type { Diagnostic, Severity } from '../../src/config/diagnostics.ts'
import { Lines } from '../../src/config/yaml/lines.ts'

function diagnostic (severity: Severity, line: number, column = 1, rule = 'x'): Diagnostic {
  return { rule, severity, file: 'f', range: { line, column, endLine: line, endColumn: column + 1 }, path: '', cause: 'c', mend: 'm' }
}

t.test('errors come before warnings, each in the order of the text', async t => {
  const list = [diagnostic('warning', 1), diagnostic('error', 3), diagnostic('error', 2, 5), diagnostic('error', 2, 4, 'z'), diagnostic('error', 2, 4, 'a')]
  t.strictSame(list.sort(compare).map(({ severity, range, rule }) => `${severity} ${range.line}:${range.column} ${rule}`), [
    'error 2:4 a', 'error 2:4 z', 'error 2:5 x', 'error 3:1 x', 'warning 1:1 x'
  ])
  t.equal(compare(diagnostic('error', 1), diagnostic('error', 1)), 0)
})

t.test('they are counted in words', async t => {
  const [error, warning] = [diagnostic('error', 1), diagnostic('warning', 1)]
  t.equal(count([]), 'no errors')
  t.equal(count([error]), '1 error')
  t.equal(count([error, error, warning]), '2 errors, 1 warning')
  t.equal(count([warning, warning]), '2 warnings')
})

t.test('a warning is no error', async t => {
  t.notOk(hasErrors([diagnostic('warning', 1)]))
  t.ok(hasErrors([diagnostic('warning', 1), diagnostic('error', 1)]))
})

t.test('offsets become lines and columns, whatever ends the lines', async t => {
  const lines = new Lines('ab\r\n\nc😀d')
  t.equal(lines.count, 3)
  t.strictSame([1, 2, 3, 4, 0].map(number => lines.line(number)), ['ab', '', 'c😀d', '', ''])
  t.strictSame(lines.range(0, 2), { line: 1, column: 1, endLine: 1, endColumn: 3 })
  t.strictSame(lines.range(5, 8), { line: 3, column: 1, endLine: 3, endColumn: 4 })
  t.strictSame(lines.range(1, 4), { line: 1, column: 2, endLine: 2, endColumn: 1 })
})
