import t from 'tap'
import { get, startHop } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'
import { keepTimer, type TimedParser } from '../../src/proxy/calm-socket.ts'

function fakeParser (timer: TimedParser['timeout']): { parser: TimedParser, replaced: number[] } {
  const replaced: number[] = []
  const parser: TimedParser = { timeout: timer, timeoutValue: 1, timeoutType: 1, setTimeout: delay => { replaced.push(delay) } }
  keepTimer(parser)
  return { parser, replaced }
}

t.test('a coarse timer is told another time, and goes on', async t => {
  let refreshed = 0
  const timer = { _state: 0, _idleTimeout: 5, refresh: () => { refreshed++ } }
  const { parser, replaced } = fakeParser(timer)
  parser.setTimeout(60_000, 3)
  t.equal(parser.timeout, timer)
  t.equal(timer._idleTimeout, 60_000)
  t.strictSame([parser.timeoutValue, parser.timeoutType, refreshed], [60_000, 3, 1])
  t.strictSame(replaced, [])
})

t.test('where there is no such timer, or none is wanted, undici decides', async t => {
  for (const [timer, delay] of [[null, 1_000], [{ _idleTimeout: 5, refresh () {} }, 1_000], [{ _state: 0, _idleTimeout: 5, refresh () {} }, 0]] as const) {
    const { parser, replaced } = fakeParser(timer)
    parser.setTimeout(delay, 3)
    t.strictSame(replaced, [delay])
  }
})

t.test('an idle connection is closed before the upstream would, by its own word', async t => {
  const upstream = await rawUpstream(t, () => 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  const closed = new Promise<number>(resolve => {
    upstream.server.on('connection', socket => socket.on('close', () => resolve(performance.now())))
  })
  client.send(get())
  await client.answer()
  const answered = performance.now()
  const idle = await closed - answered
  t.ok(idle < 2_900, `${Math.round(idle)} ms`)
})
