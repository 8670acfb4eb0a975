import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readMarkdown } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

/** Rows of the tables of promises: what is promised, and the tests that are named for it. */
function promises (page: string): Array<{ promise: string, tests: string[] }> {
  return [...page.matchAll(/^\| promise \| held by \|\n\|[-|]+\|\n((?:\|.*\|\n)+)/gm)]
    .flatMap(([, rows = '']) => rows.trim().split('\n'))
    .map(row => row.split('|').slice(1, -1).map(cell => cell.trim()))
    .map(([promise = '', tests = '']) => ({ promise, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name) }))
}

const missing = (name: string): boolean => !/^test\/.+\.test\.ts$/.test(name) || !existsSync(join(packageRoot, name))

t.test('each promise of the threat model names tests that there are', async t => {
  const rows = promises(readMarkdown('docs/threat-model.md'))
  t.ok(rows.length >= 25, `${rows.length} promises`)
  for (const { promise, tests } of rows) {
    t.ok(tests.length > 0, `${promise}: a test`)
    t.same(tests.filter(missing), [], promise)
  }
})

t.test('a promise without a test, or with one that is gone, is noticed', async t => {
  const table = (cell: string): string => `| promise | held by |\n|---|---|\n| a | ${cell} |\n`
  t.same(promises(table('nobody')), [{ promise: 'a', tests: [] }])
  t.ok(promises(table('`test/e2e/gone.test.ts`')).flatMap(({ tests }) => tests).every(missing))
  t.ok(missing('src/index.ts'), 'a file that is no test')
})
