import t from 'tap'
import { excerpt } from '../../src/cli/report/excerpt.ts'
import { Lines } from '../../src/config/yaml/lines.ts'

const same = (text: string): string => text
const show = (text: string, column: number, endColumn: number, mask = false): string[] =>
  excerpt(new Lines(text), { line: 1, column, endLine: 1, endColumn }, 1, same, same, mask).split('\n').slice(1)

t.test('carets stand under the place', async t => {
  t.same(show('a: bcd', 4, 7), ['1 | a: bcd', '  |    ^^^'])
})

t.test('an empty place has one caret', async t => {
  t.same(show('a:', 3, 3), ['1 | a:', '  |   ^'])
})

t.test('tabs and wide characters don\'t move the carets away', async t => {
  t.same(show('\ta: b', 5, 6), ['1 |   a: b', '  |      ^'])
  t.same(show('日本: b', 5, 6), ['1 | 日本: b', '  |       ^'])
})

t.test('control characters can\'t reach the terminal', async t => {
  t.same(show('a\x1b[31m\u202e: b', 9, 10), ['1 | a\ufffd[31m\ufffd: b', '  |         ^'])
})

t.test('a long line is cut around the place', async t => {
  const [line = '', carets = ''] = show(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, 501, 505)
  t.ok(line.length < 130)
  t.equal(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'HERE')
  t.match(line, /^1 \| …x+HEREy+…$/)
})

t.test('a secret is masked', async t => {
  t.same(show('a: secret # b', 4, 10, true), ['1 | a: ****** # b', '  |    ^^^^^^'])
})

t.test('a place of several lines is marked to the end of its first one', async t => {
  t.same(excerpt(new Lines('a: {\n}'), { line: 1, column: 4, endLine: 2, endColumn: 2 }, 1, same, same).split('\n').slice(1), ['1 | a: {', '  |    ^'])
})

t.test('a file of one line is gone through once, however many findings it has', async t => {
  const lines = new Lines('first: 1\npassword: canary\n')
  const asked: string[] = []
  const change = (line: string): string => {
    asked.push(line)
    return line.toUpperCase()
  }
  for (const number of [1, 1, 2, 2, 2, 1]) t.equal(lines.changed(number, change), number === 1 ? 'FIRST: 1' : 'PASSWORD: CANARY')
  t.same(asked, ['first: 1', 'password: canary', 'first: 1'])
  t.equal(lines.changed(1, same), 'first: 1', 'changed in another way')
  t.match(excerpt(lines, { line: 2, column: 1, endLine: 2, endColumn: 9 }, 1, same, same), 'password: ******')
})
