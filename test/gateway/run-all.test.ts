import t from 'tap'
import { runAll } from '../../src/gateway/run-all.ts'
import { recordingLog } from '../helpers/recording-log.ts'

t.test('each step runs after the one before, also when that failed, and failures are logged', async t => {
  const { log, lines } = recordingLog()
  const ran: string[] = []
  await runAll([
    async () => {
      await new Promise(resolve => setImmediate(resolve))
      ran.push('late')
      throw new Error('first')
    },
    () => {
      ran.push('at once')
      throw new Error('second')
    },
    () => ran.push('last')
  ], log)
  t.same(ran, ['late', 'at once', 'last'])
  t.equal(lines.length, 2)
})
