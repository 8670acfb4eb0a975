import { PassThrough } from 'node:stream'
import t from 'tap'
import { relayLines } from '../../src/observability/relay-lines.ts'

t.test('lines of several sources stay whole, whatever pieces they come in', async t => {
  const pieces: string[] = []
  const to = { writeLines: (lines: Buffer) => { pieces.push(String(lines)) } }
  const [one, two] = [new PassThrough(), new PassThrough()]
  relayLines(one, to)
  relayLines(two, to)
  one.write('{"a":1}\n{"a"')
  two.write('{"b":1')
  one.write(':2')
  two.write('}\n')
  one.write('}\n{"a":3}\n')
  two.write('{"b":2}\n{"b":3')
  two.end()
  await new Promise(resolve => setImmediate(resolve))
  t.ok(pieces.every(piece => piece.endsWith('\n')))
  t.same(pieces.join('').split('\n').filter(line => line !== '').sort(), ['{"a":1}', '{"a":2}', '{"a":3}', '{"b":1}', '{"b":2}'], 'what was never finished is no line')
})
